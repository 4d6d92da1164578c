//! A session: the cryptographic state between two devices. SPEC §4 to §6.

pub mod pair;
mod stored;

use alloc::vec::Vec;

use msg_protocol::{
    card::CardRef,
    envelope::{Body, EnvelopeKind},
    hash::{Label, hash},
    id::DeviceId,
    key::IdentityKey,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use crate::{
    handshake::{Block, Flight, HandshakeName},
    limits::{body_size, max_content},
    ratchet::{OpenError, Ratchet, SealError, Wire},
};

/// The state between this device and one other.
///
/// [`Session::seal`] and [`Session::open`] change it; the changed state must be
/// durable before the ciphertext or an acknowledgement leaves.
pub struct Session {
    th2: [u8; 32],
    name: HandshakeName,
    generation: u64,
    peer: Peer,
    role: Role,
    ratchet: Ratchet,
}

/// Whom a session is with. What arrives in it is theirs, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The account's identity.
    pub identity: IdentityKey,
    /// The device.
    pub device: DeviceId,
    /// The card that the handshake was made with.
    pub card: CardRef,
}

enum Role {
    /// The block stands before every wire until the first answer.
    Initiator { block: Option<Vec<u8>> },
    /// Hash of the block, which every further copy must equal.
    Responder { block: [u8; 32] },
}

/// A session's place among those of its pair of devices: the greatest sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    generation: u64,
    th2: [u8; 32],
}

impl Rank {
    /// The same place, of a generation no later than `latest`.
    fn no_later_than(self, latest: UnixSeconds) -> Self {
        Self { generation: self.generation.min(latest.0), ..self }
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.generation.cmp(&other.generation).then_with(|| other.th2.cmp(&self.th2))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A sealed message, ready for an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The kind of envelope it travels in.
    pub kind: EnvelopeKind,
    /// The envelope's body.
    pub body: Body,
}

impl Session {
    /// A session that we begin: the block goes before each wire for now.
    pub(crate) fn begun(
        th2: [u8; 32],
        generation: u64,
        peer: Peer,
        block: &Block,
        ratchet: Ratchet,
    ) -> Self {
        let role = Role::Initiator { block: Some(block.write()) };
        Self { th2, name: block.name(), generation, peer, role, ratchet }
    }

    /// A session that the peer has begun.
    pub(crate) fn accepted(
        th2: [u8; 32],
        generation: u64,
        peer: Peer,
        flight: &Flight<'_>,
        ratchet: Ratchet,
    ) -> Self {
        let role = Role::Responder { block: block_hash(flight.block_bytes) };
        Self { th2, name: flight.block.name(), generation, peer, role, ratchet }
    }

    /// Whom it is with.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Its place among the sessions with that device.
    pub fn rank(&self) -> Rank {
        Rank { generation: self.generation, th2: self.th2 }
    }

    /// The name of its handshake.
    pub fn name(&self) -> HandshakeName {
        self.name
    }

    /// Whether we began it and have had no answer yet.
    pub fn is_unanswered(&self) -> bool {
        self.ratchet.next_kind() == EnvelopeKind::Handshake
    }

    /// Most bytes of content that the next envelope can hold.
    pub fn max_content(&self) -> usize {
        max_content(self.ratchet.next_kind(), self.block().len())
    }

    /// Seals a content into the smallest body that holds it.
    ///
    /// # Panics
    /// Never: the wire pads to the body size chosen before.
    pub fn seal<R: CryptoRng + ?Sized>(
        &mut self,
        content: &[u8],
        rng: &mut R,
    ) -> Result<Sealed, SealError> {
        let kind = self.ratchet.next_kind();
        let block = self.block();
        let size = body_size(kind, block.len(), content.len())
            .ok_or(SealError::TooLong { length: content.len(), limit: self.max_content() })?;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(block);
        self.ratchet.seal(&mut bytes, size, &self.th2, content, rng)?;
        #[expect(clippy::expect_used, reason = "the wire pads to the body size chosen before")]
        let body = Body::new(bytes).expect("a body of a fixed size");
        Ok(Sealed { kind, body })
    }

    /// Opens an envelope's body. On error the session is as it was.
    pub fn open(
        &mut self,
        kind: EnvelopeKind,
        body: &Body,
        now: UnixSeconds,
    ) -> Result<Vec<u8>, OpenError> {
        let wire = self.wire(kind, body.as_bytes())?;
        let content = self.ratchet.open(&wire, &self.th2, now)?;
        if let Role::Initiator { block } = &mut self.role {
            *block = None;
        }
        Ok(content)
    }

    /// Destroys keys of missing messages that have waited too long.
    pub fn expire(&mut self, now: UnixSeconds) {
        self.ratchet.expire(now);
    }

    /// Cuts the wire out of a body, and checks a handshake block before it.
    fn wire<'a>(&self, kind: EnvelopeKind, body: &'a [u8]) -> Result<Wire<'a>, OpenError> {
        if kind == EnvelopeKind::Session {
            return Wire::parse(kind, body).ok_or(OpenError::Malformed);
        }
        let flight = Flight::parse(body).map_err(|_| OpenError::Malformed)?;
        let Role::Responder { block } = &self.role else {
            return Err(OpenError::NotForThisSession);
        };
        if flight.block.name() != self.name {
            return Err(OpenError::NotForThisSession);
        }
        if block_hash(flight.block_bytes) != *block {
            return Err(OpenError::Malformed);
        }
        Ok(flight.wire)
    }

    fn block(&self) -> &[u8] {
        match &self.role {
            Role::Initiator { block: Some(block) } => block,
            _ => &[],
        }
    }
}

#[cfg(test)]
impl Session {
    /// The same session in another place among those of its pair.
    pub(crate) fn ranked(self, generation: u64, th2: [u8; 32]) -> Self {
        Self { th2, generation, ..self }
    }
}

/// What a responder remembers of a handshake block.
fn block_hash(block: &[u8]) -> [u8; 32] {
    hash(Label::new("hs-block"), &[block])
}
