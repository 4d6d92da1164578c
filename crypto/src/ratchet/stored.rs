//! The ratchet's layout in an archive. SPEC §11 "Archives".

use alloc::{boxed::Box, collections::VecDeque};

use msg_protocol::key::{AgreementKey, KemKey};

use super::{
    HeaderKey, Ratchet, RootKey,
    receiving::ReceivingChain,
    sending::{Sending, SendingChain},
};
use crate::{
    archive::{ArchiveError, Reader, Writer},
    limits::{MAX_RECEIVING_CHAINS, MAX_SKIPPED_KEPT},
};

impl Ratchet {
    pub(crate) fn archive(&self, writer: &mut Writer) {
        writer.secret(&self.root.0);
        match &self.sending {
            Sending::Due { previous } => {
                writer.u8(0);
                writer.u32(*previous);
            }
            Sending::Chain(chain) => {
                writer.u8(1);
                chain.archive(writer);
            }
        }
        writer.secret(&self.next_sending.0);
        writer.secret(&self.next_receiving.0);
        writer.bytes(self.peer_dh.as_bytes());
        writer.u8(u8::from(self.peer_kem.is_some()));
        if let Some(key) = &self.peer_kem {
            writer.bytes(key.as_bytes());
        }
        writer.count(self.receiving.len());
        for chain in &self.receiving {
            chain.archive(writer);
        }
    }

    pub(crate) fn restore(reader: &mut Reader<'_>) -> Result<Self, ArchiveError> {
        let root = RootKey(reader.secret()?);
        let sending = if reader.flag()? {
            Sending::Chain(Box::new(SendingChain::restore(reader)?))
        } else {
            Sending::Due { previous: reader.u32()? }
        };
        let next_sending = HeaderKey(reader.secret()?);
        let next_receiving = HeaderKey(reader.secret()?);
        let peer_dh = AgreementKey(reader.array()?);
        let peer_kem = if reader.flag()? { Some(KemKey::new(reader.array()?)) } else { None };
        let mut receiving = VecDeque::new();
        for _ in 0..reader.count(MAX_RECEIVING_CHAINS)? {
            receiving.push_back(ReceivingChain::restore(reader)?);
        }
        check_chains(&receiving)?;
        Ok(Self { root, sending, next_sending, next_receiving, peer_dh, peer_kem, receiving })
    }
}

/// Only the newest chain goes on, and all together wait for no more than they may.
fn check_chains(chains: &VecDeque<ReceivingChain>) -> Result<(), ArchiveError> {
    let waiting: usize = chains.iter().map(ReceivingChain::kept_count).sum();
    let in_place =
        chains.iter().enumerate().all(|(index, chain)| chain.is_closed() == (index != 0));
    if in_place && waiting <= MAX_SKIPPED_KEPT { Ok(()) } else { Err(ArchiveError::Damaged) }
}
