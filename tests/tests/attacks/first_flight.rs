//! First flights that are changed, sent twice, or sent to other keys than they
//! were made for.

use msg_crypto::{
    AcceptError, OpenError, Session,
    agreement::AgreementSecret,
    archive::ArchiveError,
    kem::KemSecret,
    prekey::OwnPrekeys,
    secret::Secret,
    session::{Sealed, pair::PeerSessions},
};
use msg_protocol::{
    card::{Card, CardHash, CardRef},
    envelope::EnvelopeKind,
    prekey::{LastResortPrekey, PrekeyBundle, SignedPrekey},
    signed::VerifyError,
    time::UnixSeconds,
};
use msg_tests::{
    adversary::wire::block,
    party::{NOW, Party},
    seed::rng,
};
use rand_chacha::ChaCha20Rng;

use crate::scene::{
    alice_and_bob, altered, not_accepted, refused, signed_by_device, signed_by_identity,
};

fn first_message(
    alice: &Party,
    bob: &Party,
    bundle: PrekeyBundle,
    rng: &mut ChaCha20Rng,
) -> Sealed {
    let bundle = bob.check(bundle);
    let mut session = alice.initiate_with(bob, &bundle, NOW.0, rng).unwrap();
    session.seal(b"hello", rng).unwrap()
}

