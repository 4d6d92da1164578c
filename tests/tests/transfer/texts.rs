//! Texts of any length arrive exactly, and are read like any text.

use std::io::{BufRead as _, BufReader};

use msg_tests::msg::{Done, Person};

use super::{MSG, friends, relay};

#[test]
fn a_long_text_is_shown_like_any_text_byte_for_byte() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let long: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    for text in [vec![b'x'; 60_001], long] {
        assert_eq!(alice.pipe(&["send", "bob"], &text).code, Some(0));
        let peeked = bob.run(&["recv", "--peek", "--raw"]);
        assert_eq!(peeked.stdout, text);
        let read = bob.run(&["recv", "--raw"]);
        assert!(read.stdout == text && read.code == Some(0), "{}", read.stderr);
    }
    let text = "wörter ".repeat(20_000);
    assert_eq!(alice.pipe(&["send", "bob"], text.as_bytes()).code, Some(0));
    assert_eq!(bob.read(), [text.as_str()]);
    for person in [&alice, &bob] {
        let shown = person.json(&["history", "-n", "1"]).remove(0);
        assert!(shown["body"] == text.as_str() && shown["kind"] == "text");
    }
    let id = bob.json(&["history", "-n", "1"]).remove(0)["id"].as_str().unwrap().to_owned();
    assert_eq!(
        alice.pipe(&["send", "bob", "--lines"], format!("a\n{text}\nb\n").as_bytes()).code,
        Some(0)
    );
    assert_eq!(bob.read(), ["a", text.as_str(), "b"]);
    let got = bob.run(&["get", &id, "-o", "-"]);
    assert_eq!(got.stdout, text.as_bytes());
}

#[test]
fn a_long_text_at_a_relay_that_is_away_stays_unread_and_holds_up_nobody() {
    let near = relay();
    let mut far = relay();
    let bob = Person::registered(MSG, "bob", &near);
    let alice = Person::registered(MSG, "alice", &far);
    for (who, other, relay) in [(&alice, &bob, &near), (&bob, &alice, &far)] {
        let address = format!("{}@{}", other.name, relay.link().relay);
        let pin = relay.link().pin.unwrap().to_string();
        who.done(&["add-contact", &address, "--pin", &pin, "--as", &other.name]);
    }
    alice.done(&["recv"]);
    bob.done(&["recv"]);
    let text = "long ".repeat(20_000);
    assert_eq!(alice.pipe(&["send", "bob"], text.as_bytes()).code, Some(0));
    alice.done(&["send", "bob", "short"]);
    far.kill();
    assert_eq!(bob.read(), ["short"]);
    let words = ["recv", "--follow", "--json", "-n", "1", "--timeout", "2m", "--verbose"];
    let mut following = bob.start(&words);
    // It has tried, in vain.
    let mut said = String::new();
    BufReader::new(following.stderr.take().unwrap()).read_line(&mut said).unwrap();
    far.restart();
    let done = Done::of(following.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.lines()[0]["body"] == text, "who follows tries again: {}", done.text());
}
