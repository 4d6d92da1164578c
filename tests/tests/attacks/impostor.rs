//! Who poses as somebody, and whom a flight or a session is taken to be of.

use msg_crypto::{
    AcceptError, OpenError, handshake::initiator::Initiator, identity::IdentitySecret, initiate,
};
use msg_protocol::card::{CARD_FORMAT, Card, CardHash, CardRef};
use msg_tests::{
    adversary::{
        Choice, Forger,
        forger::{Claim, Secrets},
        notation::{decapsulate, dh, dh_public, open, unpad},
        wire::block,
    },
    party::{NOW, Party},
    seed::rng,
};

use crate::scene::{alice_and_bob, not_accepted};

/// Mallory lists Bob's device on her card. Alice writes to Mallory; the relay
/// brings it to Bob, who must not take it for written to him.
#[test]
fn attack_08_unknown_key_share() {
    let rng = &mut rng(408);
    let (alice, mut bob) = alice_and_bob(rng);
    let mallory = IdentitySecret::generate(rng);
    let card = Card {
        format: CARD_FORMAT,
        identity: mallory.public(),
        name: "mallory".parse().unwrap(),
        version: 1,
        previous: CardHash::NONE,
        created: NOW.day(),
        devices: bob.card.devices.clone(),
    };
    let card = mallory.sign(&card).verify_by_own_identity().unwrap();
    let bundle = bob.bundle();
    let bundle = bob.check(bundle);
    let initiator = Initiator { device: &alice.device, card: &alice.card };
    let mut to_mallory = initiate(initiator, &card, &bundle, NOW.0, rng).unwrap();
    let first = to_mallory.seal(b"mallory, you alone may know", rng).unwrap();
    assert_eq!(not_accepted(&mut bob, &first.body), AcceptError::SealRefused);

    // Even if he held her card's hash, his own identity is in the transcript.
    bob.cards = msg_crypto::CardHistory::from_parts(
        bob.identity.public(),
        vec![CardRef { version: 1, hash: card.hash() }],
    );
    let error = AcceptError::Message(OpenError::NotForThisSession);
    assert_eq!(not_accepted(&mut bob, &first.body), error);
}

/// A claimed sender: a flight that shows Alice's card, without Alice's key.
#[test]
fn attack_15_claimed_sender_is_not_the_sessions_owner() {
    let rng = &mut rng(415);
    let (alice, mut bob) = alice_and_bob(rng);
    let mallory = Party::sparing("mallory", 1, rng);
    let bundle = bob.bundle();
    let bundle = bob.check(bundle);
    let card = bob.card.clone();
    let forger = Forger { card: &card, bundle: &bundle };
    let agreement = mallory.device.archive().as_bytes()[33..65].try_into().unwrap();
    let own_dh1 = dh(&agreement, &bundle.signed().key.0);
    for dh1 in [own_dh1, [0; 32]] {
        let claim = Claim {
            generation: NOW.0,
            card: &alice.card,
            device: alice.device.id(),
            dh1,
            ek: None,
        };
        let (_, body) = forger.flight(&claim, rng).seal(&Choice::default(), b"I am alice", rng);
        let error = AcceptError::Message(OpenError::NotForThisSession);
        assert_eq!(not_accepted(&mut bob, &body), error);
    }
    let claim = Claim {
        generation: NOW.0,
        card: &mallory.card,
        device: mallory.device.id(),
        dh1: own_dh1,
        ek: None,
    };
    let (_, body) = forger.flight(&claim, rng).seal(&Choice::default(), b"I am alice", rng);
    let accepted = bob.accept(&body, NOW).unwrap();
    assert_eq!(accepted.content, b"I am alice");
    assert_eq!(accepted.session.peer().identity, mallory.identity.public(), "whatever it says");
    assert_eq!(accepted.session.peer().device, mallory.device.id());
    assert_eq!(accepted.initiator.name, mallory.card.name);
}

/// A card that lists the device of somebody else gives its owner no session in
/// that device's name: the session is the card's.
#[test]
fn attack_15_a_card_that_lists_anothers_device() {
    let rng = &mut rng(416);
    let (alice, mut bob) = alice_and_bob(rng);
    let mallory = Party::sparing("mallory", 1, rng);
    let mut card = Card::clone(&mallory.card);
    card.devices = alice.card.devices.clone();
    let card = mallory.identity.sign(&card).verify_by_own_identity().unwrap();
    let bundle = bob.bundle();
    let bundle = bob.check(bundle);
    // Alice's own device would have to help; it yields a session of Mallory's.
    let initiator = Initiator { device: &alice.device, card: &card };
    let mut session = initiate(initiator, &bob.card, &bundle, NOW.0, rng).unwrap();
    let first = session.seal(b"hello", rng).unwrap();
    let accepted = bob.accept(&first.body, NOW).unwrap();
    assert_eq!(accepted.session.peer().identity, mallory.identity.public());
    assert_ne!(accepted.session.peer().identity, alice.identity.public());
}

