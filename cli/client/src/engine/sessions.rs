//! Sessions by peer device, loaded when they are first needed and written back
//! when they have changed.

use core::ops::ControlFlow;
use std::collections::{BTreeMap, btree_map::Entry};

use msg_crypto::{
    OpenError, SealError, Sealed, Session,
    session::pair::{Adopted, PeerSessions},
};
use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    id::DeviceId,
    key::IdentityKey,
    time::UnixSeconds,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::EngineError;
use crate::{
    mutant::{self, Mutant},
    step::Draft,
    store::{Rows as _, Table},
};

/// A peer's device: an identity, and a device that it says is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerDevice {
    /// The identity's bytes.
    identity: [u8; 32],
    /// The device's bytes.
    device: [u8; 16],
}

/// An envelope that a session knew.
pub struct Opened {
    /// Whose session it was.
    pub peer: PeerDevice,
    /// The plaintext, if it opened, and the part of the session it came in.
    pub content: Result<(Adopted, Vec<u8>), OpenError>,
}

/// The sessions of one draft.
pub struct Sessions<'d, 'r> {
    draft: &'d Draft<'r>,
    loaded: BTreeMap<PeerDevice, PeerSessions>,
    complete: bool,
}

impl PeerDevice {
    /// That device.
    pub fn new(identity: &IdentityKey, device: DeviceId) -> Self {
        Self { identity: identity.0, device: device.0 }
    }

    /// Whose it is.
    pub fn identity(&self) -> IdentityKey {
        IdentityKey(self.identity)
    }

    /// Which it is.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.device)
    }

    fn key(&self) -> Vec<u8> {
        [self.identity.as_slice(), &self.device].concat()
    }

    fn of(key: &[u8]) -> Option<Self> {
        let (identity, device) = key.split_first_chunk::<32>()?;
        Some(Self { identity: *identity, device: device.try_into().ok()? })
    }
}

impl<'d, 'r> Sessions<'d, 'r> {
    /// None loaded yet.
    pub fn new(draft: &'d Draft<'r>) -> Self {
        Self { draft, loaded: BTreeMap::new(), complete: false }
    }

    /// The sessions with a device; none at first.
    pub fn with(&mut self, peer: &PeerDevice) -> Result<&mut PeerSessions, EngineError> {
        if !self.loaded.contains_key(peer) {
            let sessions = match self.draft.value(Table::Sessions, &peer.key())? {
                Some(stored) => PeerSessions::restore(&stored)?,
                None => PeerSessions::default(),
            };
            self.loaded.insert(*peer, sessions);
        }
        Ok(self.loaded.entry(*peer).or_default())
    }

    /// Whether a message to that device can be sealed.
    pub fn can_seal(&mut self, peer: &PeerDevice) -> Result<bool, EngineError> {
        Ok(self.with(peer)?.sending().is_some())
    }

    /// Seals in the session with a device; none if a handshake is needed first.
    /// A session that can seal no more is given up.
    pub fn seal<R: CryptoRng + ?Sized>(
        &mut self,
        peer: &PeerDevice,
        content: &[u8],
        now: UnixSeconds,
        rng: &mut R,
    ) -> Result<Option<Sealed>, EngineError> {
        let sessions = self.with(peer)?;
        let sealed = match sessions.seal(content, rng) {
            Some(Err(SealError::Exhausted)) => {
                sessions.retire_sending(now);
                None
            }
            other => other.transpose()?,
        };
        if !mutant::is_planted(Mutant::ReusesChainKey) {
            self.keep(peer)?;
        }
        Ok(sealed)
    }

    /// Takes a session in.
    pub fn adopt(
        &mut self,
        peer: &PeerDevice,
        session: Session,
        now: UnixSeconds,
    ) -> Result<Adopted, EngineError> {
        let part = self.with(peer)?.adopt(session, now);
        self.keep(peer)?;
        Ok(part)
    }

    /// The next message to that device begins a session.
    pub fn retire(&mut self, peer: &PeerDevice, now: UnixSeconds) -> Result<(), EngineError> {
        self.with(peer)?.retire_sending(now);
        self.keep(peer)
    }

    /// All devices with which there are sessions.
    pub fn peers(&mut self) -> Result<Vec<PeerDevice>, EngineError> {
        self.load_all()?;
        Ok(self.loaded.keys().copied().collect())
    }

    /// Opens in whichever session it belongs to; none if it belongs to none.
    pub fn open(
        &mut self,
        kind: EnvelopeKind,
        body: &Body,
        now: UnixSeconds,
    ) -> Result<Option<Opened>, EngineError> {
        for peer in self.peers()? {
            match self.with(&peer)?.open_in_part(kind, body, now) {
                Err(OpenError::NotForThisSession) => {}
                outcome => {
                    if outcome.is_ok() {
                        self.keep(&peer)?;
                    }
                    return Ok(Some(Opened { peer, content: outcome }));
                }
            }
        }
        Ok(None)
    }

    /// Destroys what is over.
    pub fn expire(&mut self, now: UnixSeconds) -> Result<(), EngineError> {
        for peer in self.peers()? {
            self.with(&peer)?.expire(now);
            self.keep(&peer)?;
        }
        Ok(())
    }

    fn load_all(&mut self) -> Result<(), EngineError> {
        if self.complete {
            return Ok(());
        }
        let mut stored = Vec::new();
        self.draft.scan(Table::Sessions, &[], &mut |key, value| {
            stored.extend(PeerDevice::of(key).map(|peer| (peer, Zeroizing::new(value.to_vec()))));
            ControlFlow::Continue(())
        })?;
        for (peer, value) in stored {
            if let Entry::Vacant(place) = self.loaded.entry(peer) {
                place.insert(PeerSessions::restore(&value)?);
            }
        }
        self.complete = true;
        Ok(())
    }

    fn keep(&mut self, peer: &PeerDevice) -> Result<(), EngineError> {
        let archive = self.with(peer)?.archive();
        self.draft.put(Table::Sessions, &peer.key(), archive.as_bytes().to_vec());
        Ok(())
    }
}
