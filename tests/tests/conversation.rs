//! A first message to a device that is away, the answers, and a store in between.

#![cfg(test)]

use msg_crypto::{
    AcceptError, SealError,
    limits::{MAX_JUMP, ONE_TIME_PAIRS, PREKEY_GRACE_DAYS},
};
use msg_protocol::{envelope::EnvelopeKind, time::UnixSeconds};
use msg_tests::{
    party::{NOW, Party, reopen},
    seed::rng,
};

#[test]
fn two_devices_talk_and_every_process_ends_after_each_message() {
    let rng = &mut rng(1);
    let alice = Party::new("alice", rng);
    let mut bob = Party::new("bob", rng);
    let mut ours = alice.initiate(&mut bob, rng);
    let first = ours.seal(b"hello", rng).unwrap();
    let second = ours.seal(b"are you there?", rng).unwrap();
    assert_eq!(first.kind, EnvelopeKind::Handshake);
    assert_eq!(first.body.as_bytes().len(), 4_096);

    let accepted = bob.accept(&first.body, NOW).unwrap();
    let mut theirs = accepted.session;
    assert_eq!(accepted.content, b"hello");
    assert_eq!(accepted.initiator, alice.card);
    assert_eq!(theirs.open(second.kind, &second.body, NOW).unwrap(), b"are you there?");

    for round in 0..20_u32 {
        let text = format!("message {round}");
        let sealed = theirs.seal(text.as_bytes(), rng).unwrap();
        assert_eq!(sealed.kind, EnvelopeKind::Session);
        assert_eq!(ours.open(sealed.kind, &sealed.body, NOW).unwrap(), text.as_bytes());
        (ours, theirs) = (reopen(&theirs), reopen(&ours));
    }
}

/// A first chain used to go on for ever: whoever was away until its first thousand
/// messages had expired could open none of those that followed, and had no session
/// to say so in.
#[test]
fn the_last_message_of_an_unanswered_session_opens_alone() {
    let rng = &mut rng(2);
    let alice = Party::new("alice", rng);
    let mut bob = Party::new("bob", rng);
    let mut ours = alice.initiate(&mut bob, rng);
    let mut last = ours.seal(b"", rng).unwrap();
    for _ in 0..MAX_JUMP {
        last = ours.seal(b"", rng).unwrap();
    }
    assert_eq!(ours.seal(b"", rng), Err(SealError::Exhausted));

    let mut theirs = bob.accept(&last.body, NOW).unwrap().session;
    let answer = theirs.seal(b"at last", rng).unwrap();
    assert_eq!(ours.open(answer.kind, &answer.body, NOW).unwrap(), b"at last");
    for _ in 0..=MAX_JUMP {
        last = ours.seal(b"on we go", rng).unwrap();
        assert_eq!(theirs.open(last.kind, &last.body, NOW).unwrap(), b"on we go");
    }
}

/// A pair that was handed out for a message which never came used to stay until a
/// thousand newer ones had been made.
#[test]
fn replaced_one_time_pairs_serve_for_thirty_days_and_are_then_destroyed() {
    let rng = &mut rng(3);
    let alice = Party::new("alice", rng);
    let mut bob = Party::new("bob", rng);
    let [mut early, mut late] = [0, 1].map(|_| alice.initiate(&mut bob, rng));
    assert_eq!(bob.prekeys.replace_one_time(&bob.device, NOW, rng).len(), ONE_TIME_PAIRS);

    let last_day = NOW.plus_days(PREKEY_GRACE_DAYS);
    bob.restart();
    let _ = bob.maintain(ONE_TIME_PAIRS, last_day, rng);
    let accepted = bob.accept(&early.seal(b"late", rng).unwrap().body, last_day).unwrap();
    assert_eq!(accepted.content, b"late");

    let _ = bob.maintain(ONE_TIME_PAIRS, UnixSeconds(last_day.0 + 1), rng);
    let refused = bob.accept(&late.seal(b"too late", rng).unwrap().body, last_day);
    assert!(matches!(refused, Err(AcceptError::UnknownPrekey(_))));
}