#[test]
fn attack_03_downgrade_of_suite_or_version() {
    let rng = &mut rng(301);
    let (alice, mut bob) = alice_and_bob(rng);
    for version in 2..6 {
        bob.cards.push(CardRef { version, hash: CardHash([7; 32]) });
    }
    let mut ours = alice.initiate(&mut bob, rng);
    let first = ours.seal(b"hello", rng).unwrap();
    let second = ours.seal(b"again", rng).unwrap();

    for bit in 0..8 {
        let forged = altered(&first.body, |bytes| bytes[block::SUITE] ^= 1 << bit);
        assert_eq!(not_accepted(&mut bob, &forged), AcceptError::UnknownSuite(1 ^ 1 << bit));
    }
    for bit in 0..32 {
        let at = block::CARD_VERSION.start + bit / 8;
        let forged = altered(&first.body, |bytes| bytes[at] ^= 1 << (bit % 8));
        let error = not_accepted(&mut bob, &forged);
        assert!(matches!(error, AcceptError::UnknownCard(_) | AcceptError::SealRefused));
    }
    for kind in (0..=255).filter(|kind| *kind != 1) {
        let forged = altered(&first.body, |bytes| bytes[block::KEM_KIND] = kind);
        let error = not_accepted(&mut bob, &forged);
        assert!(matches!(error, AcceptError::Malformed | AcceptError::UnknownPrekey(_)), "{error}");
    }

    let mut theirs = bob.accept(&first.body, NOW).unwrap().session;
    for bit in 0..block::KEM_ID.end * 8 {
        let forged = altered(&second.body, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert_eq!(refused(&mut theirs, EnvelopeKind::Handshake, &forged), OpenError::Malformed);
    }
    assert_eq!(theirs.open(second.kind, &second.body, NOW).unwrap(), b"again");
}

#[test]
fn attack_03_downgrade_of_formats() {
    let (alice, bob) = alice_and_bob(&mut rng(302));
    let device = &bob.card.devices[0];
    for bit in 0..8 {
        let flipped = |raw: &[u8]| {
            let mut raw = raw.to_vec();
            raw[0] ^= 1 << bit;
            raw
        };
        let card = signed_by_identity::<Card>(&alice, flipped(alice.card.as_signed().raw()));
        assert!(matches!(card.verify_by_own_identity(), Err(VerifyError::Rule(_))));
        let signed = signed_by_device::<SignedPrekey>(&bob, flipped(bob.signed.raw()));
        assert!(matches!(signed.verify(&device.signing), Err(VerifyError::Rule(_))));
        let last = signed_by_device::<LastResortPrekey>(&bob, flipped(bob.last_resort.raw()));
        assert!(matches!(last.verify(&device.signing), Err(VerifyError::Rule(_))));
    }
    let unknown = |result: Result<(), ArchiveError>| {
        assert!(matches!(result, Err(ArchiveError::UnknownVersion(_))));
    };
    for bit in 0..8 {
        let flipped = |archive: &[u8]| [&[archive[0] ^ 1 << bit], &archive[1..]].concat();
        unknown(OwnPrekeys::restore(&flipped(bob.prekeys.archive().as_bytes())).map(drop));
        let sessions = PeerSessions::default();
        unknown(PeerSessions::restore(&flipped(sessions.archive().as_bytes())).map(drop));
    }
}

/// The worst case of a KEM that lets one secret be put under another key: Bob has
/// the very same keys under two ids.
#[test]
fn attack_05_kem_reencapsulation() {
    let rng = &mut rng(305);
    let (alice, mut bob) = alice_and_bob(rng);
    let twice = |bob: &mut Party| {
        let [first, second] = [1, 2].map(|_| {
            bob.prekeys.add_one_time(&bob.device, Secret::new([5; 32]), Secret::new([6; 64]))
        });
        (first, second.peek_unverified().unwrap().id)
    };
    let (pair, other) = twice(&mut bob);
    let bundle = PrekeyBundle { one_time: Some(pair), ..bob.last_resort_bundle() };
    let first = first_message(&alice, &bob, bundle, rng);
    let forged =
        altered(&first.body, |bytes| bytes[block::KEM_ID].copy_from_slice(&other.0.to_be_bytes()));
    assert_eq!(not_accepted(&mut bob, &forged), AcceptError::SealRefused);
    assert_eq!(bob.accept(&first.body, NOW).unwrap().content, b"hello");

    let last_resort = || KemSecret::from_seed(Secret::new([7; 64]));
    bob.last_resort = bob.prekeys.add_last_resort(&bob.device, last_resort(), NOW);
    let other = bob.prekeys.add_last_resort(&bob.device, last_resort(), NOW);
    let other = other.peek_unverified().unwrap().id;
    let first = first_message(&alice, &bob, bob.last_resort_bundle(), rng);
    let forged =
        altered(&first.body, |bytes| bytes[block::KEM_ID].copy_from_slice(&other.0.to_be_bytes()));
    assert_eq!(not_accepted(&mut bob, &forged), AcceptError::SealRefused);

    let signed = || AgreementSecret::from_bytes(&Secret::new([8; 32]));
    bob.signed = bob.prekeys.add_signed(&bob.device, signed(), NOW);
    let other = bob.prekeys.add_signed(&bob.device, signed(), NOW);
    let other = other.peek_unverified().unwrap().id;
    let first = first_message(&alice, &bob, bob.last_resort_bundle(), rng);
    let forged = altered(&first.body, |bytes| {
        bytes[block::SIGNED_ID].copy_from_slice(&other.0.to_be_bytes());
    });
    assert_eq!(not_accepted(&mut bob, &forged), AcceptError::SealRefused);
    assert_eq!(bob.accept(&first.body, NOW).unwrap().content, b"hello");
}

#[test]
fn attack_06_replay_of_the_first_flight_on_a_one_time_pair() {
    let rng = &mut rng(306);
    let (alice, mut bob) = alice_and_bob(rng);
    let bundle = bob.bundle();
    assert!(bundle.one_time.is_some());
    let first = first_message(&alice, &bob, bundle, rng);
    once_only(&mut bob, &first, rng);
}

#[test]
fn attack_06_replay_of_the_first_flight_on_the_last_resort_key() {
    let rng = &mut rng(307);
    let (alice, mut bob) = alice_and_bob(rng);
    let first = first_message(&alice, &bob, bob.last_resort_bundle(), rng);
    once_only(&mut bob, &first, rng);
}

/// One session and one message, at once, after a restart, after 29 days, and when
/// the key itself is gone; with the session there, and when it has been lost.
fn once_only(bob: &mut Party, first: &Sealed, rng: &mut ChaCha20Rng) {
    let mut sessions = PeerSessions::default();
    sessions.adopt(bob.accept(&first.body, NOW).unwrap().session, NOW);
    for days in [0, 1, 8, 15, 22, 29, 36, 43, 60] {
        let now = UnixSeconds(NOW.plus_days(days).0 + 1);
        let _ = bob.maintain(100, now, rng);
        for _ in 0..2 {
            assert_eq!(
                sessions.open(first.kind, &first.body, now),
                Err(OpenError::AlreadyOpened),
                "the copy goes to the session"
            );
            let refusal = bob.accept(&first.body, now).err();
            assert!(
                matches!(refusal, Some(AcceptError::Replayed | AcceptError::UnknownPrekey(_))),
                "and makes no other"
            );
            bob.restart();
            sessions = PeerSessions::restore(sessions.archive().as_bytes()).unwrap();
        }
    }
}

/// With other words behind the same handshake it is still the same handshake.
#[test]
fn attack_06_replay_of_the_handshake_before_another_message() {
    let rng = &mut rng(308);
    let (alice, mut bob) = alice_and_bob(rng);
    let bundle = bob.last_resort_bundle();
    let mut ours: Session = alice.initiate_with(&bob, &bob.check(bundle), NOW.0, rng).unwrap();
    let sealed: Vec<Sealed> = (0..3).map(|_| ours.seal(b"hello", rng).unwrap()).collect();
    let mut theirs = bob.accept(&sealed[1].body, NOW).unwrap().session;
    for again in &sealed {
        assert_eq!(not_accepted(&mut bob, &again.body), AcceptError::Replayed);
    }
    assert!(theirs.open(sealed[0].kind, &sealed[0].body, NOW).is_ok());
    assert!(theirs.open(sealed[2].kind, &sealed[2].body, NOW).is_ok());
}
