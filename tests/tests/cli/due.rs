//! What is due leaves with whatever command comes next: messages that a relay did not
//! take, and confirmations. There is no daemon that would see to it.

use std::{
    io::{BufRead as _, BufReader},
    time::{Duration, Instant},
};

use msg_tests::msg::Done;
use rustix::process::Signal;

use super::{friends, relay};

/// Seconds that are longer than a message waits before a relay is tried again.
const LATER_S: i64 = 60;
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn what_a_relay_did_not_take_leaves_with_any_command_that_is_online() {
    for words in [&["recv"][..], &["status"]] {
        let mut relay = relay();
        let [alice, bob] = friends(&relay);
        relay.kill();
        assert_eq!(alice.run(&["send", "bob", "later"]).code, Some(4));
        relay.restart();
        let done = alice.run_at(LATER_S, words);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(bob.read(), ["later"], "{words:?}");
    }
}

#[test]
fn who_waits_is_told_of_delivery_by_a_recipient_who_only_looks_now_and_then() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let waiting = alice.start(&["send", "bob", "there?", "--wait", "delivered", "--timeout", "1m"]);
    let (mut got, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    while got.is_empty() {
        assert!(Instant::now() < deadline, "nothing comes");
        got = bob.read();
    }
    let done = Done::of(waiting.wait_with_output().unwrap());
    assert_eq!((done.code, got), (Some(0), vec!["there?".to_owned()]), "{}", done.stderr);
}

#[test]
fn status_asks_the_relay_itself_while_another_command_collects() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let mut following = alice.start(&["recv", "--follow", "--json"]);
    bob.done(&["send", "alice", "there?"]);
    let mut line = String::new();
    BufReader::new(following.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("there?"), "{line}");
    assert_eq!(alice.json(&["status"])[0]["reachable"], true);
    relay.signal(Signal::STOP);
    let frozen = alice.run(&["status", "--json"]);
    relay.signal(Signal::CONT);
    following.kill().unwrap();
    following.wait().unwrap();
    assert_eq!(frozen.code, Some(4), "{}{}", frozen.text(), frozen.stderr);
    assert_eq!(frozen.lines()[0]["reachable"], false);
}
