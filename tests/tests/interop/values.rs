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
