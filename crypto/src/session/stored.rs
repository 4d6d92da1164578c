//! A session's layout in an archive. SPEC §11 "Archives".

use msg_protocol::{
    card::{CardHash, CardRef},
    id::DeviceId,
    key::IdentityKey,
};

use super::{Peer, Role, Session};
use crate::{
    archive::{ArchiveError, Reader, Writer},
    handshake::HandshakeName,
    ratchet::Ratchet,
};

const VERSION: u8 = 1;
/// More than any handshake block has.
const MAX_BLOCK: usize = 4_096;

impl Session {
    /// Writes the session for storing.
    pub fn archive(&self) -> Writer {
        let mut writer = Writer::new(VERSION);
        self.write(&mut writer);
        writer
    }

    /// Reads what [`Self::archive`] wrote.
    pub fn restore(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let session = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(session)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.th2);
        writer.bytes(&self.name.0);
        writer.u64(self.generation);
        writer.bytes(self.peer.identity.as_bytes());
        writer.bytes(self.peer.device.as_bytes());
        writer.u32(self.peer.card.version);
        writer.bytes(&self.peer.card.hash.0);
        match &self.role {
            Role::Initiator { block } => {
                writer.u8(0);
                writer.sized(block.as_deref().unwrap_or_default());
            }
            Role::Responder { block } => {
                writer.u8(1);
                writer.bytes(block);
            }
        }
        self.ratchet.archive(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ArchiveError> {
        let session = Self {
            th2: reader.array()?,
            name: HandshakeName(reader.array()?),
            generation: reader.u64()?,
            peer: Peer {
                identity: IdentityKey(reader.array()?),
                device: DeviceId(reader.array()?),
                card: CardRef { version: reader.u32()?, hash: CardHash(reader.array()?) },
            },
            role: Role::read(reader)?,
            ratchet: Ratchet::restore(reader)?,
        };
        // Without its block a first chain could never be opened; behind a block
        // nothing else may stand.
        let has_block = matches!(session.role, Role::Initiator { block: Some(_) });
        if has_block == session.is_unanswered() { Ok(session) } else { Err(ArchiveError::Damaged) }
    }
}

impl Role {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ArchiveError> {
        if reader.flag()? {
            return Ok(Self::Responder { block: reader.array()? });
        }
        let block = reader.sized(MAX_BLOCK)?;
        Ok(Self::Initiator { block: (!block.is_empty()).then(|| block.to_vec()) })
    }
}
