//! What the two implementations must work out alike, or open of each other's,
//! beside conversations.

use serde_json::json;

use crate::{
    pair::pair,
    peer::{BOTH_WAYS, bytes},
};

#[test]
fn safety_numbers_are_the_same_on_both_sides() {
    for seed in 0..4 {
        let [mut alice, mut bob] = pair(BOTH_WAYS[0], seed);
        let at_alice = alice.must(&json!({"op": "safety", "identity": bob.address.identity}));
        let at_bob = bob.must(&json!({"op": "safety", "identity": alice.address.identity}));
        assert_eq!(at_alice["number"], at_bob["number"]);
        let (a, b) = (bytes(&at_alice["qr"]), bytes(&at_bob["qr"]));
        assert_eq!((a.len(), b.len()), (65, 65));
        assert_eq!((&a[1..33], &a[33..]), (&b[33..], &b[1..33]));
    }
}

#[test]
fn credentials_are_derived_alike() {
    let [mut rust, mut python] = pair(BOTH_WAYS[0], 0);
    let hosts = ["relay.example", "192.0.2.1", "[2001:db8::1]"];
    let passwords = ["correct horse", "\u{fb01}ne \u{2163} caf\u{e9}", "\u{ff41}bcdefg\u{1f511}"];
    for (host, password) in hosts.into_iter().zip(passwords) {
        let command =
            json!({"op": "password", "password": password, "host": host, "name": "alice"});
        assert_eq!(rust.must(&command), python.must(&command), "{password}");
    }
    for password in ["seven 7".to_owned(), "x".repeat(1_025), "\u{fdfa}".repeat(57)] {
        let command = json!({"op": "password", "password": password, "host": "relay.example", "name": "alice"});
        rust.ask(&command).expect_err("not a password");
        python.ask(&command).expect_err("not a password");
    }
}
