//! What the two implementations must work out alike, or open of each other's,
//! beside conversations.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    dice::Dice,
    pair::pair,
    peer::{BOTH_WAYS, bytes},
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

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

#[test]
fn files_sealed_by_one_open_at_the_other() {
    let mut dice = Dice::new(40);
    for languages in BOTH_WAYS {
        let [mut sender, mut receiver] = pair(languages, 0);
        for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_001] {
            let data = HEXLOWER.encode(&dice.bytes(length));
            let mut file = sender.must(&json!({"op": "upload", "key": KEY, "data": data}));
            file["op"] = "download".into();
            file["key"] = KEY.into();
            assert_eq!(receiver.must(&file)["data"], data);
            for wrong in forged(&file, &mut dice) {
                receiver.ask(&wrong).expect_err("a file that the message does not describe");
            }
        }
    }
}

/// The file with one thing wrong in each, as a relay or a sender could have it.
fn forged(file: &Value, dice: &mut Dice) -> Vec<Value> {
    let payload = bytes(&file["payload"]);
    let mut flipped = payload.clone();
    flipped[dice.below(payload.len())] ^= 1;
    let longer = [payload.as_slice(), &[0]].concat();
    let shorter = &payload[..payload.len() - 1];
    let with_payload = |payload: &[u8]| {
        let mut wrong = with(file, "payload", &HEXLOWER.encode(payload).into());
        wrong["sha256"] = HEXLOWER.encode(&Sha256::digest(payload)).into();
        wrong
    };
    let mut wrong: Vec<Value> =
        [flipped.as_slice(), &longer, shorter].into_iter().map(with_payload).collect();
    wrong.push(with(file, "key", &"ff".repeat(32).into()));
    wrong.push(with(file, "sha256", &"00".repeat(32).into()));
    wrong.push(with(file, "padded", &(file["padded"].as_u64().unwrap() + 2_048).into()));
    wrong
}

fn with(file: &Value, name: &str, value: &Value) -> Value {
    let mut wrong = file.clone();
    wrong[name] = value.clone();
    wrong
}

#[test]
fn rows_sealed_by_one_open_at_the_other_and_nowhere_else() {
    for languages in BOTH_WAYS {
        let [mut writer, mut reader] = pair(languages, 0);
        let row = |op: &str, table: &str, generation: u64, value: &Value| {
            json!({
                "op": op, "key": KEY, "table": table, "row": "0102",
                "generation": generation, "value": value,
            })
        };
        for value in ["", "00", "ffffffff"] {
            let sealed = writer.must(&row("row_seal", "inbox", 7, &json!(value)));
            let open = |table, generation| row("row_open", table, generation, &sealed["value"]);
            assert_eq!(reader.must(&open("inbox", 7))["value"], value);
            reader.ask(&open("inbox", 8)).expect_err("another generation");
            reader.ask(&open("outbox", 7)).expect_err("another table");
        }
    }
}

#[test]
fn a_data_key_wrapped_by_one_unwraps_at_the_other() {
    let password = json!({"password": "\u{2163} horses and more"});
    let (same, other) =
        (json!({"password": "IV horses and more"}), json!({"password": "V horses and more"}));
    let (file, other_file) = (json!({"key": "11".repeat(32)}), json!({"key": "12".repeat(32)}));
    for languages in BOTH_WAYS {
        let [mut writer, mut reader] = pair(languages, 0);
        for (secret, same, other) in [(&password, &same, &other), (&file, &file, &other_file)] {
            let wrapped = writer.must(&json!({"op": "wrap", "secret": secret, "value": KEY}));
            let unwrap = |secret: &Value| json!({"op": "unwrap", "secret": secret, "value": wrapped["value"]});
            assert_eq!(reader.must(&unwrap(same)), writer.must(&unwrap(secret)));
            reader.ask(&unwrap(other)).expect_err("another secret");
        }
    }
}
