//! The envelope: all that a relay sees of a message. SPEC §"Envelopes".

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    bounded::Bytes,
    codec,
    id::{EnvelopeId, MailboxId},
    limits::{BODY_SIZES, MAX_BODY_BYTES},
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
#[serde(try_from = "Bytes<MAX_BODY_BYTES>")]
pub struct Body(#[serde(with = "codec::bytes")] Vec<u8>);

/// A body of a size that no body has. The sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes is not a body size")]
pub struct BodySizeError(pub usize);

impl Body {
    /// Takes bytes of one of the fixed sizes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, BodySizeError> {
        if BODY_SIZES.contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(BodySizeError(bytes.len()))
        }
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

impl TryFrom<Bytes<MAX_BODY_BYTES>> for Body {
    type Error = BodySizeError;

    fn try_from(bytes: Bytes<MAX_BODY_BYTES>) -> Result<Self, BodySizeError> {
        Self::new(bytes.into_vec())
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

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::{DecodeError, decode, encode};

    fn envelope(body: usize) -> Result<Envelope, BodySizeError> {
        Ok(Envelope {
            mailbox: MailboxId([1; 16]),
            id: EnvelopeId([2; 16]),
            kind: EnvelopeKind::Session,
            expires: UnixSeconds(1_700_000_000),
            body: Body::new(vec![9; body])?,
        })
    }

    #[test]
    fn a_body_has_one_of_the_fixed_sizes() {
        for size in BODY_SIZES {
            let envelope = envelope(size).unwrap();
            let bytes = encode(&envelope);
            assert_eq!(decode(&bytes, MAX_BODY_BYTES + 64), Ok(envelope));
        }
        for size in [0, 1, 4_095, 4_097, 12_288, 65_535, 65_537] {
            assert_eq!(envelope(size), Err(BodySizeError(size)));
        }
        let short = encode(&vec![0_u8; 4_095]);
        assert_eq!(decode::<Body>(&short, 65_600), Err(DecodeError::Malformed));
    }

    #[test]
    fn the_smallest_size_that_fits_is_chosen() {
        assert_eq!(Body::size_for(0), Some(4_096));
        assert_eq!(Body::size_for(4_096), Some(4_096));
        assert_eq!(Body::size_for(4_097), Some(8_192));
        assert_eq!(Body::size_for(65_536), Some(65_536));
        assert_eq!(Body::size_for(65_537), None);
    }
}