/// What hides the initiator must have forward secrecy and a KEM in it: with all
/// that Bob's device holds after it has accepted, and with every X25519 key of the
/// handshake, the initiator's card stays hidden. The models in `crypto/models`
/// have mutants with a classical seal, which fall.
#[test]
fn attack_20_sealing_without_forward_secrecy() {
    let rng = &mut rng(420);
    let (alice, mut bob) = alice_and_bob(rng);
    let bundle = bob.bundle();
    let bundle = bob.check(bundle);
    let mut session = alice.initiate_with(&bob, &bundle, NOW.0, rng).unwrap();
    let first = session.seal(b"hello", rng).unwrap();
    let before = stolen_secrets(&bob, &bundle, first.body.as_bytes());
    assert_eq!(before.0.len(), 4, "before, all is there");
    assert!(shows_card(&bob, &bundle, &before, first.body.as_bytes(), &alice));

    drop(bob.accept(&first.body, NOW).unwrap());
    let after = stolen_secrets(&bob, &bundle, first.body.as_bytes());
    assert_eq!(after.0.len(), 2, "DH4 and the KEM secret are gone");
    assert!(!shows_card(&bob, &bundle, &after, first.body.as_bytes(), &alice));

    let classical = Secrets(before.0[..3].to_vec());
    assert!(!shows_card(&bob, &bundle, &classical, first.body.as_bytes(), &alice));
    let guessed = Secrets([&before.0[..3], &[[0; 32]]].concat());
    assert!(!shows_card(&bob, &bundle, &guessed, first.body.as_bytes(), &alice));
}

/// The secrets of a flight that the recipient's stores still yield, in order.
fn stolen_secrets(
    bob: &Party,
    bundle: &msg_protocol::prekey::VerifiedBundle,
    body: &[u8],
) -> Secrets {
    let msg_protocol::prekey::BundleKem::OneTime(pair) = bundle.kem() else {
        panic!("a one-time pair")
    };
    let ek: [u8; 32] = body[block::EK].try_into().unwrap();
    let device = bob.device.archive();
    let prekeys = bob.prekeys.archive();
    let stores = [device.as_bytes(), prekeys.as_bytes()].concat();
    let keys = [bob.card.devices[0].agreement, bundle.signed().key, pair.agreement];
    let mut secrets: Vec<[u8; 32]> = keys
        .iter()
        .filter_map(|key| {
            let rows = stores.windows(32).map(|row| row.try_into().unwrap());
            rows.into_iter().find(|row| dh_public(row) == key.0).map(|secret| dh(&secret, &ek))
        })
        .collect();
    let seed = prekeys.as_bytes().windows(64).map(|row| row.try_into().unwrap()).find(|seed| {
        // The pair's KEM seed follows its X25519 key.
        &msg_tests::adversary::notation::kem_public(seed) == pair.kem.as_bytes()
    });
    secrets.extend(seed.map(|seed| decapsulate(&seed, body[block::CT].try_into().unwrap())));
    Secrets(secrets)
}

fn shows_card(
    bob: &Party,
    bundle: &msg_protocol::prekey::VerifiedBundle,
    secrets: &Secrets,
    body: &[u8],
    alice: &Party,
) -> bool {
    let forger = Forger { card: &bob.card, bundle };
    let th1 = forger
        .first_transcript(body[block::EK].try_into().unwrap(), body[block::CT].try_into().unwrap());
    let sealed = &body[block::SEALED..block::length(body)];
    let opened = open(&secrets.seal_key(&th1), &[0; 12], &th1, sealed);
    let raw = alice.card.as_signed().raw();
    opened
        .and_then(|part| unpad(&part))
        .is_some_and(|part| part.windows(raw.len()).any(|window| window == raw))
}

/// A first flight names nobody, to whoever lacks Bob's keys.
#[test]
fn a_first_flight_shows_nothing_of_who_sent_it() {
    let rng = &mut rng(421);
    let (alice, mut bob) = alice_and_bob(rng);
    let mut session = alice.initiate(&mut bob, rng);
    let first = session.seal(b"hello", rng).unwrap();
    let raw = alice.card.as_signed().raw();
    let identity = alice.identity.public();
    let device = &alice.card.devices[0];
    let device_id = alice.device.id();
    let secrets: [&[u8]; 6] = [
        raw,
        identity.as_bytes(),
        device.signing.as_bytes(),
        device.agreement.as_bytes(),
        device_id.as_bytes(),
        &alice.card.as_signed().signature().0,
    ];
    let body = first.body.as_bytes();
    for secret in secrets {
        for part in secret.windows(8) {
            assert!(!body.windows(8).any(|window| window == part));
        }
    }
}
