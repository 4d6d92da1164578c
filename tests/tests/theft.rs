//! A state is stolen, and all traffic is read: which messages the thief opens,
//! before and after, and when the session has healed.
//!
//! The thief is `msg_tests::adversary::Eavesdropper`. In each story some messages
//! are his: that shows that he can open what he has keys for.

#![cfg(test)]

use msg_crypto::{
    Session,
    limits::SKIPPED_KEY_DAYS,
    session::{Sealed, pair::PeerSessions},
};
use msg_protocol::time::UnixSeconds;
use msg_tests::{
    adversary::{
        Eavesdropper, Keyring, State,
        wire::{Wire, advance},
    },
    party::{NOW, Party, reopen},
    recorder::Recorder,
    seed::rng,
    soak::seeds,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// A conversation whose randomness is recorded and whose traffic is read.
struct Story {
    rng: Recorder,
    alice: Session,
    bob: Session,
    traffic: Vec<Sealed>,
}

impl Story {
    fn new(seed: u64) -> Self {
        let rng: &mut ChaCha20Rng = &mut rng(seed);
        let alice = Party::sparing("alice", 1, rng);
        let mut bob = Party::sparing("bob", 1, rng);
        let (alice, bob) = alice.established(&mut bob, rng);
        Self { rng: Recorder::of(rng.clone()), alice, bob, traffic: Vec::new() }
    }

    /// Alice sends a message, which Bob opens; its number.
    fn alice_sends(&mut self) -> usize {
        let sealed = self.alice.seal(b"from alice", &mut self.rng).unwrap();
        assert!(self.bob.open(sealed.kind, &sealed.body, NOW).is_ok());
        self.traffic.push(sealed);
        self.traffic.len() - 1
    }

    /// Bob sends a message, which Alice opens; its number.
    fn bob_sends(&mut self) -> usize {
        let sealed = self.bob.seal(b"from bob", &mut self.rng).unwrap();
        assert!(self.alice.open(sealed.kind, &sealed.body, NOW).is_ok());
        self.traffic.push(sealed);
        self.traffic.len() - 1
    }

    /// The numbers of the messages that a thief opens, with every try he likes.
    fn opened_by(&self, mut thief: Eavesdropper) -> Vec<usize> {
        let mut opened = Vec::new();
        for _ in 0..3 {
            for (number, sealed) in self.traffic.iter().enumerate() {
                if !opened.contains(&number) && thief.open(sealed.kind, &sealed.body).is_some() {
                    opened.push(number);
                }
            }
        }
        opened.sort_unstable();
        opened
    }

    /// The numbers of the messages that the product's own code opens with a stolen
    /// archive.
    fn opened_by_archive(&self, stolen: &[u8]) -> Vec<usize> {
        let mut thief = Session::restore(stolen).unwrap();
        let opens = |(number, sealed): (usize, &Sealed)| {
            thief.open(sealed.kind, &sealed.body, NOW).is_ok().then_some(number)
        };
        self.traffic.iter().enumerate().filter_map(opens).collect()
    }
}

#[test]
fn what_was_sent_before_the_theft_stays_secret() {
    let mut story = Story::new(1);
    for _ in 0..4 {
        story.alice_sends();
        story.alice_sends();
        story.bob_sends();
        story.bob_sends();
    }
    for stolen in [&story.alice, &story.bob] {
        let thief = Eavesdropper::with(State::of(stolen), Keyring::default());
        assert!(story.opened_by(thief).is_empty());
        assert!(story.opened_by_archive(stolen.archive().as_bytes()).is_empty());
    }
}

/// The same without a guess at what the bytes of the archive mean: all 32 bytes in
/// a row may be a message key, or a chain key of a message a few places on.
#[test]
fn no_bytes_of_a_stolen_archive_open_what_was_sent_before() {
    let mut story = Story::new(2);
    story.alice_sends();
    story.bob_sends();
    story.bob_sends();
    story.alice_sends();
    story.bob_sends();
    let waiting = story.bob.seal(b"under way", &mut story.rng).unwrap();
    let archive = story.alice.archive();
    assert_eq!(keys_for(&waiting, archive.as_bytes()), 1, "what is under way, the thief opens");
    for sealed in &story.traffic {
        for session in [&story.alice, &story.bob] {
            assert_eq!(keys_for(sealed, session.archive().as_bytes()), 0);
        }
    }
}

/// How many rows of 32 bytes in `archive` open a message, as a message key or as a
/// chain key up to two places before.
fn keys_for(sealed: &Sealed, archive: &[u8]) -> usize {
    let wire = Wire::cut(sealed.kind, sealed.body.as_bytes());
    let th2 = archive[1..33].try_into().unwrap();
    let opens = |row: &&[u8]| {
        let mut chain: [u8; 32] = (*row).try_into().unwrap();
        let mut keys = vec![chain];
        for _ in 0..3 {
            let (message_key, next) = advance(&chain);
            keys.push(message_key);
            chain = next;
        }
        keys.iter().any(|key| wire.content(key, th2).is_some())
    };
    archive.windows(32).filter(opens).count()
}

#[test]
fn a_thief_of_the_state_is_shut_out_after_one_round_trip() {
    let mut story = Story::new(3);
    story.alice_sends();
    story.bob_sends();
    story.alice_sends();
    let stolen = story.alice.archive();

    // Both of these are made of what Alice had: her chain, and her private keys.
    let mut known = vec![story.alice_sends()];
    known.extend([story.bob_sends(), story.bob_sends()]);
    // From here on she has made a step that he does not know.
    for _ in 0..5 {
        story.alice_sends();
        story.bob_sends();
    }
    assert_eq!(
        story.opened_by(Eavesdropper::with(State::read(stolen.as_bytes()), Keyring::default())),
        known
    );
    assert_eq!(story.opened_by_archive(stolen.as_bytes()), known[1..], "it opens what comes in");
}

#[test]
fn a_thief_of_a_state_whose_turn_it_is_learns_nothing_more() {
    let mut story = Story::new(4);
    story.alice_sends();
    story.bob_sends();
    let stolen = State::of(&story.alice);
    let known = vec![story.bob_sends()];
    for _ in 0..3 {
        story.alice_sends();
        story.bob_sends();
    }
    assert_eq!(story.opened_by(Eavesdropper::with(stolen, Keyring::default())), known);
}

/// What a thief opens of the ten messages after the theft and its round trip, who
/// also learns keys that the sides draw later.
fn opened_after_healing(seed: u64, leaks: impl Fn(&Recorder) -> Keyring) -> Vec<usize> {
    let mut story = Story::new(seed);
    story.alice_sends();
    let stolen = State::of(&story.alice);
    story.alice_sends();
    story.bob_sends();
    let healed = story.alice_sends();
    for _ in 0..5 {
        story.bob_sends();
        story.alice_sends();
    }
    let thief = Eavesdropper::with(stolen, leaks(&story.rng));
    let opened = story.opened_by(thief);
    opened.into_iter().filter(|number| *number >= healed).collect()
}

/// Who sent a message, and in which of his chains.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    by: usize,
    chain: u32,
}

