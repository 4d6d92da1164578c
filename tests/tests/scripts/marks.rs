//! `react`, `edit`, `delete` and `send --expire`.

use std::{thread, time::Duration};

use msg_tests::msg::Person;
use serde_json::Value;

use super::{field, friends, relay};

/// The message with that text in somebody's history.
fn kept(who: &Person, text: &str) -> Option<Value> {
    let lines = who.json(&["history", "-n", "1000"]);
    lines.into_iter().find(|line| field(line, "body") == text)
}

fn send(from: &Person, text: &str) -> String {
    field(&from.json(&["send", "bob", text])[0], "id").to_owned()
}

#[test]
fn another_text_takes_the_place_of_the_first_and_who_read_that_is_told() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let id = send(&alice, "at two");
    assert_eq!(bob.read(), ["at two"]);
    alice.done(&["edit", &id, "at three"]);
    let told = bob.json(&["recv"]);
    assert_eq!((field(&told[0], "kind"), field(&told[0], "body")), ("edit", "at three"));
    assert_eq!(field(&told[0], "target"), id);
    for who in [&alice, &bob] {
        assert_eq!(kept(who, "at three").unwrap()["edited"], true);
        assert_eq!(kept(who, "at two"), None);
        assert_eq!(who.json(&["history", "-n", "1000"]).len(), 1, "told of, and no message");
    }
    assert_eq!(bob.run(&["edit", &id, "never"]).code, Some(1), "it is not bob's");
}

#[test]
fn what_is_edited_or_deleted_before_it_is_read_is_seen_as_it_is_then() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let (one, two) = (send(&alice, "one"), send(&alice, "two"));
    alice.done(&["edit", &one, "first"]);
    alice.done(&["delete", &two]);
    assert_eq!(bob.read(), ["first"]);
}

/// A bug: msg went down over it.
#[test]
fn a_line_that_grows_past_its_message_is_refused_with_a_hint_and_stays() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let long = "x".repeat(18_000);
    let lines = [long.as_str(); 3].join("\n");
    let done = alice.pipe(&["send", "bob", "--lines"], lines.as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let came = bob.json(&["recv"]);
    let refused = alice.run(&["edit", field(&came[0], "id"), &"y".repeat(25_000)]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("hint: delete the line"), "{}", refused.stderr);
    assert_eq!(bob.json(&["recv"]), [] as [Value; 0]);
    assert_eq!(bob.json(&["history", "-n", "1000"]).len(), 3);
}

#[test]
fn a_deleted_text_is_gone_on_both_sides() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let id = send(&alice, "the wrong window");
    bob.done(&["recv"]);
    assert_eq!(bob.run(&["delete", &id]).code, Some(1), "it is not bob's");
    alice.done(&["delete", &id]);
    let shown = bob.done(&["recv"]);
    assert!(shown.contains("(deleted "), "{shown}");
    for who in [&alice, &bob] {
        assert_eq!(kept(who, "the wrong window"), None);
        assert!(who.done(&["history"]).contains("(deleted)"));
        assert!(!who.run(&["export"]).text().contains("window"));
    }
    let other = send(&alice, "and another");
    bob.done(&["recv"]);
    bob.done(&["delete", &other, "--here"]);
    assert_eq!((kept(&bob, "and another"), kept(&alice, "and another").is_some()), (None, true));
}

#[test]
fn a_sign_stands_at_the_message_on_both_sides() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let done = alice.pipe(&["send", "bob", "--lines"], b"one\ntwo\n");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let lines = bob.json(&["recv"]);
    let id = field(&lines[1], "id");
    bob.done(&["react", id, "👍"]);
    let told = alice.json(&["recv"]);
    assert_eq!((field(&told[0], "kind"), field(&told[0], "body")), ("reaction", "👍"));
    assert_eq!(kept(&alice, "two").unwrap()["reactions"][0]["by"], "bob");
    assert_eq!(kept(&bob, "two").unwrap()["reactions"][0]["by"], Value::Null);
    assert_eq!(kept(&alice, "one").unwrap()["reactions"], Value::Array(Vec::new()));
    bob.done(&["react", id, "--remove"]);
    alice.done(&["recv"]);
    assert_eq!(kept(&alice, "two").unwrap()["reactions"], Value::Array(Vec::new()));
    assert_eq!(bob.run(&["react", id, ""]).code, Some(2));
}

#[test]
fn a_message_goes_after_its_time_counted_from_reading() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    assert_eq!(alice.run(&["send", "bob", "--expire", "10ms", "x"]).code, Some(2));
    alice.done(&["send", "bob", "--expire", "2s", "code 4711"]);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(bob.read(), ["code 4711"], "nobody had read it");
    thread::sleep(Duration::from_secs(3));
    assert_eq!(bob.json(&["history"]).len(), 0);
    assert!(kept(&alice, "code 4711").is_some(), "alice has not heard that it was read");
    // The receipt leaves within a minute, and says when.
    bob.run_at(120, &["recv"]);
    alice.run_at(120, &["recv"]);
    let late = alice.run_at(180, &["history", "--json"]);
    assert_eq!((late.code, late.lines().len()), (Some(0), 0), "{}", late.stderr);
}
