//! One device in the laboratory: its keys, its sessions, and what it has opened.

use std::collections::BTreeSet;

use msg_crypto::{
    AcceptError, OpenError,
    handshake::HandshakeName,
    session::{Rank, pair::PeerSessions},
};
use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    time::UnixSeconds,
};
use rand_chacha::ChaCha20Rng;

use crate::party::Party;

/// One device that talks to one other.
pub(super) struct Side {
    pub(super) party: Party,
    pub(super) sessions: PeerSessions,
    /// Numbers of the messages that it has opened.
    pub(super) opened: BTreeSet<usize>,
}

/// What a delivery gave.
pub(super) struct Opening {
    pub(super) content: Vec<u8>,
    /// The session that it made, if it was a first flight.
    pub(super) accepted: Option<(HandshakeName, Rank)>,
}

/// Why a delivery gave nothing.
#[derive(Debug)]
#[expect(dead_code, reason = "read by who reads the message of a failure")]
pub(super) enum Refusal {
    Session(OpenError),
    Flight(AcceptError),
}

/// All that a device has on disk.
#[derive(PartialEq, Eq, Clone)]
pub(super) struct Disk {
    sessions: Vec<u8>,
    prekeys: Vec<u8>,
}

impl Side {
    pub(super) fn new(name: &str, rng: &mut ChaCha20Rng) -> Self {
        Self {
            party: Party::sparing(name, 2, rng),
            sessions: PeerSessions::default(),
            opened: BTreeSet::new(),
        }
    }

    /// What would be read back after a restart.
    pub(super) fn disk(&self) -> Disk {
        Disk {
            sessions: self.sessions.archive().as_bytes().to_vec(),
            prekeys: self.party.prekeys.archive().as_bytes().to_vec(),
        }
    }

    /// Starts from what is on disk.
    pub(super) fn start_from(&mut self, disk: &Disk) {
        self.sessions = PeerSessions::restore(&disk.sessions).unwrap();
        self.party.prekeys = msg_crypto::prekey::OwnPrekeys::restore(&disk.prekeys).unwrap();
    }

    /// Opens what has come, as a client does: in a session, else as a first flight
    /// of `peer`.
    pub(super) fn receive(
        &mut self,
        peer: &Party,
        kind: EnvelopeKind,
        body: &Body,
        now: UnixSeconds,
    ) -> Result<Opening, Refusal> {
        match self.sessions.open(kind, body, now) {
            Ok(content) => return Ok(Opening { content, accepted: None }),
            Err(OpenError::NotForThisSession) if kind == EnvelopeKind::Handshake => {}
            Err(error) => return Err(Refusal::Session(error)),
        }
        let accepted = self.party.accept(body, now).map_err(Refusal::Flight)?;
        assert_eq!(accepted.initiator, peer.card, "the flight is the peer's");
        assert_eq!(accepted.session.peer().identity, peer.identity.public());
        assert_eq!(accepted.session.peer().device, peer.device.id());
        let made = (accepted.session.name(), accepted.session.rank());
        self.sessions.adopt(accepted.session, now);
        Ok(Opening { content: accepted.content, accepted: Some(made) })
    }
}
