//! Cards: encoding, signature, hash, the rules of one card and of two in a row.

use alloc::vec::Vec;

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    card::{CARD_FORMAT, Card, CardHash, Device, Succession, SuccessionError},
    codec,
    hash::Label,
    key::Signature,
    signed::{Signed, Verified},
    time::UnixDay,
};

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
};
use crate::{
    identity::{DeviceSecret, IdentitySecret},
    secret::Secret,
};

/// 2027-01-15, when all of the vectors happen.
pub(crate) const TODAY: UnixDay = UnixDay(20_833);

#[test]
fn cards_are_as_their_vectors_say() {
    let rng = &mut Draws::of("card");
    let seed: Secret<32> = rng.secret();
    let identity = IdentitySecret::from_seed(&seed);
    let first = first_card("alice", &identity, devices(1, rng));
    let second = next_card(&identity, &first, devices(1, rng));
    let largest = first_card("a-name_of.exactly-32-characters-", &identity, devices(16, rng));
    let mut cases: Vec<Case> = [
        ("the first card", &first),
        ("the second, with another device", &second),
        ("as many devices as may be", &largest),
    ]
    .into_iter()
    .map(|(name, card)| signed(name, &seed, card))
    .collect();
    cases.extend(refused(&seed, &first, rng));
    cases.extend(successions(&identity, &first, rng));
    File {
        name: "card",
        about: "Cards. `sign`: from a value and the identity's seed to bytes, signature, hash and \
                ids. `verify`: signed bytes that must be refused although they look like a card. \
                `succession`: what a holder of one card says to another.",
        spec: "crypto/SPEC.md §3, protocol/SPEC.md",
        cases,
    }
    .keep();
}

/// A number of devices' public entries.
pub(crate) fn devices(count: usize, rng: &mut Draws) -> Vec<Device> {
    let device = |_| DeviceSecret::from_seeds(&rng.secret(), &rng.secret()).public(TODAY);
    (0..count).map(device).collect()
}

/// The first card of an account.
pub(crate) fn first_card(
    name: &str,
    identity: &IdentitySecret,
    devices: Vec<Device>,
) -> Verified<Card> {
    sign(
        identity,
        &Card {
            format: CARD_FORMAT,
            identity: identity.public(),
            name: name.parse().unwrap(),
            version: 1,
            previous: CardHash::NONE,
            created: TODAY,
            devices,
        },
    )
}

fn sign(identity: &IdentitySecret, card: &Card) -> Verified<Card> {
    identity.sign(card).verify_by_own_identity().unwrap()
}

/// What travels of a signed object.
pub(crate) fn signed_json<T: msg_protocol::signed::Signable>(signed: &Signed<T>) -> Json {
    object! { "raw": signed.raw(), "signature": &signed.signature().0 }
}

fn card_json(card: &Card) -> Json {
    let device = |device: &Device| {
        object! {
            "signing": device.signing.as_bytes(),
            "agreement": device.agreement.as_bytes(),
            "added": device.added.0,
        }
    };
    object! {
        "format": card.format,
        "identity": card.identity.as_bytes(),
        "name": card.name.as_str(),
        "version": card.version,
        "previous": &card.previous.0,
        "created": card.created.0,
        "devices": card.devices.iter().map(device).collect::<Vec<_>>(),
    }
}

fn signed(name: &str, seed: &Secret<32>, card: &Verified<Card>) -> Case {
    let signed = card.as_signed();
    let ids = card.devices.iter().map(|device| Json::from(device.id().as_bytes()));
    let mailboxes: Vec<_> = card.mailboxes().map(|id| Json::from(id.as_bytes())).collect();
    Case::new("sign", name, object! { "seed": seed, "card": card_json(card) })
        .steps(object! { "signed message": &Signed::message_for(&**card) })
        .outputs(object! {
            "raw": signed.raw(),
            "signature": &signed.signature().0,
            "hash": &card.hash().0,
            "account": card.account().as_bytes(),
            "devices": ids.collect::<Vec<_>>(),
            "mailboxes": mailboxes,
        })
}

/// Bytes under a signature of the kind `label`, whatever they are.
fn sign_bytes(seed: &Secret<32>, label: &'static str, raw: Vec<u8>) -> Signed<Card> {
    let message = Label::new(label).followed_by(&raw);
    let signature = Ed25519::from_bytes(seed.expose()).sign(&message).to_bytes();
    Signed::from_parts(raw, Signature(signature))
}

