//! What must open and what must not, by counting alone: the rules of
//! `crypto/SPEC.md` §5 "Opening", §6 and §12, without a key.

use std::collections::{BTreeMap, BTreeSet};

use msg_crypto::{
    handshake::HandshakeName,
    limits::{
        MAX_JUMP, MAX_RECEIVE_ONLY, MAX_RECEIVING_CHAINS, MAX_SKIPPED_KEPT, PREKEY_GRACE_DAYS,
        RECEIVE_ONLY_DAYS, SKIPPED_KEY_DAYS,
    },
    prekey::Upload,
    session::Rank,
};
use msg_protocol::{prekey::PrekeyId, time::UnixSeconds};

/// Where a message stands in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) session: HandshakeName,
    /// The sender's chain in that session, from 0.
    chain: u32,
    n: u32,
    /// Messages in the chain before.
    pn: u32,
}

/// What a handshake needs of its recipient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    pub(super) by: usize,
    pub(super) rank: Rank,
    pub(super) signed: PrekeyId,
    /// The last-resort key; none if a one-time pair was used.
    pub(super) last_resort: Option<PrekeyId>,
}

/// What the oracle knows of one side.
#[derive(Default, Clone)]
pub(super) struct Ledger {
    best: Option<Rank>,
    pub(super) sending: Option<HandshakeName>,
    /// Oldest first.
    receive_only: Vec<(HandshakeName, UnixSeconds)>,
    sessions: BTreeMap<HandshakeName, Counts>,
    /// Handshakes begun or accepted, for good.
    pub(super) known: BTreeSet<HandshakeName>,
    signed: Prekeys,
    last_resort: Prekeys,
}

/// Prekeys that rotate, with the time at which each was superseded.
#[derive(Default, Clone)]
struct Prekeys(Vec<(PrekeyId, Option<UnixSeconds>)>);

impl Prekeys {
    fn publish(&mut self, new: Option<PrekeyId>, now: UnixSeconds) {
        if let Some(id) = new {
            if let Some((_, superseded)) = self.0.last_mut() {
                *superseded = Some(now);
            }
            self.0.push((id, None));
        }
        self.0.retain(|(_, superseded)| {
            superseded.is_none_or(|since| !now.is_days_after(since, PREKEY_GRACE_DAYS))
        });
    }

    fn has(&self, id: PrekeyId) -> bool {
        self.0.iter().any(|(known, _)| *known == id)
    }
}

/// One side's counts in one session.
#[derive(Clone)]
struct Counts {
    /// The chain that is being sent; none before the first.
    chain: Option<u32>,
    n: u32,
    pn: u32,
    due: bool,
    /// Newest first.
    receiving: Vec<Chain>,
}

#[derive(Clone)]
struct Chain {
    index: u32,
    next: u32,
    skipped: BTreeMap<u32, UnixSeconds>,
}

impl Ledger {
    /// New prekeys, or none; old ones are destroyed.
    pub(super) fn maintain(&mut self, upload: &Upload, now: UnixSeconds) {
        let signed = upload.signed.as_ref().map(|key| key.peek_unverified().unwrap().id);
        let last = upload.last_resort.as_ref().map(|key| key.peek_unverified().unwrap().id);
        self.signed.publish(signed, now);
        self.last_resort.publish(last, now);
    }

    /// A session begun by this side, or accepted.
    pub(super) fn adopt(&mut self, name: HandshakeName, rank: Rank, now: UnixSeconds) {
        self.expire(now);
        self.known.insert(name);
        self.sessions.entry(name).or_insert_with(Counts::new);
        if self.best.is_some_and(|best| best >= rank) {
            self.keep_receiving(name, now);
            return;
        }
        self.best = Some(rank);
        if let Some(former) = self.sending.replace(name) {
            self.keep_receiving(former, now);
        }
    }

    /// The sending session is given up.
    pub(super) fn retire(&mut self, now: UnixSeconds) {
        if let Some(former) = self.sending.take() {
            self.keep_receiving(former, now);
        }
    }

    /// All sessions are lost, and the memory of their ranks.
    pub(super) fn forget(&mut self) {
        self.best = None;
        self.sending = None;
        self.receive_only.clear();
        self.sessions.clear();
    }

    fn keep_receiving(&mut self, name: HandshakeName, now: UnixSeconds) {
        self.receive_only.push((name, now));
        if self.receive_only.len() > MAX_RECEIVE_ONLY {
            let (oldest, _) = self.receive_only.remove(0);
            self.sessions.remove(&oldest);
        }
    }

