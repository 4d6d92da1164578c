//! What many attacks need: victims, altered bodies, bytes signed as they are.

use std::marker::PhantomData;

use msg_crypto::{AcceptError, OpenError, Session};
use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    hash::Label,
    key::{IdentityKey, SigningKey},
    signed::{Signable, Signed},
};
use msg_tests::party::{NOW, Party};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeTuple as _};

/// Alice and Bob, with few one-time pairs.
pub(crate) fn alice_and_bob(rng: &mut ChaCha20Rng) -> (Party, Party) {
    (Party::sparing("alice", 3, rng), Party::sparing("bob", 3, rng))
}

/// A body with a change in its bytes.
pub(crate) fn altered(body: &Body, change: impl FnOnce(&mut Vec<u8>)) -> Body {
    let mut bytes = body.as_bytes().to_vec();
    change(&mut bytes);
    Body::new(bytes).unwrap()
}

/// Tries to open; a refusal must leave the session as it was.
#[track_caller]
pub(crate) fn refused(session: &mut Session, kind: EnvelopeKind, body: &Body) -> OpenError {
    let before = session.archive();
    let error = session.open(kind, body, NOW).expect_err("this must not open");
    assert!(session.archive().as_bytes() == before.as_bytes(), "the state is as it was");
    error
}

/// Tries to accept; a refusal must leave the prekeys as they were.
#[track_caller]
pub(crate) fn not_accepted(party: &mut Party, body: &Body) -> AcceptError {
    let before = party.prekeys.archive();
    let error = party.accept(body, NOW).err().expect("this must not be accepted");
    assert!(
        party.prekeys.archive().as_bytes() == before.as_bytes(),
        "the prekeys are as they were"
    );
    error
}

/// Bytes that are signed as a `T` is, whatever they are.
pub(crate) struct RawAs<T>(Vec<u8>, PhantomData<T>);

impl<T: Signable> RawAs<T> {
    pub(crate) fn new(raw: Vec<u8>) -> Self {
        Self(raw, PhantomData)
    }
}

impl<T> Serialize for RawAs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for byte in &self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

impl<'de, T> Deserialize<'de> for RawAs<T> {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("only written"))
    }
}

impl<T: Signable> Signable for RawAs<T> {
    const LABEL: Label = T::LABEL;
    type Signer = T::Signer;
    const MAX_BYTES: usize = T::MAX_BYTES;
}

/// Another kind of object from the same bytes and signature.
pub(crate) fn as_kind<T: Signable, U: Signable>(signed: &Signed<T>) -> Signed<U> {
    Signed::from_parts(signed.raw().to_vec(), *signed.signature())
}

/// Bytes with a device's valid signature of kind `T`.
pub(crate) fn signed_by_device<T>(party: &Party, raw: Vec<u8>) -> Signed<T>
where
    T: Signable<Signer = SigningKey>,
{
    as_kind(&party.device.sign(&RawAs::<T>::new(raw)))
}

/// Bytes with an identity's valid signature of kind `T`.
pub(crate) fn signed_by_identity<T>(party: &Party, raw: Vec<u8>) -> Signed<T>
where
    T: Signable<Signer = IdentityKey>,
{
    as_kind(&party.identity.sign(&RawAs::<T>::new(raw)))
}
