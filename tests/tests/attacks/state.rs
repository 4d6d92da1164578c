//! States that are copied, set back, or offered bytes that must not change them.

use msg_crypto::{
    OpenError, Session,
    session::{Sealed, pair::PeerSessions},
};
use msg_protocol::{envelope::EnvelopeKind, limits::BODY_SIZES, time::UnixSeconds};
use msg_tests::{
    adversary::wire::Wire,
    party::{NOW, reopen},
    seed::rng,
};

use crate::scene::{alice_and_bob, altered, not_accepted, refused};

/// Two processes run from one store and seal at the same place of the same chain,
/// with the same message key: the key streams differ all the same.
#[test]
fn attack_12_concurrent_use_of_one_session() {
    let rng = &mut rng(912);
    let (alice, mut bob) = alice_and_bob(rng);
    let (mut ours, mut theirs) = alice.established(&mut bob, rng);
    let before = theirs.seal(b"a chain", rng).unwrap();
    ours.open(before.kind, &before.body, NOW).unwrap();
    let mut copies = [reopen(&theirs), reopen(&theirs)];
    let [first, second] = [0, 1].map(|copy| copies[copy].seal(b"the same words", rng).unwrap());
    let streams = [&first, &second]
        .map(|sealed| Wire::cut(sealed.kind, sealed.body.as_bytes()).ciphertext().to_vec());
    let equal = streams[0].iter().zip(&streams[1]).filter(|(one, other)| one == other).count();
    assert!(equal < streams[0].len() / 64, "of the same text, {equal} bytes are the same");

    assert_eq!(ours.open(first.kind, &first.body, NOW).unwrap(), b"the same words");
    assert_eq!(refused(&mut ours, second.kind, &second.body), OpenError::AlreadyOpened);
}

/// Changes one bit of each byte of a message in turn.
fn corrupt_each_byte(session: &mut Session, sealed: &Sealed) {
    for at in 0..sealed.body.as_bytes().len() {
        let forged = altered(&sealed.body, |bytes| bytes[at] ^= 1 << (at % 8));
        refused(session, sealed.kind, &forged);
    }
    assert!(session.open(sealed.kind, &sealed.body, NOW).is_ok(), "as it was, it opens");
}

#[test]
fn attack_13_state_changed_before_authentication_of_a_first_flight() {
    let rng = &mut rng(913);
    let (alice, mut bob) = alice_and_bob(rng);
    let mut one_time = alice.initiate(&mut bob, rng);
    let bundle = bob.check(bob.last_resort_bundle());
    let mut last_resort = alice.initiate_with(&bob, &bundle, 1, rng).unwrap();
    for session in [&mut one_time, &mut last_resort] {
        let first = session.seal(b"hello", rng).unwrap();
        for at in 0..first.body.as_bytes().len() {
            let forged = altered(&first.body, |bytes| bytes[at] ^= 1 << (at % 8));
            not_accepted(&mut bob, &forged);
        }
        assert_eq!(bob.accept(&first.body, NOW).unwrap().content, b"hello");
    }
}

#[test]
fn attack_13_state_changed_before_authentication_of_later_flights() {
    let rng = &mut rng(914);
    let (alice, mut bob) = alice_and_bob(rng);
    let mut ours = alice.initiate(&mut bob, rng);
    let first = ours.seal(b"hello", rng).unwrap();
    let mut theirs = bob.accept(&first.body, NOW).unwrap().session;
    let second = ours.seal(b"again", rng).unwrap();
    corrupt_each_byte(&mut theirs, &second);
}

#[test]
fn attack_13_state_changed_before_authentication_in_a_session() {
    let rng = &mut rng(915);
    let (alice, mut bob) = alice_and_bob(rng);
    let (mut ours, mut theirs) = alice.established(&mut bob, rng);
    let step = ours.seal(b"begins a chain, after a lost one", rng).unwrap();
    let skipped = ours.seal(b"late", rng).unwrap();
    let next = ours.seal(b"goes on", rng).unwrap();
    corrupt_each_byte(&mut theirs, &step);
    corrupt_each_byte(&mut theirs, &next);
    corrupt_each_byte(&mut theirs, &skipped);
    let answer = theirs.seal(b"the first answer", rng).unwrap();
    corrupt_each_byte(&mut ours, &answer);
}