    /// What dies of age.
    pub(super) fn expire(&mut self, now: UnixSeconds) {
        let is_over = |since: UnixSeconds| now.is_days_after(since, RECEIVE_ONLY_DAYS);
        for (name, _) in self.receive_only.iter().filter(|(_, since)| is_over(*since)) {
            self.sessions.remove(name);
        }
        self.receive_only.retain(|(_, since)| !is_over(*since));
        for chain in self.sessions.values_mut().flat_map(|counts| &mut counts.receiving) {
            chain.skipped.retain(|_, since| !now.is_days_after(*since, SKIPPED_KEY_DAYS));
        }
    }

    /// The place of the next message in the sending session.
    pub(super) fn seal(&mut self) -> Stamp {
        let session = self.sending.unwrap();
        self.sessions.get_mut(&session).unwrap().seal(session)
    }

    /// Whether a message of that place must open now, as far as its session goes.
    pub(super) fn opens(&self, stamp: &Stamp, flight: &Flight) -> bool {
        match self.sessions.get(&stamp.session) {
            Some(counts) => counts.reaches(stamp),
            None => self.accepts(stamp, flight) && Counts::new().reaches(stamp),
        }
    }

    /// Whether a flight makes a session here.
    fn accepts(&self, stamp: &Stamp, flight: &Flight) -> bool {
        let is_first_chain = stamp.chain == 0;
        is_first_chain
            && !self.known.contains(&stamp.session)
            && self.signed.has(flight.signed)
            && flight.last_resort.is_none_or(|id| self.last_resort.has(id))
    }

    /// A message has been opened. Its session has been adopted before.
    pub(super) fn opened(&mut self, stamp: &Stamp, now: UnixSeconds) {
        self.sessions.get_mut(&stamp.session).unwrap().open(stamp, now);
    }
}

impl Counts {
    fn new() -> Self {
        Self { chain: None, n: 0, pn: 0, due: true, receiving: Vec::new() }
    }

    fn seal(&mut self, session: HandshakeName) -> Stamp {
        if self.due {
            self.due = false;
            self.chain = Some(self.chain.map_or(0, |chain| chain + 1));
            self.pn = self.n;
            self.n = 0;
        }
        let stamp = Stamp { session, chain: self.chain.unwrap(), n: self.n, pn: self.pn };
        self.n += 1;
        stamp
    }

    /// The newest chain's index and count.
    fn newest(&self) -> Option<(u32, u32)> {
        self.receiving.first().map(|chain| (chain.index, chain.next))
    }

    fn reaches(&self, stamp: &Stamp) -> bool {
        let known = self.receiving.iter().find(|chain| chain.index == stamp.chain);
        let jump = match (known, self.newest()) {
            (Some(chain), _) if stamp.n < chain.next => {
                return chain.skipped.contains_key(&stamp.n);
            }
            (Some(chain), _) => stamp.n - chain.next,
            (None, Some((index, next))) if stamp.chain == index + 1 => {
                assert!(stamp.pn >= next, "no sender counts fewer than have arrived");
                stamp.pn - next + stamp.n
            }
            (None, None) if stamp.chain == 0 => stamp.n,
            _ => return false,
        };
        let kept: usize = self.receiving.iter().map(|chain| chain.skipped.len()).sum();
        jump <= MAX_JUMP && kept + jump as usize <= MAX_SKIPPED_KEPT
    }

    fn open(&mut self, stamp: &Stamp, now: UnixSeconds) {
        if let Some(chain) = self.receiving.iter_mut().find(|chain| chain.index == stamp.chain) {
            if chain.skipped.remove(&stamp.n).is_none() {
                chain.skip_to(stamp.n, now);
                chain.next = stamp.n + 1;
            }
            return;
        }
        if let Some(newest) = self.receiving.first_mut() {
            newest.skip_to(stamp.pn, now);
        }
        let mut chain = Chain { index: stamp.chain, next: 0, skipped: BTreeMap::new() };
        chain.skip_to(stamp.n, now);
        chain.next = stamp.n + 1;
        self.receiving.insert(0, chain);
        self.receiving.truncate(MAX_RECEIVING_CHAINS);
        self.due = true;
    }
}

impl Chain {
    fn skip_to(&mut self, n: u32, now: UnixSeconds) {
        self.skipped.extend((self.next..n).map(|skipped| (skipped, now)));
        self.next = self.next.max(n);
    }
}
