//! `--idempotency-key`: once, however often and by how many it is tried.

use std::collections::BTreeSet;

use msg_tests::msg::Done;

use super::{field, friends, relay};

/// Seven days and an hour.
const OVER_S: i64 = (7 * 24 + 1) * 3_600;

#[test]
fn the_same_key_sends_once_and_reports_the_first_result() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let words = ["send", "bob", "--idempotency-key", "backup-1", "backup is done"];
    let first = alice.json(&words);
    let again = alice.json(&words);
    assert_eq!((&first[0]["repeated"], &again[0]["repeated"]), (&false.into(), &true.into()));
    assert_eq!(field(&first[0], "id"), field(&again[0], "id"));
    assert_eq!(field(&again[0], "level"), "relay");
    assert_eq!(bob.read(), ["backup is done"]);
    alice.done(&["recv"]);
    let later = alice.json(&["send", "bob", "--idempotency-key", "backup-1", "another text"]);
    assert_eq!(field(&later[0], "id"), field(&first[0], "id"));
    assert_eq!(bob.read(), [""; 0]);
}

#[test]
fn twenty_at_once_under_one_key_send_one_message() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let words = ["send", "bob", "--json", "--idempotency-key", "k", "once"];
    let running: Vec<_> = (0..20).map(|_| alice.start(&words)).collect();
    let mut ids = BTreeSet::new();
    for child in running {
        let done = Done::of(child.wait_with_output().unwrap());
        assert_eq!(done.code, Some(0), "{}{}", done.text(), done.stderr);
        ids.insert(field(&done.lines()[0], "id").to_owned());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(bob.read(), ["once"]);
}

#[test]
fn a_send_that_met_no_relay_is_taken_up_under_its_key() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    let words = ["send", "bob", "--idempotency-key", "k", "later"];
    relay.kill();
    assert_eq!(alice.run(&words).code, Some(4));
    relay.restart();
    alice.done(&["outbox", "retry"]);
    assert_eq!(alice.run(&words).code, Some(0));
    assert_eq!(bob.read(), ["later"]);
}

#[test]
fn a_key_is_for_the_same_people_and_for_seven_days() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let send = |to: &str| ["send", to, "--idempotency-key", "k", "hi"].map(str::to_owned);
    alice.done(&send("bob"));
    let other = alice.run(&send("carol"));
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    assert!(other.stderr.contains("bob"), "{}", other.stderr);
    assert_eq!(alice.run(&["send", "bob", "--idempotency-key", "", "hi"]).code, Some(2));
    assert_eq!(alice.run_at(OVER_S, &send("bob")).code, Some(0));
    assert_eq!(bob.read(), ["hi", "hi"]);
}

#[test]
fn nobody_is_reached_twice_when_one_of_two_was_unknown() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let words = ["send", "bob,carol", "--idempotency-key", "k", "hi"];
    assert_eq!(alice.run(&words).code, Some(5));
    let carol = super::Person::registered(super::MSG, "carol", &relay);
    alice.done(&["add-contact", "carol"]);
    carol.done(&["add-contact", "alice"]);
    assert_eq!(alice.run(&words).code, Some(0));
    assert_eq!((bob.read(), carol.read()), (vec!["hi".to_owned()], vec!["hi".to_owned()]));
}