fn refused(seed: &Secret<32>, card: &Verified<Card>, rng: &mut Draws) -> Vec<Case> {
    let raw = card.as_signed().raw().to_vec();
    let changed = |change: fn(&mut Card)| {
        let mut card = Card::clone(card);
        change(&mut card);
        sign_bytes(seed, "sig/card", codec::encode(&card))
    };
    let with_devices = |devices| {
        sign_bytes(seed, "sig/card", codec::encode(&Card { devices, ..Card::clone(card) }))
    };
    let mut trailing = raw.clone();
    trailing.push(0);
    let mut long_form = raw.clone();
    let version = 1 + 32 + 1 + card.name.as_str().len();
    assert_eq!(long_form[version], 1);
    long_form.splice(version..=version, [0x81, 0]);
    let mut capital = raw.clone();
    capital[34] = b'A';
    let mut flipped = *card.as_signed().signature();
    flipped.0[63] ^= 1;
    let foreign = sign_bytes(&rng.secret(), "sig/card", raw.clone());
    let cases = [
        ("a byte left over", sign_bytes(seed, "sig/card", trailing)),
        ("the version in a longer form than need be", sign_bytes(seed, "sig/card", long_form)),
        ("cut short", sign_bytes(seed, "sig/card", raw[..raw.len() - 1].to_vec())),
        ("a capital letter in the name", sign_bytes(seed, "sig/card", capital)),
        ("unknown format", changed(|card| card.format = 2)),
        ("version zero", changed(|card| card.version = 0)),
        ("a first version with a predecessor", changed(|card| card.previous.0 = [1; 32])),
        ("a second version without a predecessor", changed(|card| card.version = 2)),
        ("no device", changed(|card| card.devices.clear())),
        ("a device twice", changed(|card| card.devices.push(card.devices[0].clone()))),
        ("seventeen devices", with_devices(devices(17, rng))),
        ("signed by another identity", foreign),
        ("signed as another kind", sign_bytes(seed, "sig/spk", raw.clone())),
        ("one bit of the signature flipped", Signed::from_parts(raw.clone(), flipped)),
    ];
    cases
        .into_iter()
        .map(|(name, signed)| {
            assert!(signed.clone().verify_by_own_identity().is_err());
            Case::new("verify", name, signed_json(&signed)).refused(true)
        })
        .collect()
}

/// The card after `card`, with more devices.
fn next_card(
    identity: &IdentitySecret,
    card: &Verified<Card>,
    more: Vec<Device>,
) -> Verified<Card> {
    let mut next = Card::clone(card);
    next.version += 1;
    next.previous = card.hash();
    next.devices.extend(more);
    sign(identity, &next)
}

fn successions(identity: &IdentitySecret, first: &Verified<Card>, rng: &mut Draws) -> Vec<Case> {
    let second = next_card(identity, first, devices(1, rng));
    let third = next_card(identity, &second, devices(1, rng));
    let rival = next_card(identity, first, devices(1, rng));
    let after_rival = next_card(identity, &rival, devices(1, rng));
    let mut renamed = Card::clone(&second);
    renamed.name = "alicia".parse().unwrap();
    let renamed = sign(identity, &renamed);
    let foreign = IdentitySecret::from_seed(&rng.secret());
    let foreign = first_card("alice", &foreign, first.devices.clone());
    let pairs = [
        ("the next version", first, &second),
        ("the same card", &second, &second),
        ("an older version", &second, first),
        ("the held version in another form", &second, &rival),
        ("a successor of another form of the held version", &second, &after_rival),
        ("a version is missing between", first, &third),
        ("another name", first, &renamed),
        ("another identity", first, &foreign),
    ];
    pairs.into_iter().map(|(name, held, offered)| succession(name, held, offered)).collect()
}

fn succession(name: &str, held: &Verified<Card>, offered: &Verified<Card>) -> Case {
    let verdict = match held.admits(offered) {
        Ok(Succession::Same) => "same",
        Ok(Succession::Next) => "next",
        Err(SuccessionError::ForeignIdentity) => "foreign identity",
        Err(SuccessionError::Renamed) => "renamed",
        Err(SuccessionError::Rollback { .. }) => "rollback",
        Err(SuccessionError::Fork { .. }) => "fork",
        Err(SuccessionError::Gap { .. }) => "gap",
        Err(_) => unreachable!("an error that these vectors do not know"),
    };
    let inputs = object! {
        "held": signed_json(held.as_signed()), "offered": signed_json(offered.as_signed()),
    };
    Case::new("succession", name, inputs).outputs(object! { "verdict": verdict })
}