#[test]
fn attack_13_state_changed_by_other_lengths_and_kinds() {
    let rng = &mut rng(916);
    let (alice, mut bob) = alice_and_bob(rng);
    let (mut ours, mut theirs) = alice.established(&mut bob, rng);
    let sealed = ours.seal(&[7; 3_000], rng).unwrap();
    assert_eq!(sealed.body.as_bytes().len(), 8_192);
    for size in BODY_SIZES.into_iter().filter(|size| *size != 8_192) {
        refused(&mut theirs, sealed.kind, &altered(&sealed.body, |bytes| bytes.resize(size, 0)));
    }
    refused(&mut theirs, EnvelopeKind::Handshake, &sealed.body);
    assert!(theirs.open(sealed.kind, &sealed.body, NOW).is_ok());
}

/// A clone of Alice's state sends after she and Bob have gone on.
#[test]
fn attack_18_healing_lost_by_reactivation() {
    let rng = &mut rng(918);
    let (alice, mut bob) = alice_and_bob(rng);
    let (mut ours, mut theirs) = alice.established(&mut bob, rng);
    let question = ours.seal(b"question", rng).unwrap();
    theirs.open(question.kind, &question.body, NOW).unwrap();
    let mut clone = reopen(&ours);
    round_trip(&mut theirs, &mut ours, rng);

    let stale = clone.seal(b"from the clone", rng).unwrap();
    assert_eq!(refused(&mut theirs, stale.kind, &stale.body), OpenError::ChainEnded);

    // A clone whose turn it was makes a step of its own: Bob has hers.
    let answer = theirs.seal(b"answer", rng).unwrap();
    ours.open(answer.kind, &answer.body, NOW).unwrap();
    let mut clone = reopen(&ours);
    round_trip(&mut ours, &mut theirs, rng);
    let stale = clone.seal(b"from the clone", rng).unwrap();
    refused(&mut theirs, stale.kind, &stale.body);
    round_trip(&mut ours, &mut theirs, rng);
}

fn round_trip(first: &mut Session, second: &mut Session, rng: &mut rand_chacha::ChaCha20Rng) {
    let there = first.seal(b"there", rng).unwrap();
    second.open(there.kind, &there.body, NOW).unwrap();
    let back = second.seal(b"back", rng).unwrap();
    first.open(back.kind, &back.body, NOW).unwrap();
}

/// Messages in an old session arrive as long as it is kept, and never make it the
/// one that is sent in; Sesame chose the one last received in.
#[test]
fn attack_18_an_old_session_never_becomes_active_again() {
    let rng = &mut rng(919);
    let (alice, mut bob) = alice_and_bob(rng);
    let mut sessions = PeerSessions::default();
    let (mut old, theirs) = alice.established(&mut bob, rng);
    sessions.adopt(theirs, NOW);
    let later = UnixSeconds(NOW.0 + 60);
    let bundle = bob.check(bob.last_resort_bundle());
    let mut new = alice.initiate_with(&bob, &bundle, later.0, rng).unwrap();
    let first = new.seal(b"anew", rng).unwrap();
    sessions.adopt(bob.accept(&first.body, later).unwrap().session, later);
    for _ in 0..3 {
        let sealed = old.seal(b"from the old session", rng).unwrap();
        assert!(sessions.open(sealed.kind, &sealed.body, later).is_ok());
        assert_eq!(sessions.sending().unwrap().name(), new.name());
    }
    let sealed = old.seal(b"too late", rng).unwrap();
    let week = UnixSeconds(later.plus_days(7).0 + 1);
    assert_eq!(
        sessions.open(sealed.kind, &sealed.body, week),
        Err(OpenError::NotForThisSession),
        "after seven days it is gone"
    );
    assert_eq!(sessions.sending().unwrap().name(), new.name());
}
