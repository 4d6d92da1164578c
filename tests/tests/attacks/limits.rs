//! Headers of a valid peer that ask for work or memory without end.

use msg_crypto::{
    AcceptError, OpenError, Session,
    limits::{MAX_JUMP, MAX_SKIPPED_KEPT},
};
use msg_tests::{
    adversary::{Choice, Rogue, State},
    party::NOW,
    seed::rng,
};

use crate::scene::{alice_and_bob, not_accepted, refused};

/// How many keys a session keeps for missing messages: what an attacker can grow.
fn kept(session: &Session) -> usize {
    State::of(session).skipped()
}

fn at(n: u32) -> Choice {
    Choice { n: Some(n), ..Choice::default() }
}

fn after(pn: u32) -> Choice {
    Choice { pn: Some(pn), ..Choice::default() }
}

/// Had a key been computed for each place skipped, this test would run for hours.
#[test]
fn attack_23_exhaustion_by_skips() {
    let rng = &mut rng(523);
    let (alice, mut bob) = alice_and_bob(rng);
    let (ours, mut theirs) = alice.established(&mut bob, rng);
    let mut mallory = Rogue::of(&ours);
    let (kind, body) = mallory.seal(&Choice::default(), b"a chain", rng);
    theirs.open(kind, &body, NOW).unwrap();

    for n in [MAX_JUMP + 2, 5_000, u32::MAX / 2, u32::MAX - 1, u32::MAX] {
        let (kind, body) = mallory.seal(&at(n), b"far ahead", rng);
        for _ in 0..1_000 {
            let error = theirs.open(kind, &body, NOW);
            assert_eq!(error, Err(OpenError::TooFarAhead { skipped: n - 1 }));
        }
        refused(&mut theirs, kind, &body);
    }
    assert_eq!(kept(&theirs), 0);

    let (kind, body) = mallory.seal(&at(MAX_JUMP + 1), b"as far as one may", rng);
    theirs.open(kind, &body, NOW).unwrap();
    assert_eq!(kept(&theirs), 1_000);
}

#[test]
fn attack_23_exhaustion_by_the_length_of_the_chain_before() {
    let rng = &mut rng(524);
    let (alice, mut bob) = alice_and_bob(rng);
    let (ours, mut theirs) = alice.established(&mut bob, rng);
    for pn in [MAX_JUMP + 2, 5_000, u32::MAX] {
        let (kind, body) = Rogue::of(&ours).seal(&after(pn), b"long before", rng);
        let error = refused(&mut theirs, kind, &body);
        assert_eq!(error, OpenError::TooFarAhead { skipped: pn - 1 });
        let both = Choice { pn: Some(pn), ..at(u32::MAX) };
        let (kind, body) = Rogue::of(&ours).seal(&both, b"both", rng);
        assert!(matches!(refused(&mut theirs, kind, &body), OpenError::TooFarAhead { .. }));
    }
    let (kind, body) = Rogue::of(&ours).seal(&after(0), b"shorter than what came", rng);
    assert_eq!(refused(&mut theirs, kind, &body), OpenError::Malformed);

    // The jump counts over both chains: 500 and 501, then 500 and 500.
    let too_far = Choice { pn: Some(501), ..at(501) };
    let (kind, body) = Rogue::of(&ours).seal(&too_far, b"over the limit", rng);
    assert_eq!(refused(&mut theirs, kind, &body), OpenError::TooFarAhead { skipped: 1_001 });
    let just = Choice { pn: Some(501), ..at(500) };
    let (kind, body) = Rogue::of(&ours).seal(&just, b"at the limit", rng);
    theirs.open(kind, &body, NOW).unwrap();
    assert_eq!(kept(&theirs), 1_000);
}

#[test]
fn attack_23_exhaustion_by_many_jumps() {
    let rng = &mut rng(525);
    let (alice, mut bob) = alice_and_bob(rng);
    let (ours, mut theirs) = alice.established(&mut bob, rng);
    let mut mallory = Rogue::of(&ours);
    for jump in 1..=30 {
        let (kind, body) = mallory.seal(&at(jump * 1_000), b"on and on", rng);
        let outcome = theirs.open(kind, &body, NOW);
        assert_eq!(outcome.is_ok(), jump <= 2, "the third jump is one too many");
        assert!(kept(&theirs) <= MAX_SKIPPED_KEPT);
    }
    assert!(kept(&theirs) > 1_900);
}

#[test]
fn attack_23_exhaustion_by_the_first_flight() {
    let rng = &mut rng(526);
    let (alice, mut bob) = alice_and_bob(rng);
    let begun = alice.initiate(&mut bob, rng);
    for n in [MAX_JUMP + 1, u32::MAX] {
        let (_, body) = Rogue::of(&begun).seal(&at(n), b"hello", rng);
        let error = AcceptError::Message(OpenError::TooFarAhead { skipped: n });
        assert_eq!(not_accepted(&mut bob, &body), error);
    }
    let (_, body) = Rogue::of(&begun).seal(&after(1), b"hello", rng);
    assert_eq!(not_accepted(&mut bob, &body), AcceptError::Message(OpenError::Malformed));
    let (_, body) = Rogue::of(&begun).seal(&at(MAX_JUMP), b"hello", rng);
    assert_eq!(kept(&bob.accept(&body, NOW).unwrap().session), 1_000);
}
