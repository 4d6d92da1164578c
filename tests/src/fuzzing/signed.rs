//! Signed objects whose bytes the signer chose badly: a signature opens nothing
//! that the encoding or the rules forbid, and serves no other kind.

use ed25519_dalek::Signer as _;
use msg_protocol::{
    card::{Card, Succession},
    codec,
    group::{GroupAccept, GroupCommit},
    key::{IdentityKey, Signature, SigningKey, VerifyingKey},
    prekey::{LastResortPrekey, OneTimePair, SignedPrekey},
    signed::{Signable, Signed, Verified},
};

use super::{script::Script, world::WORLD};

/// A kind, then the bytes that are signed.
pub fn signed_object(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let kind = script.byte() % 6;
    let raw = script.rest();
    match kind {
        0 => verify::<Card>(raw).is_some_and(|card| follow(&card)),
        1 => verify::<SignedPrekey>(raw).is_some(),
        2 => verify::<LastResortPrekey>(raw).is_some(),
        3 => verify::<OneTimePair>(raw).is_some(),
        4 => verify::<GroupCommit>(raw).is_some(),
        _ => verify::<GroupAccept>(raw).is_some(),
    }
}

/// A key of the kind that signs such objects.
trait FromBytes {
    fn from_bytes(bytes: [u8; 32]) -> Self;
}

impl FromBytes for IdentityKey {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromBytes for SigningKey {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

fn verify<T: Signable>(raw: &[u8]) -> Option<Verified<T>>
where
    T::Signer: FromBytes,
{
    let private = ed25519_dalek::SigningKey::from_bytes(&WORLD.signer_seed);
    let public = T::Signer::from_bytes(private.verifying_key().to_bytes());
    let sign = |message: &[u8]| Signature(private.sign(message).to_bytes());
    let signed = |signature| Signed::<T>::from_parts(raw.to_vec(), signature);

    assert!(signed(sign(raw)).verify(&public).is_err(), "a signature without its label");
    let signature = sign(&T::LABEL.followed_by(raw));
    assert!(public.verify(T::LABEL, raw, &signature).is_ok());
    let verified = signed(signature).verify(&public).ok();
    let value = codec::decode::<T>(raw, T::MAX_BYTES).ok().filter(|value| value.check().is_ok());
    assert_eq!(verified.is_some(), value.is_some(), "against the encoding or the rules");
    if let (Some(verified), Some(value)) = (&verified, value) {
        assert_eq!(codec::encode(&**verified), codec::encode(&value));
        assert_eq!(verified.as_signed().raw(), raw);
    }
    verified
}

/// Whether the card may follow the one that is held, and why.
fn follow(offered: &Verified<Card>) -> bool {
    for held in &WORLD.cards {
        match held.admits(offered) {
            Ok(Succession::Same) => assert_eq!(held.hash(), offered.hash()),
            Ok(Succession::Next) => {
                assert_eq!(offered.version, held.version + 1);
                assert_eq!(offered.previous, held.hash());
                assert_eq!((offered.identity, &offered.name), (held.identity, &held.name));
            }
            Err(_) => assert_ne!(held.hash(), offered.hash(), "the card we hold, refused"),
        }
    }
    true
}
