//! The envelope: all that a relay sees of a message. SPEC §"Envelopes".

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    id::{EnvelopeId, MailboxId},
    limits::BODY_SIZES,
    time::UnixSeconds,
};

/// What an envelope's body begins with. All that tells bodies apart but size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EnvelopeKind {
    /// Of an established session: random to whoever lacks its keys.
    Session,
    /// Carries a handshake block in front.
    Handshake,
}

/// Opaque bytes of one of the fixed sizes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Body(Vec<u8>);

/// A body of a size that no body has. The sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes is not a body size")]
pub struct BodySizeError(pub usize);

impl Body {
    /// Takes bytes of one of the fixed sizes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, BodySizeError> {
        if BODY_SIZES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(BodySizeError(bytes.len())) }
    }

    /// The smallest fixed size that holds `bytes`.
    pub fn size_for(bytes: usize) -> Option<usize> {
        BODY_SIZES.into_iter().find(|size| *size >= bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for Body {
    type Error = BodySizeError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, BodySizeError> {
        Self::new(bytes)
    }
}

impl From<Body> for Vec<u8> {
    fn from(body: Body) -> Self {
        body.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Body({} bytes)", self.0.len())
    }
}

/// What a sender deposits and a relay keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Whose it is.
    pub mailbox: MailboxId,
    /// The sender's choice; a second deposit under it changes nothing.
    pub id: EnvelopeId,
    /// How to read the body.
    pub kind: EnvelopeKind,
    /// When the relay may forget it.
    pub expires: UnixSeconds,
    /// The ciphertext.
    pub body: Body,
}
