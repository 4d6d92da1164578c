//! Public keys of low order, with which every agreement gives zeros.

use msg_crypto::{
    AcceptError, InitiateError, OpenError, agreement::NonContributory,
    handshake::initiator::Initiator, initiate, kem::BadKemKey,
};
use msg_protocol::{
    card::Card,
    key::{AgreementKey, KemKey},
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey},
    signed::Verified,
};
use msg_tests::{
    adversary::{Choice, Forger, Rogue, forger::Claim, notation::dh},
    party::{NOW, Party},
    seed::rng,
};
use rand_chacha::ChaCha20Rng;

use crate::scene::{alice_and_bob, not_accepted, refused};

/// The points of low order on Curve25519 and its twist, in every encoding.
fn low_order_points() -> Vec<[u8; 32]> {
    let small = [0, 1].map(|first| {
        let mut point = [0; 32];
        point[0] = first;
        point
    });
    let order_8 = [
        hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    ];
    let around_p = [0xec_u8, 0xed, 0xee].map(|first| {
        let mut point = [0xff; 32];
        point[0] = first;
        point[31] = 0x7f;
        point
    });
    let points = small.into_iter().chain(order_8).chain(around_p);
    let with_high_bit = |mut point: [u8; 32]| {
        point[31] |= 0x80;
        point
    };
    points.flat_map(|point| [point, with_high_bit(point)]).collect()
}

fn hex(text: &str) -> [u8; 32] {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

#[test]
fn the_points_are_of_low_order() {
    assert_eq!(low_order_points().len(), 14);
    for point in low_order_points() {
        assert_eq!(dh(&[7; 32], &point), [0; 32]);
    }
}

#[test]
fn attack_01_noncontributory_prekeys_and_card() {
    let rng = &mut rng(101);
    let (alice, bob) = alice_and_bob(rng);
    for point in low_order_points() {
        let good = bob.last_resort_bundle();
        let signed =
            SignedPrekey { key: AgreementKey(point), ..good.signed.peek_unverified().unwrap() };
        let bundle = PrekeyBundle { signed: bob.device.sign(&signed), ..good.clone() };
        assert_eq!(begin(&alice, &bob, &bob.card, bundle, rng), Err(NonContributory.into()));

        let pair = bob.one_time[0].peek_unverified().unwrap();
        let pair = OneTimePair { agreement: AgreementKey(point), ..pair };
        let bundle = PrekeyBundle { one_time: Some(bob.device.sign(&pair)), ..good.clone() };
        assert_eq!(begin(&alice, &bob, &bob.card, bundle, rng), Err(NonContributory.into()));

        let card = card_with(&bob, point);
        let bundle = PrekeyBundle { device: card.devices[0].id(), ..good.clone() };
        assert_eq!(begin(&alice, &bob, &card, bundle, rng), Err(NonContributory.into()));
    }
}

/// The party's card, with a point as its device's agreement key.
fn card_with(party: &Party, point: [u8; 32]) -> Verified<Card> {
    let mut card = Card::clone(&party.card);
    card.devices[0].agreement = AgreementKey(point);
    party.identity.sign(&card).verify_by_own_identity().unwrap()
}

fn begin(
    alice: &Party,
    bob: &Party,
    card: &Verified<Card>,
    bundle: PrekeyBundle,
    rng: &mut ChaCha20Rng,
) -> Result<(), InitiateError> {
    let bundle = bundle.verify(&card.devices[0], NOW.day()).unwrap();
    assert_eq!(card.identity, bob.identity.public());
    let initiator = Initiator { device: &alice.device, card: &alice.card };
    initiate(initiator, card, &bundle, 1, rng).map(|_| ())
}

/// Low order in the flight itself. Zeros are all that the initiator needs to know
/// of agreements with such a key, so that all else in the flight is right.
#[test]
fn attack_01_noncontributory_first_flight() {
    let rng = &mut rng(102);
    let (mallory, mut bob) = alice_and_bob(rng);
    let bundle = bob.last_resort_bundle();
    let bundle = bob.check(bundle);
    let bob_card = bob.card.clone();
    let forger = Forger { card: &bob_card, bundle: &bundle };
    for point in low_order_points() {
        let claim = honest(&mallory, &bundle.signed().key);
        let flight = Claim { ek: Some(point), ..claim };
        let (_, body) = forger.flight(&flight, rng).seal(&Choice::default(), b"hello", rng);
        assert_eq!(not_accepted(&mut bob, &body), AcceptError::NonContributory(NonContributory));

        let card = card_with(&mallory, point);
        let flight = Claim {
            card: &card,
            device: card.devices[0].id(),
            dh1: [0; 32],
            ..honest(&mallory, &bundle.signed().key)
        };
        let (_, body) = forger.flight(&flight, rng).seal(&Choice::default(), b"hello", rng);
        assert_eq!(not_accepted(&mut bob, &body), AcceptError::NonContributory(NonContributory));

        let flight = honest(&mallory, &bundle.signed().key);
        let choice = Choice { dh: Some(point), ..Choice::default() };
        let (_, body) = forger.flight(&flight, rng).seal(&choice, b"hello", rng);
        let error = OpenError::NonContributory(NonContributory);
        assert_eq!(not_accepted(&mut bob, &body), AcceptError::Message(error));
    }
    let claim = honest(&mallory, &bundle.signed().key);
    let (_, body) = forger.flight(&claim, rng).seal(&Choice::default(), b"hello", rng);
    assert_eq!(bob.accept(&body, NOW).unwrap().content, b"hello", "else it is right");
}

/// A claim that is true. `Party` does not give away its keys: they come out of its
/// store.
fn honest<'a>(party: &'a Party, signed_prekey: &AgreementKey) -> Claim<'a> {
    let agreement = party.device.archive().as_bytes()[33..65].try_into().unwrap();
    Claim {
        generation: NOW.0,
        card: &party.card,
        device: party.device.id(),
        dh1: dh(&agreement, &signed_prekey.0),
        ek: None,
    }
}

