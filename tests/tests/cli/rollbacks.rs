//! A client's store is copied back, with something else between the copy and its
//! return each time: what was told to be on its way comes, nobody else is shown
//! anything twice, and no key seals two texts.
//!
//! A copy that nothing gives away, because its device has not signed in since, seals
//! what cannot be opened; that comes a day later, in another session.

use std::collections::BTreeSet;

use msg_tests::{
    msg::{Person, friends_at},
    nonces::Nonces,
    relay::Liar,
    soak::{self, Found, Row},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::{
    MSG, relay,
    setbacks::{copied, set_back},
};

const TRIALS: u64 = 4;
/// Commands that run anyway, on each side, at once and days later.
const ROUNDS: [(usize, i64); 3] = [(3, 0), (3, 2), (3, 4)];
const DAY_S: i64 = 86_400;

/// One of the two: what they told us to be on its way, and what they were shown.
struct Side {
    person: Person,
    sent: Vec<String>,
    shown: Vec<String>,
}

impl Side {
    fn send(&mut self, to: &Person, text: String) {
        self.person.done(&["send", &to.name, &text]);
        self.sent.push(text);
    }

    fn read(&mut self) {
        self.shown.extend(self.person.read());
    }

    /// What they do anyway, so many days later.
    fn go_on(&mut self, days: i64) {
        if days == 0 {
            self.person.done(&["outbox", "retry"]);
            return self.read();
        }
        for words in [["outbox", "retry"], ["recv", "--json"]] {
            let done = self.person.run_at(days * DAY_S, &words);
            assert_eq!(done.code, Some(0), "{}", done.stderr);
            let lines = if words[0] == "recv" { done.lines() } else { Vec::new() };
            let bodies = lines.iter().filter_map(|line| line["body"].as_str());
            self.shown.extend(bodies.map(str::to_owned));
        }
    }

    fn misses(&self, other: &Self) -> Vec<String> {
        other.sent.iter().filter(|text| !self.shown.contains(text)).cloned().collect()
    }
}

/// Some messages each way, some of them read.
fn talk(sides: &mut [Side; 2], what: &str, most: u32, rng: &mut ChaCha20Rng) {
    for number in 0..rng.next_u32() % (most + 1) {
        let [one, other] = sides;
        if rng.next_u32().is_multiple_of(2) {
            one.send(&other.person, format!("{what} {number} there"));
        } else {
            other.send(&one.person, format!("{what} {number} back"));
        }
        match rng.next_u32() % 4 {
            0 => sides[0].read(),
            1 => sides[1].read(),
            _ => {}
        }
    }
}

/// Lets them go on until everything has come, for so many of the rounds; gives
/// whether it has.
fn settle(sides: &mut [Side; 2], rounds: &[(usize, i64)]) -> bool {
    for &(rounds, days) in rounds {
        for _ in 0..rounds {
            for side in &mut *sides {
                side.go_on(days);
            }
            let [one, other] = &*sides;
            if one.misses(other).is_empty() && other.misses(one).is_empty() {
                return true;
            }
        }
    }
    false
}

/// Alice's store is copied, both go on, and the copy comes back; gives whether all
/// came without waiting for days.
fn trial(sides: &mut [Side; 2], rng: &mut ChaCha20Rng) -> bool {
    talk(sides, "before", 2, rng);
    let copy = copied(&sides[0].person);
    talk(sides, "gone", 4, rng);
    set_back(&sides[0].person, &copy);
    let [alice, bob] = sides;
    if rng.next_u32().is_multiple_of(2) {
        alice.send(&bob.person, "unnoticed".to_owned());
    }
    if rng.next_u32().is_multiple_of(2) {
        bob.send(&alice.person, "to a store that has gone".to_owned());
    }
    settle(sides, &ROUNDS[..1]);
    talk(sides, "after", 2, rng);
    let at_once = settle(sides, &ROUNDS[..1]);
    if !at_once && !settle(sides, &ROUNDS[1..]) {
        let [alice, bob] = &*sides;
        panic!("alice misses {:?}, bob misses {:?}", alice.misses(bob), bob.misses(alice));
    }
    at_once
}

#[test]
fn a_store_copied_back_loses_nothing_that_was_confirmed_and_reuses_no_key() {
    let seeds = soak::seeds(TRIALS);
    let mut row = Row::begin("rollbacks", seeds.start);
    let relay = relay();
    let (liar, nonces) = (Liar::before(relay.endpoint()), Nonces::default());
    liar.lies(nonces.clone());
    let (mut sent, mut later) = (0, 0_u64);
    for seed in seeds {
        row.run(seed);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        // Names have to differ on one relay.
        let names = ["alice", "bob"].map(|name| format!("{name}-{seed}"));
        let people = friends_at(MSG, liar.link(), [names[0].as_str(), names[1].as_str()]);
        let mut sides = people.map(|person| Side { person, sent: Vec::new(), shown: Vec::new() });
        later += u64::from(!trial(&mut sides, &mut rng));
        let [alice, bob] = &sides;
        // The copy knows nothing of what came after it: alice may be told so once more.
        let once: BTreeSet<_> = bob.shown.iter().collect();
        assert_eq!(once.len(), bob.shown.len(), "seed {seed}: {:?}", bob.shown);
        let known: BTreeSet<_> = alice.sent.iter().collect();
        assert!(once.is_subset(&known), "seed {seed}: nobody sent that");
        sent += (alice.sent.len() + bob.sent.len()) as u64;
    }
    assert_eq!((nonces.reused(), relay.panics()), (0, 0));
    row.holds(&Found {
        acknowledged: sent,
        lost: Some(0),
        twice: Some(0),
        keys_reused: Some(nonces.reused()),
        panics: Some(relay.panics()),
        note: format!("{} envelopes; {later} trials healed a day later", nonces.count()),
    });
}
