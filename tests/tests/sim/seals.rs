//! No key seals two plaintexts: every envelope that leaves is put to its place in its
//! sender's chain, which has a key of its own, and a place has one envelope for good.
//!
//! A store that was set back uses places again, before it knows; then the random
//! nonce, which feeds the key, has to be another.

use std::collections::{BTreeMap, BTreeSet};

use msg_crypto::session::pair::PeerSessions;
use msg_protocol::envelope::{Envelope, EnvelopeKind};
use msg_tests::adversary::{
    State,
    wire::{Wire, block},
};
use sha2::{Digest as _, Sha256};

use crate::ledger::Who;

const NONCE_BYTES: usize = 24;

/// A place in a chain: its header key, its number, and the nonce where that counts.
type Place = ([u8; 32], u32, Vec<u8>);

/// All that left.
#[derive(Default)]
pub(crate) struct Seals {
    /// Of the chains that there have been, the newest last, and whose they are.
    header_keys: Vec<([u8; 32], Who)>,
    known: BTreeSet<[u8; 32]>,
    seen: BTreeSet<[u8; 32]>,
    bodies: BTreeMap<Place, [u8; 32]>,
    /// Whose stores have been set back.
    pub(crate) set_back: BTreeSet<Who>,
    /// What is wrong.
    pub(crate) wrong: Vec<String>,
}

impl Seals {
    /// A device has made its sessions with another durable.
    pub(crate) fn learn(&mut self, whose: Who, sessions: &[u8]) {
        let sessions = PeerSessions::restore(sessions).unwrap();
        let Some(session) = sessions.sending() else { return };
        let state = State::of(session);
        let now = state.sending.map(|chain| chain.header_key);
        for key in now.into_iter().chain([state.next_sending]) {
            if self.known.insert(key) {
                self.header_keys.push((key, whose));
            }
        }
    }

    /// An envelope has left.
    pub(crate) fn see(&mut self, envelope: &Envelope) {
        let bytes = envelope.body.as_bytes();
        let body: [u8; 32] = Sha256::digest(bytes).into();
        if !self.seen.insert(body) {
            return;
        }
        let wire = Wire::cut(envelope.kind, bytes);
        let mut keys = self.header_keys.iter().rev();
        let place = keys.find_map(|(key, whose)| Some((*key, *whose, wire.header(key)?.n)));
        let Some((key, whose, number)) = place else {
            self.wrong.push("an envelope has left whose chain is not kept".to_owned());
            return;
        };
        let start = match envelope.kind {
            EnvelopeKind::Session => 0,
            EnvelopeKind::Handshake => block::length(bytes),
        };
        let nonce = bytes[start..start + NONCE_BYTES].to_vec();
        let nonce = if self.set_back.contains(&whose) { nonce } else { Vec::new() };
        if self.bodies.insert((key, number, nonce), body).is_some_and(|before| before != body) {
            self.wrong.push(format!("the key at place {number} of a chain seals two plaintexts"));
        }
    }
}
