//! The sending half: a chain, or a step that is due. SPEC §5 "State".

use msg_protocol::envelope::EnvelopeKind;

use super::{
    chain::ChainKey,
    header::{Header, HeaderKey},
    message_key::MessageKey,
};
use crate::{
    agreement::AgreementSecret,
    archive::{ArchiveError, Reader, Writer},
    kem::{KemCiphertext, KemSecret},
    limits::MAX_JUMP,
};

/// What the next message is sealed with.
pub(crate) enum Sending {
    /// A chain whose private ratchet keys the peer has not answered yet.
    Chain(alloc::boxed::Box<SendingChain>),
    /// The next message makes a step first.
    Due {
        /// Messages in the chain before.
        previous: u32,
    },
}

impl Sending {
    /// Messages sent in the chain that the next step ends.
    pub(crate) fn count(&self) -> u32 {
        match self {
            Self::Chain(chain) => chain.n,
            Self::Due { previous } => *previous,
        }
    }
}

/// A chain of messages under one pair of ratchet keys.
pub(crate) struct SendingChain {
    pub(crate) dh: AgreementSecret,
    pub(crate) kem: KemSecret,
    pub(crate) ct: Option<KemCiphertext>,
    pub(crate) key: ChainKey,
    pub(crate) header_key: HeaderKey,
    pub(crate) n: u32,
    pub(crate) pn: u32,
}

impl SendingChain {
    /// The kind of envelope that this chain's messages travel in.
    pub(crate) fn kind(&self) -> EnvelopeKind {
        if self.ct.is_some() { EnvelopeKind::Session } else { EnvelopeKind::Handshake }
    }

    pub(crate) fn header(&self) -> Header {
        Header {
            dh: *self.dh.public(),
            pn: self.pn,
            n: self.n,
            ek: self.kem.public().clone(),
            ct: self.ct.clone(),
        }
    }

    /// Takes the key of the next message; none if the chain is at its end.
    ///
    /// A first chain ends early: a recipient who gets none but its last message,
    /// the others having expired, must still be able to begin with that.
    pub(crate) fn take_key(&mut self) -> Option<MessageKey> {
        if self.kind() == EnvelopeKind::Handshake && self.n > MAX_JUMP {
            return None;
        }
        let n = self.n.checked_add(1)?;
        let (message, next) = self.key.advance();
        self.key = next;
        self.n = n;
        Some(message)
    }

    pub(crate) fn archive(&self, writer: &mut Writer) {
        writer.secret(&self.dh.to_bytes());
        writer.bytes(self.dh.public().as_bytes());
        writer.secret(self.kem.seed());
        writer.bytes(self.kem.public().as_bytes());
        writer.u8(u8::from(self.ct.is_some()));
        if let Some(ct) = &self.ct {
            writer.bytes(ct.as_bytes());
        }
        writer.secret(&self.key.0);
        writer.secret(&self.header_key.0);
        writer.u32(self.n);
        writer.u32(self.pn);
    }

    pub(crate) fn restore(reader: &mut Reader<'_>) -> Result<Self, ArchiveError> {
        let dh = reader.secret()?;
        let dh_public = msg_protocol::key::AgreementKey(reader.array()?);
        let seed = reader.secret()?;
        let kem_public = msg_protocol::key::KemKey::new(reader.array()?);
        let ct = if reader.flag()? { Some(KemCiphertext::new(reader.array()?)) } else { None };
        Ok(Self {
            dh: AgreementSecret::from_parts(&dh, dh_public),
            kem: KemSecret::from_parts(seed, kem_public),
            ct,
            key: ChainKey(reader.secret()?),
            header_key: HeaderKey(reader.secret()?),
            n: reader.u32()?,
            pn: reader.u32()?,
        })
    }
}