#[test]
fn attack_01_noncontributory_ratchet_key() {
    let rng = &mut rng(103);
    let (alice, mut bob) = alice_and_bob(rng);
    let (mut ours, theirs) = alice.established(&mut bob, rng);
    let question = ours.seal(b"whose turn is it?", rng).unwrap();
    let mut theirs = theirs;
    theirs.open(question.kind, &question.body, NOW).unwrap();
    for point in low_order_points() {
        let choice = Choice { dh: Some(point), ..Choice::default() };
        let (kind, body) = Rogue::of(&theirs).seal(&choice, b"mine", rng);
        assert_eq!(refused(&mut ours, kind, &body), OpenError::NonContributory(NonContributory));
    }
    let (kind, body) = Rogue::of(&theirs).seal(&Choice::default(), b"mine", rng);
    assert_eq!(ours.open(kind, &body, NOW).unwrap(), b"mine", "else it is right");
}

/// A KEM key with a coefficient that is no residue, as low as the first that is
/// none, in the first, second and last place.
fn overflowing(key: &[u8; 1_184]) -> Vec<[u8; 1_184]> {
    let mut keys = Vec::new();
    for (place, value) in [(0, 3_329), (1, 3_329), (767, 3_329), (0, 4_095), (767, 4_095_usize)] {
        let mut key = *key;
        let at = place / 2 * 3;
        if place % 2 == 0 {
            key[at] = u8::try_from(value & 0xff).unwrap();
            key[at + 1] = key[at + 1] & 0xf0 | u8::try_from(value >> 8).unwrap();
        } else {
            key[at + 1] = key[at + 1] & 0x0f | u8::try_from((value & 0xf) << 4).unwrap();
            key[at + 2] = u8::try_from(value >> 4).unwrap();
        }
        keys.push(key);
    }
    keys
}

#[test]
fn attack_24_missing_ml_kem_input_checks_in_prekeys() {
    let rng = &mut rng(104);
    let (alice, bob) = alice_and_bob(rng);
    let good = bob.last_resort_bundle();
    let last = good.last_resort.peek_unverified().unwrap();
    for key in overflowing(last.key.as_bytes()) {
        let last = LastResortPrekey { key: KemKey::new(key), ..last.clone() };
        let bundle = PrekeyBundle { last_resort: bob.device.sign(&last), ..good.clone() };
        assert_eq!(begin(&alice, &bob, &bob.card, bundle, rng), Err(BadKemKey.into()));
    }
    let pair = bob.one_time[0].peek_unverified().unwrap();
    for key in overflowing(pair.kem.as_bytes()) {
        let pair = OneTimePair { kem: KemKey::new(key), ..pair.clone() };
        let bundle = PrekeyBundle { one_time: Some(bob.device.sign(&pair)), ..good.clone() };
        assert_eq!(begin(&alice, &bob, &bob.card, bundle, rng), Err(BadKemKey.into()));
    }
}

#[test]
fn attack_24_missing_ml_kem_input_checks_in_headers() {
    let rng = &mut rng(105);
    let (alice, mut bob) = alice_and_bob(rng);
    let begun = alice.initiate(&mut bob, rng);
    let good = bob.last_resort.peek_unverified().unwrap();
    for key in overflowing(good.key.as_bytes()) {
        let choice = Choice { ek: Some(key), ..Choice::default() };
        let (_, body) = Rogue::of(&begun).seal(&choice, b"hello", rng);
        let error = OpenError::BadKemKey(BadKemKey);
        assert_eq!(not_accepted(&mut bob, &body), AcceptError::Message(error));
    }
    let (ours, mut theirs) = alice.established(&mut bob, rng);
    for key in overflowing(good.key.as_bytes()) {
        let choice = Choice { ek: Some(key), ..Choice::default() };
        let (kind, body) = Rogue::of(&ours).seal(&choice, b"mine", rng);
        assert_eq!(refused(&mut theirs, kind, &body), OpenError::BadKemKey(BadKemKey));
    }
    let (kind, body) = Rogue::of(&ours).seal(&Choice::default(), b"mine", rng);
    assert_eq!(theirs.open(kind, &body, NOW).unwrap(), b"mine", "else it is right");
}