/// A conversation of random turns, in which one side's state is stolen at a random
/// moment: which messages were made of what the thief then had.
struct Stolen {
    story: Story,
    state: State,
    /// The number of the first message after the theft.
    at: usize,
    made_of_it: Vec<usize>,
}

impl Stolen {
    fn new(seed: u64) -> Self {
        let mut dice = ChaCha20Rng::seed_from_u64(seed);
        let mut below = |bound: u64| dice.next_u64() % bound;
        let mut story = Story::new(seed);
        // A round trip whose keys are all recorded: Alice's turn it is then.
        let mut places = vec![Place { by: 0, chain: 1 }, Place { by: 1, chain: 1 }];
        story.alice_sends();
        story.bob_sends();
        let (mut chains, mut due) = ([1, 1], [true, false]);
        let (length, at, victim) = (20 + below(20), 3 + below(12), usize::from(below(2) == 0));
        let mut theft = None;
        for number in 2..length {
            if number == at {
                let state = State::of(if victim == 0 { &story.alice } else { &story.bob });
                theft = Some((state, chains, due[victim]));
            }
            let by = usize::from(below(2) == 0);
            if std::mem::take(&mut due[by]) {
                chains[by] += 1;
            }
            due[1 - by] = true;
            places.push(Place { by, chain: chains[by] });
            if by == 0 {
                story.alice_sends()
            } else {
                story.bob_sends()
            };
        }
        let (state, chains, was_due) = theft.unwrap();
        let at = usize::try_from(at).unwrap();
        let peer = 1 - victim;
        let is_made_of_it = |place: &Place| {
            let goes_on = place.chain == chains[place.by] && !(place.by == victim && was_due);
            goes_on || (place.by == peer && !was_due && place.chain == chains[peer] + 1)
        };
        let made_of_it =
            (at..places.len()).filter(|number| is_made_of_it(&places[*number])).collect();
        Self { story, state, at, made_of_it }
    }

