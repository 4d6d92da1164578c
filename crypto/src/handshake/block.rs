//! The handshake block: what stands before the wire until the first answer.
//! SPEC §4 "Handshake block".

use alloc::vec::Vec;

use msg_protocol::{envelope::EnvelopeKind, key::AgreementKey, prekey::PrekeyId};

use super::HandshakeName;
use crate::{
    aead::TAG_BYTES,
    kem::{CIPHERTEXT_BYTES, KemCiphertext},
    ratchet::Wire,
};

/// X25519 + ML-KEM-768 + SHA-256 + ChaCha20-Poly1305.
pub(crate) const SUITE: u8 = 1;
/// The sizes that the initiator's part is padded to.
pub(crate) const INITIATOR_SIZES: [usize; 2] = [512, 2_048];

/// The KEM key that a handshake has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KemChoice {
    LastResort(PrekeyId),
    OneTime(PrekeyId),
}

impl KemChoice {
    pub(crate) fn id(self) -> PrekeyId {
        match self {
            Self::LastResort(id) | Self::OneTime(id) => id,
        }
    }
}

/// A handshake block, taken apart.
pub(crate) struct Block {
    pub(crate) card_version: u32,
    pub(crate) signed_prekey: PrekeyId,
    pub(crate) kem: KemChoice,
    pub(crate) ek: AgreementKey,
    pub(crate) ct: KemCiphertext,
    pub(crate) sealed: Vec<u8>,
}

/// Why bytes are no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockError {
    UnknownSuite(u8),
    Malformed,
}

impl Block {
    pub(crate) fn name(&self) -> HandshakeName {
        HandshakeName::of(&self.ek, &self.ct)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let (kind, kem_id) = match self.kem {
            KemChoice::LastResort(id) => (0, id),
            KemChoice::OneTime(id) => (1, id),
        };
        let mut out = Vec::new();
        out.push(SUITE);
        out.extend_from_slice(&self.card_version.to_be_bytes());
        out.extend_from_slice(&self.signed_prekey.0.to_be_bytes());
        out.push(kind);
        out.extend_from_slice(&kem_id.0.to_be_bytes());
        out.extend_from_slice(self.ek.as_bytes());
        out.extend_from_slice(self.ct.as_bytes());
        let length = u16::try_from(self.sealed.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.sealed);
        out
    }

    /// Reads a block from the front of `bytes`; gives what follows it.
    fn read(bytes: &[u8]) -> Result<(Self, &[u8]), BlockError> {
        match bytes.split_first() {
            Some((&SUITE, rest)) => Self::read_suite_1(rest).ok_or(BlockError::Malformed),
            Some((suite, _)) => Err(BlockError::UnknownSuite(*suite)),
            None => Err(BlockError::Malformed),
        }
    }

    fn read_suite_1(rest: &[u8]) -> Option<(Self, &[u8])> {
        let (card_version, rest) = rest.split_first_chunk()?;
        let (signed_prekey, rest) = rest.split_first_chunk()?;
        let ([kind], rest) = rest.split_first_chunk()?;
        let (kem_id, rest) = rest.split_first_chunk()?;
        let (ek, rest) = rest.split_first_chunk()?;
        let (ct, rest) = rest.split_first_chunk::<CIPHERTEXT_BYTES>()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        if !INITIATOR_SIZES.iter().any(|size| size + TAG_BYTES == length) {
            return None;
        }
        let (sealed, rest) = rest.split_at_checked(length)?;
        let kem_id = PrekeyId(u32::from_be_bytes(*kem_id));
        let kem = match kind {
            0 => KemChoice::LastResort(kem_id),
            1 => KemChoice::OneTime(kem_id),
            _ => return None,
        };
        let block = Self {
            card_version: u32::from_be_bytes(*card_version),
            signed_prekey: PrekeyId(u32::from_be_bytes(*signed_prekey)),
            kem,
            ek: AgreementKey(*ek),
            ct: KemCiphertext::new(*ct),
            sealed: sealed.to_vec(),
        };
        Some((block, rest))
    }
}

/// The body of a handshake envelope, taken apart, with nothing checked.
pub(crate) struct Flight<'a> {
    pub(crate) block: Block,
    pub(crate) block_bytes: &'a [u8],
    pub(crate) wire: Wire<'a>,
}

impl<'a> Flight<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, BlockError> {
        let (block, rest) = Block::read(body)?;
        let (block_bytes, rest) =
            body.split_at_checked(body.len() - rest.len()).ok_or(BlockError::Malformed)?;
        let wire = Wire::parse(EnvelopeKind::Handshake, rest).ok_or(BlockError::Malformed)?;
        Ok(Self { block, block_bytes, wire })
    }
}
