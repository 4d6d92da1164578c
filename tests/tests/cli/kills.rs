//! Commands that are killed at any instant, on both sides: nothing that was confirmed
//! is lost, and nothing is shown again that a command has finished showing.

use std::collections::BTreeSet;

use msg_tests::{
    msg::{Done, Person, friends_at},
    seed,
    soak::{self, Row},
};
use rand_chacha::ChaCha20Rng;

use super::{
    MSG,
    pair::{Pair, Watched, killed},
};

/// Kills on each side.
const KILLS: u64 = 200;
/// Rounds for each of them at most: most commands do not live to their end.
const ROUNDS_A_KILL: u64 = 10;

/// Runs a command, and kills it unless it has ended by then.
fn cut_off(person: &Person, words: &[&str], pair: &Pair<'_>, rng: &mut ChaCha20Rng) -> Done {
    let child = person.start(words);
    pair.pause(rng);
    killed(child)
}

#[test]
fn commands_that_are_killed_lose_nothing_and_repeat_nothing() {
    let relay = Watched::new();
    let people = friends_at(MSG, relay.link(), ["alice", "bob"]);
    let base = soak::base(41);
    let (mut row, mut rng) = (Row::begin("client-kills", base), seed::rng(base));
    let mut pair = Pair::of(&people);
    let kills = soak::times(KILLS);
    let (mut sends_killed, mut receives_killed, mut number) = (0, 0, 0);
    while sends_killed < kills || receives_killed < kills {
        assert!(number < kills * ROUNDS_A_KILL, "{sends_killed} and {receives_killed} killed");
        row.run(base);
        let text = format!("k{number}");
        number += 1;
        match cut_off(pair.alice, &["send", "bob", &text], &pair, &mut rng).code {
            Some(0) => pair.confirmed.push(text),
            Some(code) => panic!("it failed with {code} and was not killed"),
            None => sends_killed += 1,
        }
        let done = cut_off(pair.bob, &["recv", "--json"], &pair, &mut rng);
        receives_killed += u64::from(done.code.is_none());
        assert!(matches!(done.code, None | Some(0)), "{}", done.text());
        pair.shown.take(&done);
    }
    assert!(!pair.confirmed.is_empty(), "some commands came to their end");
    pair.has_all();
    // What was killed early was never sent. Of two texts under one key, one would be
    // missing: what a key has opened once it opens no more.
    let stored = pair.alice.json(&["history", "-n", "100000"]);
    let stored: BTreeSet<String> =
        stored.iter().map(|line| line["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(pair.shown.bodies, stored, "what was stored was sent, and nothing else");
    pair.goes_on();
    let note = format!("{sends_killed} sends and {receives_killed} receives killed");
    row.holds(&relay.found(&pair, note));
}
