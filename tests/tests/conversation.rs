//! A first message to a device that is away, the answers, and a store in between.
#![allow(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use msg_protocol::envelope::EnvelopeKind;
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
