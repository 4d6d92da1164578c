//! What nobody is to have any more does not stay at the relay.

use std::process::Command;

use msg_tests::{
    msg::{Person, befriend},
    relay::RelayProcess,
};
use serde_json::Value;

use super::{MSG, folder, names, random_file, relay};

/// Blobs that a relay holds of an account.
fn blobs(relay: &RelayProcess, name: &str) -> u64 {
    let show = Command::new(env!("CARGO_BIN_EXE_relay"))
        .args(["users", "show", name, "--json", "--data"])
        .arg(relay.data())
        .output()
        .unwrap();
    let said = String::from_utf8(show.stdout).unwrap();
    let line: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    line["blobs"].as_u64().unwrap()
}

/// Alice and bob at a relay each; bob's is away from now on.
fn apart() -> ([RelayProcess; 2], [Person; 2]) {
    let mut relays = [relay(), relay()];
    let people =
        [Person::registered(MSG, "alice", &relays[0]), Person::registered(MSG, "bob", &relays[1])];
    for (who, whom) in [(0, 1), (1, 0)] {
        let link = relays[whom].link();
        let address = format!("{}@{}", people[whom].name, link.relay);
        let pin = link.pin.unwrap().to_string();
        people[who].done(&["add-contact", &address, "--pin", &pin, "--as", &people[whom].name]);
    }
    people[0].done(&["recv"]);
    people[1].done(&["recv"]);
    people[0].done(&["send", "bob", "hello"]);
    people[1].done(&["recv"]);
    relays[1].kill();
    (relays, people)
}

#[test]
fn a_file_that_is_cancelled_or_deleted_before_it_left_goes_from_the_relay() {
    let ([near, _far], [alice, _bob]) = apart();
    let from = folder();
    let file = random_file(&from.path().join("a.bin"), 200_000);
    for word in [&["outbox", "cancel"][..], &["delete"]] {
        let done = alice.run(&["send", "bob", "--file", file.to_str().unwrap(), "--json"]);
        assert_eq!(done.code, Some(4), "{}", done.stderr);
        assert_eq!(blobs(&near, "alice"), 1);
        let id = done.lines()[0]["id"].as_str().unwrap().to_owned();
        let done = alice.run(&[word, &[id.as_str()]].concat());
        assert!(matches!(done.code, Some(0 | 4)), "{word:?}: {}", done.stderr);
        alice.done(&["recv"]);
        assert_eq!(blobs(&near, "alice"), 0, "{word:?}");
        assert_eq!(names(&alice.home().join("msg/default/files")), [""; 0], "{word:?}");
    }
}

#[test]
fn a_file_that_somebody_else_still_waits_for_stays() {
    let near = relay();
    let people = ["alice", "bob"].map(|name| Person::registered(MSG, name, &near));
    befriend(&people);
    let [alice, bob] = &people;
    let file = alice.pipe(&["send", "bob", "--file", "-", "--json"], b"data");
    let id = file.lines()[0]["id"].as_str().unwrap().to_owned();
    // It is with bob's relay: he may have it already.
    let done = alice.run(&["outbox", "cancel", &id]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    alice.done(&["recv"]);
    assert_eq!(blobs(&near, "alice"), 1);
    let message = super::received(bob);
    assert_eq!(bob.run(&["get", super::id(&message), "-o", "-"]).stdout, b"data");
    alice.done(&["delete", &id]);
    alice.done(&["recv"]);
    assert_eq!(blobs(&near, "alice"), 0, "deleted for everybody");
}
