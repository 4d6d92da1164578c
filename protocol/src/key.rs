//! The public halves of keys, each a type of its own, and Ed25519 verification.
//!
//! Private halves live in `msg-crypto`. Verification is strict (RFC 8032 with
//! small-order keys and large `S` refused). `crypto/SPEC.md` §1 and §3.

use alloc::boxed::Box;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{codec, hash::Label};

/// Bytes of an ML-KEM-768 encapsulation key.
pub const KEM_KEY_BYTES: usize = 1_184;

/// The signature is not by that key over those bytes; or the key is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signature does not verify")]
pub struct SignatureError;

macro_rules! public_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The key's bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

public_key! {
    /// An account's identity: Ed25519, signs cards.
    IdentityKey
}
public_key! {
    /// A device's signing key: Ed25519, signs prekeys and group operations.
    SigningKey
}
public_key! {
    /// An X25519 key: a device's agreement key, a prekey, a ratchet key.
    AgreementKey
}

/// An ML-KEM-768 encapsulation key, not yet checked: `msg-crypto` checks before use.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KemKey(#[serde(with = "boxed")] Box<[u8; KEM_KEY_BYTES]>);

impl KemKey {
    /// Wraps the key's bytes.
    pub fn new(bytes: [u8; KEM_KEY_BYTES]) -> Self {
        Self(Box::new(bytes))
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8; KEM_KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for KemKey {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("KemKey(..)")
    }
}

mod boxed {
    use super::{Box, KEM_KEY_BYTES, codec::array};

    pub(super) fn serialize<S: serde::Serializer>(
        bytes: &[u8; KEM_KEY_BYTES],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        array::serialize(bytes, serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Box<[u8; KEM_KEY_BYTES]>, D::Error> {
        array::deserialize(deserializer).map(Box::new)
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature(#[serde(with = "codec::array")] pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Signature(..)")
    }
}

/// A public key that signatures can be checked against.
pub trait VerifyingKey {
    /// The key's 32 bytes.
    fn bytes(&self) -> &[u8; 32];

    /// Checks a signature over `label || message`.
    fn verify(
        &self,
        label: Label,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        verify_strict(self.bytes(), &label.followed_by(message), signature)
    }
}

fn verify_strict(
    key: &[u8; 32],
    message: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| SignatureError)?;
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(message, &signature).map_err(|_| SignatureError)
}

impl VerifyingKey for IdentityKey {
    fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl VerifyingKey for SigningKey {
    fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
