//! Commands that are killed at any instant, on both sides: nothing that was confirmed
//! is lost, and nothing is shown again that a command has finished showing.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use msg_tests::{
    msg::{Done, Person, friends_at},
    nonces::Nonces,
    relay::Liar,
    seed,
    shown::Shown,
    soak::{self, Found, Row},
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::{MSG, relay};

/// Kills on each side.
const KILLS: u64 = 200;
/// Rounds for each of them at most: most commands do not live to their end.
const ROUNDS_A_KILL: u64 = 10;

/// Runs a command, and kills it unless it has ended by then.
fn killed(person: &Person, words: &[&str], longest: Duration, rng: &mut ChaCha20Rng) -> Done {
    let mut child = person.start(words);
    thread::sleep(longest.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX)));
    // It may have ended by itself.
    let _ = child.kill();
    Done::of(child.wait_with_output().unwrap())
}

#[test]
fn commands_that_are_killed_lose_nothing_and_repeat_nothing() {
    let relay = relay();
    let (liar, nonces) = (Liar::before(relay.endpoint()), Nonces::default());
    liar.lies(nonces.clone());
    let [alice, bob] = friends_at(MSG, liar.link(), ["alice", "bob"]);
    let base = soak::base(41);
    let (mut row, mut rng) = (Row::begin("client-kills", base), seed::rng(base));
    let (mut confirmed, mut shown) = (Vec::new(), Shown::default());
    let begin = Instant::now();
    alice.done(&["send", "bob", "whole"]);
    shown.take(&bob.run(&["recv", "--json"]));
    // A little more than a command takes, here and now.
    let longest = begin.elapsed().mul_f64(0.6);
    let kills = soak::times(KILLS);
    let (mut sends_killed, mut receives_killed, mut number) = (0, 0, 0);
    while sends_killed < kills || receives_killed < kills {
        assert!(number < kills * ROUNDS_A_KILL, "{sends_killed} and {receives_killed} killed");
        row.run(base);
        let text = format!("k{number}");
        number += 1;
        match killed(&alice, &["send", "bob", &text], longest, &mut rng).code {
            Some(0) => confirmed.push(text),
            Some(code) => panic!("it failed with {code} and was not killed"),
            None => sends_killed += 1,
        }
        let done = killed(&bob, &["recv", "--json"], longest, &mut rng);
        receives_killed += u64::from(done.code.is_none());
        assert!(matches!(done.code, None | Some(0)), "{}", done.text());
        shown.take(&done);
    }
    assert!(!confirmed.is_empty(), "some commands came to their end");
    alice.done(&["outbox", "retry"]);
    shown.take(&bob.run(&["recv", "--json"]));
    for text in &confirmed {
        assert!(shown.bodies.contains(text), "{text} was confirmed and never shown");
    }
    // What was killed early was never sent. Of two texts under one key, one would be
    // missing: what a key has opened once it opens no more.
    let stored = alice.json(&["history", "-n", "100000"]);
    let stored: BTreeSet<String> =
        stored.iter().map(|line| line["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(shown.bodies, stored, "what was stored was sent, and nothing else");
    alice.done(&["send", "bob", "and on it goes"]);
    bob.done(&["send", "alice", "both ways"]);
    assert_eq!(bob.read(), ["and on it goes"]);
    assert_eq!(alice.read(), ["both ways"]);
    assert_eq!((nonces.reused(), relay.panics()), (0, 0));
    row.holds(&Found {
        acknowledged: confirmed.len() as u64,
        lost: Some(0),
        twice: Some(0),
        keys_reused: Some(nonces.reused()),
        panics: Some(relay.panics()),
        note: format!("{sends_killed} sends and {receives_killed} receives killed"),
    });
}
