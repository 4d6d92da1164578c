//! Who fetches prekeys to use them up.

use msg_crypto::limits::{MAX_ONE_TIME_KEPT, ONE_TIME_PAIRS};
use msg_protocol::prekey::BundleKem;
use msg_tests::{
    party::{NOW, Party},
    seed::rng,
};

#[test]
fn attack_07_prekey_draining() {
    let rng = &mut rng(707);
    let alice = Party::sparing("alice", 1, rng);
    let mut bob = Party::new("bob", rng);
    let handed_out = bob.bundle();
    let mut one_time = 1;
    for _ in 0..10_000 {
        let bundle = bob.bundle();
        one_time += usize::from(bundle.one_time.is_some());
    }
    assert_eq!(one_time, ONE_TIME_PAIRS);
    let bundle = bob.bundle();
    let bundle = bob.check(bundle);
    assert!(matches!(bundle.kem(), BundleKem::LastResort(_)), "and it is said so");

    // Whoever comes meanwhile gets through, each with a session of his own.
    let mut accepted = Vec::new();
    for generation in 0..5 {
        let mut session = alice.initiate_with(&bob, &bundle, generation, rng).unwrap();
        let first = session.seal(b"hello", rng).unwrap();
        accepted.push(bob.accept(&first.body, NOW).unwrap().session.name());
    }
    accepted.dedup();
    assert_eq!(accepted.len(), 5);

    let upload = bob.maintain(0, NOW, rng);
    assert_eq!(upload.one_time.len(), ONE_TIME_PAIRS, "refilled");
    assert!(bob.bundle().one_time.is_some());

    // A pair that was handed out before still serves.
    let handed_out = bob.check(handed_out);
    let mut session = alice.initiate_with(&bob, &handed_out, 9, rng).unwrap();
    let first = session.seal(b"late", rng).unwrap();
    assert_eq!(bob.accept(&first.body, NOW).unwrap().content, b"late");
}

#[test]
fn attack_07_prekey_draining_again_and_again() {
    let rng = &mut rng(708);
    let mut bob = Party::new("bob", rng);
    let oldest = bob.one_time[0].clone();
    let size = |bob: &Party| bob.prekeys.archive().as_bytes().len();
    let before = size(&bob);
    for _ in 0..9 {
        let _ = bob.maintain(0, NOW, rng);
    }
    let full = size(&bob);
    assert!(full > before);
    for _ in 0..3 {
        let _ = bob.maintain(0, NOW, rng);
        assert_eq!(size(&bob), full, "no more than {MAX_ONE_TIME_KEPT} are kept");
    }
    let newest = bob.one_time.last().unwrap().clone();
    for (pair, is_kept) in [(oldest, false), (newest, true)] {
        let alice = Party::sparing("alice", 1, rng);
        let bundle =
            msg_protocol::prekey::PrekeyBundle { one_time: Some(pair), ..bob.last_resort_bundle() };
        let bundle = bob.check(bundle);
        let mut session = alice.initiate_with(&bob, &bundle, 1, rng).unwrap();
        let first = session.seal(b"hello", rng).unwrap();
        assert_eq!(bob.accept(&first.body, NOW).is_ok(), is_kept);
    }
}
