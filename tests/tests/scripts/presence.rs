//! `who` and `ping`: told to contacts alone, and only by who wants it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use msg_tests::msg::Person;

use super::{MSG, field, friends, relay};

/// Somebody's msg that follows its mailbox: ended by the test.
struct Following(Child);

impl Following {
    fn start(who: &Person, other: &Person) -> Self {
        let words = ["recv", "--follow", "--json"];
        let mut child = who.command(&words).stdout(Stdio::piped()).spawn().unwrap();
        other.done(&["send", &who.name, "there?"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("there?"), "{line}");
        Self(child)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_contact_who_is_there_and_wants_to_be_seen_answers() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    bob.done(&["send", "alice", "hi"]);
    alice.done(&["recv"]);
    assert_eq!(alice.run(&["ping", "bob", "--timeout", "1s"]).code, Some(9), "nobody is there");
    let following = Following::start(&bob, &alice);
    let silent = alice.run(&["ping", "bob", "--timeout", "2s"]);
    assert_eq!(silent.code, Some(9), "not told without being chosen: {}", silent.stderr);
    bob.done(&["config", "presence", "on"]);
    let there = alice.json(&["ping", "bob", "--timeout", "30s"]);
    assert_eq!(there[0]["present"], true);
    let who = alice.json(&["who", "--timeout", "30s"]);
    assert_eq!((field(&who[0], "with"), &who[0]["present"]), ("bob", &true.into()));
    drop(following);
    let gone = alice.json(&["who", "--timeout", "1s"]);
    assert_eq!(gone[0]["present"], false);
    assert_eq!(bob.json(&["history", "-n", "99"]).len(), 2, "a ping is no message");
}

#[test]
fn a_stranger_learns_nothing() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    bob.done(&["config", "presence", "on"]);
    let _following = Following::start(&bob, &alice);
    let eve = Person::registered(MSG, "eve", &relay);
    eve.done(&["add-contact", "bob"]);
    assert_eq!(eve.run(&["ping", "bob", "--timeout", "2s"]).code, Some(9));
    assert_eq!(eve.json(&["who", "--timeout", "1s"])[0]["present"], false);
}
