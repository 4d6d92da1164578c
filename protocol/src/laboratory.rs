//! Keys, cards and signatures for this crate's own tests.

use alloc::{vec, vec::Vec};

use ed25519_dalek::Signer as _;

use crate::{
    card::{CARD_FORMAT, Card, CardHash, CardRef, Device},
    key::{AgreementKey, IdentityKey, Signature, SigningKey},
    signed::{Signable, Signed, Verified},
    time::UnixDay,
};

/// The private key that belongs to a seed.
pub(crate) fn private(seed: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
}

/// The identity that belongs to a seed.
pub(crate) fn identity(seed: u8) -> IdentityKey {
    IdentityKey(private(seed).verifying_key().to_bytes())
}

/// The device signing key that belongs to a seed.
pub(crate) fn signing(seed: u8) -> SigningKey {
    SigningKey(private(seed).verifying_key().to_bytes())
}

/// Signs a value as its kind.
pub(crate) fn sign<T: Signable>(seed: u8, value: &T) -> Signed<T> {
    sign_raw(seed, crate::codec::encode(value))
}

/// Signs any bytes as a kind.
pub(crate) fn sign_raw<T: Signable>(seed: u8, raw: Vec<u8>) -> Signed<T> {
    let signature = private(seed).sign(&T::LABEL.followed_by(&raw));
    Signed::from_parts(raw, Signature(signature.to_bytes()))
}

/// A first card with one device.
pub(crate) fn card(seed: u8) -> Card {
    Card {
        format: CARD_FORMAT,
        identity: identity(seed),
        name: "bob".parse().unwrap(),
        version: 1,
        previous: CardHash::NONE,
        created: UnixDay(20_000),
        devices: vec![device(seed.wrapping_add(100))],
    }
}

/// A device.
pub(crate) fn device(seed: u8) -> Device {
    Device { signing: signing(seed), agreement: AgreementKey([seed; 32]), added: UnixDay(20_000) }
}

/// A card, signed and checked.
pub(crate) fn verified(seed: u8, card: &Card) -> Verified<Card> {
    sign(seed, card).verify(&identity(seed)).unwrap()
}

/// What somebody may hold of a card.
pub(crate) fn card_ref(version: u32) -> CardRef {
    CardRef { version, hash: CardHash([7; 32]) }
}