    fn opened_with(&self, keyring: Keyring) -> Vec<usize> {
        self.story.opened_by(Eavesdropper::with(self.state.clone(), keyring))
    }
}

#[test]
fn whenever_a_state_is_stolen_it_opens_what_was_made_of_it_and_nothing_else() {
    for seed in seeds(30) {
        let stolen = Stolen::new(seed);
        let leaks = &stolen.story.rng;
        let everything: Vec<usize> = (stolen.at..stolen.story.traffic.len()).collect();
        let mut both = leaks.leaked_dh();
        both.add(leaks.leaked_kem());
        for (what, keyring, opened) in [
            ("the state", Keyring::default(), &stolen.made_of_it),
            ("the state and every X25519 key", leaks.leaked_dh(), &stolen.made_of_it),
            ("the state and every KEM key", leaks.leaked_kem(), &stolen.made_of_it),
            ("the state and every key", both, &everything),
        ] {
            assert_eq!(&stolen.opened_with(keyring), opened, "MSG_TEST_SEED={seed}: {what}");
        }
    }
}

#[test]
fn a_session_heals_if_every_later_x25519_key_is_known() {
    assert!(opened_after_healing(5, Recorder::leaked_dh).is_empty());
}

#[test]
fn a_session_heals_if_every_later_kem_key_is_known() {
    assert!(opened_after_healing(6, Recorder::leaked_kem).is_empty());
}

#[test]
fn a_thief_who_learns_every_later_key_of_both_kinds_follows_for_ever() {
    let opened = opened_after_healing(7, |rng| {
        let mut keyring = rng.leaked_dh();
        keyring.add(rng.leaked_kem());
        keyring
    });
    assert_eq!(opened.len(), 11);
}

#[test]
fn one_later_key_pair_of_each_kind_that_stays_secret_is_enough() {
    let mut story = Story::new(8);
    story.alice_sends();
    let stolen = State::of(&story.alice);
    let mut known = vec![story.alice_sends(), story.bob_sends()];
    let until_here = story.rng.draws().len();
    // Made of Bob's keys, which he knows; Bob's answer is made of these.
    known.push(story.alice_sends());
    let secret = story.rng.draws()[until_here..].to_vec();
    for _ in 0..3 {
        story.bob_sends();
        story.alice_sends();
    }
    let mut keyring = story.rng.leaked_dh();
    keyring.add(story.rng.leaked_kem());
    let everything = Eavesdropper::with(stolen.clone(), keyring.clone());
    assert_eq!(story.opened_by(everything).len(), 9);
    keyring.forget(&secret);
    assert_eq!(story.opened_by(Eavesdropper::with(stolen, keyring)), known);
}

#[test]
fn a_step_draws_its_keys_in_the_order_that_tests_of_leaks_rely_on() {
    let mut story = Story::new(9);
    story.alice_sends();
    let lengths: Vec<usize> = story.rng.draws().iter().map(Vec::len).collect();
    assert_eq!(lengths, [32, 64, 32, 24]);
    story.alice_sends();
    assert_eq!(story.rng.draws()[4..].iter().map(Vec::len).collect::<Vec<_>>(), [24]);
}

#[test]
fn the_key_of_a_lost_message_is_gone_after_35_days_even_in_silence() {
    let mut story = Story::new(10);
    let lost = story.alice.seal(b"lost on the way", &mut story.rng).unwrap();
    let later = story.alice.seal(b"arrived", &mut story.rng).unwrap();
    let mut bob = PeerSessions::default();
    bob.adopt(reopen(&story.bob), NOW);
    bob.open(later.kind, &later.body, NOW).unwrap();

    let key_is_there =
        |bob: &PeerSessions| keys_for(&lost, bob.sending().unwrap().archive().as_bytes()) == 1;
    let end = NOW.plus_days(SKIPPED_KEY_DAYS);
    bob.expire(end);
    assert!(key_is_there(&bob), "for 35 days it waits");
    bob.expire(UnixSeconds(end.0 + 1));
    assert!(!key_is_there(&bob), "and then nobody finds it");
}

#[test]
fn a_lost_message_opens_for_35_days_and_no_longer() {
    let mut story = Story::new(11);
    let lost = story.alice.seal(b"lost on the way", &mut story.rng).unwrap();
    story.alice_sends();
    let end = NOW.plus_days(SKIPPED_KEY_DAYS);
    let mut in_time = reopen(&story.bob);
    assert_eq!(in_time.open(lost.kind, &lost.body, end).unwrap(), b"lost on the way");
    assert!(story.bob.open(lost.kind, &lost.body, UnixSeconds(end.0 + 1)).is_err());
}
