//! Signed bytes, and values that come only out of a signature check.
//!
//! What is signed is the byte string that travels, never a value encoded anew.
//! SPEC §"Signed objects".

use alloc::vec::Vec;
use core::{fmt, marker::PhantomData, ops::Deref};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    codec::{self, DecodeError},
    hash::Label,
    key::{Signature, VerifyingKey},
};

/// A kind of object that is signed: its label, its signer, its rules.
pub trait Signable: Serialize + DeserializeOwned {
    /// Domain of the signature: `sig/KIND`.
    const LABEL: Label;
    /// The type of key that signs it.
    type Signer: VerifyingKey;
    /// Most bytes of its encoding.
    const MAX_BYTES: usize;

    /// Rules that the type alone cannot express.
    fn check(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Why a signed object was refused. Always the fault of who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Not signed by that key.
    #[error("signature does not verify")]
    BadSignature,
    /// Signed, but not an encoding of the object.
    #[error("signed object is malformed")]
    Decode(#[from] DecodeError),
    /// Signed and decoded, but against the object's rules.
    #[error("signed object breaks a rule: {0}")]
    Rule(&'static str),
}

/// A byte string with a signature, not checked yet.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Signed<T> {
    #[serde(with = "codec::bytes")]
    raw: Vec<u8>,
    signature: Signature,
    #[serde(skip)]
    kind: PhantomData<fn() -> T>,
}

impl<T: Signable> Signed<T> {
    /// Puts together what somebody else signed.
    pub fn from_parts(raw: Vec<u8>, signature: Signature) -> Self {
        Self { raw, signature, kind: PhantomData }
    }

    /// The bytes to sign for `value`: label and encoding.
    pub fn message_for(value: &T) -> Vec<u8> {
        T::LABEL.followed_by(&codec::encode(value))
    }

    /// The signed bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// What the bytes say, on nobody's word: for looking up the key to verify with.
    pub fn peek_unverified(&self) -> Result<T, DecodeError> {
        codec::decode(&self.raw, T::MAX_BYTES)
    }

    /// Checks the signature, then the encoding, then the rules.
    pub fn verify(self, key: &T::Signer) -> Result<Verified<T>, VerifyError> {
        if self.raw.len() > T::MAX_BYTES {
            return Err(VerifyError::Decode(DecodeError::TooLong {
                length: self.raw.len(),
                limit: T::MAX_BYTES,
            }));
        }
        key.verify(T::LABEL, &self.raw, &self.signature).map_err(|_| VerifyError::BadSignature)?;
        let value: T = codec::decode(&self.raw, T::MAX_BYTES)?;
        value.check().map_err(VerifyError::Rule)?;
        Ok(Verified { value, signed: self })
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), signature: self.signature, kind: PhantomData }
    }
}

impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw && self.signature == other.signature
    }
}

impl<T> Eq for Signed<T> {}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Signed({} bytes)", self.raw.len())
    }
}

/// A value whose signature has been checked. There is no other way to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    signed: Signed<T>,
}

impl<T> Verified<T> {
    /// The signed bytes, to be passed on.
    pub fn as_signed(&self) -> &Signed<T> {
        &self.signed
    }

    /// Gives the signed bytes back.
    pub fn into_signed(self) -> Signed<T> {
        self.signed
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
