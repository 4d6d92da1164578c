//! A client's store is copied back again and again, with something else between the
//! copy and its return each time: what was told to be on its way comes, nobody else
//! is shown anything twice, and no key seals two texts.

use std::collections::BTreeSet;

use msg_tests::{
    msg::{Person, friends_at},
    nonces::Nonces,
    relay::Liar,
    seed,
    soak::{self, Found, Row},
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::{
    MSG, relay,
    setbacks::{copied, set_back},
};

const TRIALS: u64 = 4;
/// Trials with the same two people.
const TOGETHER: u64 = 20;
/// Commands that run anyway, on each side, until everything has come.
const ROUNDS: usize = 8;

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

    fn has_all_of(&self, other: &Self) -> bool {
        let shown: BTreeSet<_> = self.shown.iter().collect();
        other.sent.iter().all(|text| shown.contains(text))
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

/// Commands that run anyway, until everything has come.
fn settle(sides: &mut [Side; 2]) {
    for _ in 0..ROUNDS {
        for side in &mut *sides {
            side.person.done(&["outbox", "retry"]);
            side.read();
        }
        if sides[0].has_all_of(&sides[1]) && sides[1].has_all_of(&sides[0]) {
            return;
        }
    }
    let missing = |to: &Side, of: &Side| -> Vec<String> {
        of.sent.iter().filter(|text| !to.shown.contains(text)).cloned().collect()
    };
    let [one, other] = sides;
    panic!("alice misses {:?}, bob misses {:?}", missing(one, other), missing(other, one));
}

/// Alice's store is copied, both go on, and the copy comes back.
fn trial(sides: &mut [Side; 2], trial: u64, rng: &mut ChaCha20Rng) {
    talk(sides, &format!("{trial} before"), 2, rng);
    let copy = copied(&sides[0].person);
    talk(sides, &format!("{trial} gone"), 4, rng);
    set_back(&sides[0].person, &copy);
    let [alice, bob] = sides;
    if rng.next_u32().is_multiple_of(2) {
        alice.send(&bob.person, format!("{trial} unnoticed"));
    }
    if rng.next_u32().is_multiple_of(2) {
        bob.send(&alice.person, format!("{trial} to a store that has gone"));
    }
    settle(sides);
    talk(sides, &format!("{trial} after"), 2, rng);
    settle(sides);
}

#[test]
fn a_store_copied_back_again_and_again_loses_nothing_and_reuses_no_key() {
    let base = soak::base(43);
    let (mut row, mut rng) = (Row::begin("rollbacks", base), seed::rng(base));
    let (mut sent, mut reused, mut panics, mut envelopes) = (0, 0, 0, 0);
    let trials = soak::times(TRIALS);
    while row.runs() < trials {
        let relay = relay();
        let (liar, nonces) = (Liar::before(relay.endpoint()), Nonces::default());
        liar.lies(nonces.clone());
        let people = friends_at(MSG, liar.link(), ["alice", "bob"]);
        let mut sides = people.map(|person| Side { person, sent: Vec::new(), shown: Vec::new() });
        for number in 0..TOGETHER.min(trials - row.runs()) {
            row.run(base);
            trial(&mut sides, number, &mut rng);
        }
        let [alice, bob] = &sides;
        // The copy knows nothing of what came after it: alice may be told so once more.
        let once: BTreeSet<_> = bob.shown.iter().collect();
        assert_eq!(once.len(), bob.shown.len(), "{:?}", bob.shown);
        let known: BTreeSet<_> = alice.sent.iter().collect();
        assert!(once.is_subset(&known), "nobody sent that");
        sent += (alice.sent.len() + bob.sent.len()) as u64;
        reused += nonces.reused();
        panics += relay.panics();
        envelopes += nonces.count();
    }
    assert_eq!((reused, panics), (0, 0));
    row.holds(&Found {
        acknowledged: sent,
        lost: Some(0),
        twice: Some(0),
        keys_reused: Some(reused),
        panics: Some(panics),
        note: format!("{envelopes} envelopes"),
    });
}
