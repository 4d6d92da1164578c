//! Commands that are killed at any instant, on both sides: nothing that was confirmed
//! is lost, and nothing is shown again that a command has finished showing.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Duration,
};

use msg_tests::{
    msg::{Done, Person},
    seed, soak,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use serde_json::Value;

use super::{friends, relay};

const ROUNDS: u64 = 200;
/// The longest that a command is left alone before it is killed.
const LONGEST_MS: u32 = 120;

/// What the reader was shown, as the one who reads the output saw it.
#[derive(Default)]
struct Shown {
    bodies: BTreeSet<String>,
    /// Ids of which a command has finished showing, or that were shown unfinished.
    finished: BTreeMap<String, bool>,
}

impl Shown {
    fn take(&mut self, done: &Done) {
        let is_finished = done.code == Some(0);
        let text = done.text();
        // A line that the kill has cut off was not shown.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for line in whole.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let id = line["id"].as_str().unwrap().to_owned();
            match self.finished.get(&id) {
                Some(true) => panic!("shown again: {line}"),
                Some(false) => assert_eq!(line["redelivered"], true, "{line}"),
                None => {}
            }
            self.bodies.insert(line["body"].as_str().unwrap().to_owned());
            self.finished.insert(id, is_finished);
        }
        let count = self.bodies.len();
        assert_eq!(self.finished.len(), count, "a text came under two ids");
    }
}

/// Runs a command, and kills it unless it has ended by then.
fn killed(person: &Person, words: &[&str], rng: &mut ChaCha20Rng) -> Done {
    let mut child = person.start(words);
    thread::sleep(Duration::from_millis(u64::from(rng.next_u32() % LONGEST_MS)));
    // It may have ended by itself.
    let _ = child.kill();
    Done::of(child.wait_with_output().unwrap())
}

#[test]
fn commands_that_are_killed_lose_nothing_and_repeat_nothing() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let mut rng = seed::rng(41);
    let (mut confirmed, mut shown) = (Vec::new(), Shown::default());
    let (mut sends_killed, mut receives_killed) = (0, 0);
    for number in 0..soak::times(ROUNDS) {
        let text = format!("k{number}");
        match killed(&alice, &["send", "bob", &text], &mut rng).code {
            Some(0) => confirmed.push(text),
            Some(code) => panic!("it failed with {code} and was not killed"),
            None => sends_killed += 1,
        }
        let done = killed(&bob, &["recv", "--json"], &mut rng);
        receives_killed += u64::from(done.code.is_none());
        assert!(matches!(done.code, None | Some(0)), "{}", done.text());
        shown.take(&done);
    }
    assert!(sends_killed > 0 && receives_killed > 0 && !confirmed.is_empty(), "all of it happened");
    alice.done(&["outbox", "retry"]);
    shown.take(&bob.run(&["recv", "--json"]));
    for text in &confirmed {
        assert!(shown.bodies.contains(text), "{text} was confirmed and never shown");
    }
    alice.done(&["send", "bob", "and on it goes"]);
    bob.done(&["send", "alice", "both ways"]);
    assert_eq!(bob.read(), ["and on it goes"]);
    assert_eq!(alice.read(), ["both ways"]);
    eprintln!("{sends_killed} sends and {receives_killed} receives were killed");
}
