//! The sessions with one peer device: one that sends, others that still receive.
//!
//! ```text
//!   adopt, greater rank            7 days
//!   ──────────▶ sending ──────▶ receive-only ──────▶ destroyed
//!                    adopt, smaller rank ▲
//!   ─────────────────────────────────────┘
//! ```
//!
//! A session that is no longer the sending one never becomes it again. SPEC §6.

use alloc::vec::Vec;

use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{Rank, Sealed, Session};
use crate::{
    archive::{ArchiveError, Reader, Writer},
    limits::{MAX_GENERATION_DAYS_AHEAD, MAX_RECEIVE_ONLY, RECEIVE_ONLY_DAYS},
    ratchet::{OpenError, SealError},
};

/// All sessions with one peer device.
#[derive(Default)]
pub struct PeerSessions {
    sending: Option<Session>,
    /// Oldest first.
    receiving: Vec<ReceiveOnly>,
    /// The greatest rank there has ever been, as it counted then.
    best: Option<Rank>,
}

struct ReceiveOnly {
    session: Session,
    since: UnixSeconds,
}

/// Which part a session got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// Messages are sent in it from now on.
    Sending,
    /// It only receives: another one ranks higher.
    ReceiveOnly,
}

impl PeerSessions {
    /// The generation for a session that we begin now.
    pub fn next_generation(&self, now: UnixSeconds) -> u64 {
        self.largest_generation().map_or(0, |known| known.saturating_add(1)).max(now.0)
    }

    /// Takes in a session, begun by us or accepted.
    pub fn adopt(&mut self, session: Session, now: UnixSeconds) -> Adopted {
        self.expire(now);
        let rank = session.rank().no_later_than(now.plus_days(MAX_GENERATION_DAYS_AHEAD));
        if self.best.is_some_and(|best| best >= rank) {
            self.keep_receiving(session, now);
            return Adopted::ReceiveOnly;
        }
        self.best = Some(rank);
        if let Some(former) = self.sending.replace(session) {
            self.keep_receiving(former, now);
        }
        Adopted::Sending
    }

    /// The session that messages are sent in, if there is one.
    pub fn sending(&self) -> Option<&Session> {
        self.sending.as_ref()
    }

    /// Number of sessions that only receive.
    pub fn receive_only_count(&self) -> usize {
        self.receiving.len()
    }

    /// Seals in the sending session; none if a handshake is needed first.
    pub fn seal<R: CryptoRng + ?Sized>(
        &mut self,
        content: &[u8],
        rng: &mut R,
    ) -> Option<Result<Sealed, SealError>> {
        self.sending.as_mut().map(|session| session.seal(content, rng))
    }

    /// Opens in whichever session the envelope belongs to.
    /// [`OpenError::NotForThisSession`] if there is none.
    pub fn open(
        &mut self,
        kind: EnvelopeKind,
        body: &Body,
        now: UnixSeconds,
    ) -> Result<Vec<u8>, OpenError> {
        self.open_in_part(kind, body, now).map(|(_, content)| content)
    }

    /// The same, with the part of the session that it came in.
    pub fn open_in_part(
        &mut self,
        kind: EnvelopeKind,
        body: &Body,
        now: UnixSeconds,
    ) -> Result<(Adopted, Vec<u8>), OpenError> {
        self.expire(now);
        let sending = self.sending.iter_mut().map(|session| (Adopted::Sending, session));
        let newest_first = self.receiving.iter_mut().rev();
        let receiving = newest_first.map(|kept| (Adopted::ReceiveOnly, &mut kept.session));
        for (part, session) in sending.chain(receiving) {
            match session.open(kind, body, now) {
                Err(OpenError::NotForThisSession) => {}
                outcome => return outcome.map(|content| (part, content)),
            }
        }
        Err(OpenError::NotForThisSession)
    }

    /// Destroys receive-only sessions whose time is over, and in the others the
    /// keys of missing messages that have waited too long. Once a day will do,
    /// also in silence.
    pub fn expire(&mut self, now: UnixSeconds) {
        self.receiving.retain(|kept| !now.is_days_after(kept.since, RECEIVE_ONLY_DAYS));
        let kept = self.receiving.iter_mut().map(|kept| &mut kept.session);
        for session in self.sending.iter_mut().chain(kept) {
            session.expire(now);
        }
    }

    /// Gives up the sending session, so that the next message begins a new one:
    /// it stays able to receive.
    pub fn retire_sending(&mut self, now: UnixSeconds) {
        if let Some(session) = self.sending.take() {
            self.keep_receiving(session, now);
        }
    }

    fn largest_generation(&self) -> Option<u64> {
        self.best.map(|best| best.generation)
    }

    fn keep_receiving(&mut self, session: Session, now: UnixSeconds) {
        self.receiving.push(ReceiveOnly { session, since: now });
        if self.receiving.len() > MAX_RECEIVE_ONLY {
            self.receiving.remove(0);
        }
    }
}

const VERSION: u8 = 1;

impl PeerSessions {
    /// Whether all sessions are with one device, and one of them had the first rank.
    fn is_of_one_pair(&self) -> bool {
        let kept = self.receiving.iter().map(|kept| &kept.session);
        let mut peers = self.sending.iter().chain(kept).map(Session::peer);
        let Some(first) = peers.next() else { return true };
        self.best.is_some()
            && peers.all(|peer| peer.identity == first.identity && peer.device == first.device)
    }

    /// Writes the sessions for storing.
    pub fn archive(&self) -> Writer {
        let mut writer = Writer::new(VERSION);
        writer.u8(u8::from(self.best.is_some()));
        if let Some(best) = &self.best {
            writer.u64(best.generation);
            writer.bytes(&best.th2);
        }
        writer.u8(u8::from(self.sending.is_some()));
        if let Some(session) = &self.sending {
            session.write(&mut writer);
        }
        writer.count(self.receiving.len());
        for kept in &self.receiving {
            writer.u64(kept.since.0);
            kept.session.write(&mut writer);
        }
        writer
    }

    /// Reads what [`Self::archive`] wrote.
    pub fn restore(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let best = if reader.flag()? {
            Some(Rank { generation: reader.u64()?, th2: reader.array()? })
        } else {
            None
        };
        let sending = if reader.flag()? { Some(Session::read(&mut reader)?) } else { None };
        let mut receiving = Vec::new();
        for _ in 0..reader.count(MAX_RECEIVE_ONLY)? {
            let since = UnixSeconds(reader.u64()?);
            receiving.push(ReceiveOnly { session: Session::read(&mut reader)?, since });
        }
        reader.finish()?;
        let restored = Self { sending, receiving, best };
        if restored.is_of_one_pair() { Ok(restored) } else { Err(ArchiveError::Damaged) }
    }
}

#[cfg(test)]
mod tests;
