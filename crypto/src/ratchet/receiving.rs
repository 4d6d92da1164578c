//! The receiving half: one chain of the peer's, with the keys it has skipped.
//!
//! Everything that depends on a message which may yet prove false is computed
//! into a [`Reach`] or [`Closing`], and stored only when the body has opened. SPEC §5 "Opening".

use alloc::{collections::BTreeMap, vec::Vec};

use msg_protocol::{envelope::EnvelopeKind, time::UnixSeconds};

use super::{OpenError, chain::ChainKey, header::HeaderKey, message_key::MessageKey};
use crate::{
    archive::{ArchiveError, Reader, Writer},
    limits::{MAX_SKIPPED_KEPT, SKIPPED_KEY_DAYS},
    secret::Secret,
};

/// A message key that waits for its message.
struct Skipped {
    key: MessageKey,
    since: UnixSeconds,
}

/// One chain of the peer's.
pub(crate) struct ReceivingChain {
    pub(crate) header_key: HeaderKey,
    /// The kind of envelope that this chain travels in.
    pub(crate) kind: EnvelopeKind,
    /// None once the peer has begun another chain.
    key: Option<ChainKey>,
    next: u32,
    skipped: BTreeMap<u32, Skipped>,
}

/// Keys that lie before a place in a chain, computed but not stored.
struct Passed {
    from: u32,
    keys: Vec<MessageKey>,
}

/// The way to a message: the keys before it, its own, and the chain after it.
pub(crate) struct Reach {
    passed: Passed,
    pub(crate) message_key: MessageKey,
    after: ChainKey,
}

/// The way to a chain's end: the keys of the messages that are still missing.
pub(crate) struct Closing(Passed);

impl ReceivingChain {
    pub(crate) fn new(key: ChainKey, header_key: HeaderKey, kind: EnvelopeKind) -> Self {
        Self { header_key, kind, key: Some(key), next: 0, skipped: BTreeMap::new() }
    }

    /// How many keys wait, without those that are too old.
    pub(crate) fn waiting_count(&self, now: UnixSeconds) -> usize {
        self.skipped.values().filter(|skipped| !skipped.is_stale(now)).count()
    }

    /// How many keys are kept, whatever their age.
    pub(crate) fn kept_count(&self) -> usize {
        self.skipped.len()
    }

    /// How many keys a message at place `n` would skip.
    pub(crate) fn jump_to(&self, n: u32) -> Result<u32, OpenError> {
        n.checked_sub(self.next).ok_or(OpenError::AlreadyOpened)
    }

    /// The key that waits for message `n`, unless it is too old.
    pub(crate) fn waiting_key(&self, n: u32, now: UnixSeconds) -> Result<&MessageKey, OpenError> {
        self.skipped
            .get(&n)
            .filter(|skipped| !skipped.is_stale(now))
            .map(|skipped| &skipped.key)
            .ok_or(OpenError::AlreadyOpened)
    }

    /// Whether the peer has begun another chain.
    pub(crate) fn is_closed(&self) -> bool {
        self.key.is_none()
    }

    /// Whether message `n` lies before what has been reached.
    pub(crate) fn is_behind(&self, n: u32) -> bool {
        n < self.next
    }

    /// Computes the way to message `n`, which must not lie behind.
    pub(crate) fn reach(&self, n: u32) -> Result<Reach, OpenError> {
        let (passed, end) = self.walk(n)?;
        let (message_key, after) = end.advance();
        Ok(Reach { passed, message_key, after })
    }

    /// Computes the way to this chain's end after `count` messages.
    pub(crate) fn reach_end(&self, count: u32) -> Result<Closing, OpenError> {
        self.walk(count).map(|(passed, _)| Closing(passed))
    }

    /// Stores a reach whose message has opened.
    pub(crate) fn commit(&mut self, reach: Reach, now: UnixSeconds) {
        self.next = self.keep(reach.passed, now).saturating_add(1);
        self.key = Some(reach.after);
    }

    /// Ends this chain.
    pub(crate) fn close(&mut self, Closing(passed): Closing, now: UnixSeconds) {
        self.next = self.keep(passed, now);
        self.key = None;
    }

    fn walk(&self, n: u32) -> Result<(Passed, ChainKey), OpenError> {
        let key = self.key.as_ref().ok_or(OpenError::ChainEnded)?;
        let mut end = ChainKey(key.0.duplicate());
        let mut keys = Vec::new();
        for _ in self.next..n {
            let (message, next) = end.advance();
            keys.push(message);
            end = next;
        }
        Ok((Passed { from: self.next, keys }, end))
    }

    /// Spends the key of message `n`.
    pub(crate) fn spend(&mut self, n: u32) {
        self.skipped.remove(&n);
    }

    /// Forgets keys that have waited too long.
    pub(crate) fn purge(&mut self, now: UnixSeconds) {
        self.skipped.retain(|_, skipped| !skipped.is_stale(now));
    }

    fn keep(&mut self, passed: Passed, now: UnixSeconds) -> u32 {
        let mut n = passed.from;
        for key in passed.keys {
            self.skipped.insert(n, Skipped { key, since: now });
            n = n.saturating_add(1);
        }
        n
    }
}

impl Skipped {
    fn is_stale(&self, now: UnixSeconds) -> bool {
        now.is_days_after(self.since, SKIPPED_KEY_DAYS)
    }
}

impl ReceivingChain {
    pub(crate) fn archive(&self, writer: &mut Writer) {
        writer.secret(&self.header_key.0);
        writer.u8(u8::from(self.kind == EnvelopeKind::Handshake));
        writer.u8(u8::from(self.key.is_some()));
        if let Some(key) = &self.key {
            writer.secret(&key.0);
        }
        writer.u32(self.next);
        writer.count(self.skipped.len());
        for (n, skipped) in &self.skipped {
            writer.u32(*n);
            writer.secret(&skipped.key.0);
            writer.u64(skipped.since.0);
        }
    }

    pub(crate) fn restore(reader: &mut Reader<'_>) -> Result<Self, ArchiveError> {
        let header_key = HeaderKey(reader.secret()?);
        let kind = if reader.flag()? { EnvelopeKind::Handshake } else { EnvelopeKind::Session };
        let key = if reader.flag()? { Some(ChainKey(reader.secret()?)) } else { None };
        let next = reader.u32()?;
        let mut skipped = BTreeMap::new();
        for _ in 0..reader.count(MAX_SKIPPED_KEPT)? {
            let n = reader.u32()?;
            let key: Secret<32> = reader.secret()?;
            let since = UnixSeconds(reader.u64()?);
            let is_in_order = skipped.last_key_value().is_none_or(|(last, _)| *last < n);
            if !is_in_order || n >= next {
                return Err(ArchiveError::Damaged);
            }
            skipped.insert(n, Skipped { key: MessageKey(key), since });
        }
        Ok(Self { header_key, kind, key, next, skipped })
    }
}
