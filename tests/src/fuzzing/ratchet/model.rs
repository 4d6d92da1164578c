//! What one side of a session must open, by counting alone: chains, places in
//! them, keys kept, days. `crypto/SPEC.md` §5 and §12 in as few words as go.

use std::collections::BTreeMap;

use msg_crypto::limits::{MAX_JUMP, MAX_RECEIVING_CHAINS, MAX_SKIPPED_KEPT, SKIPPED_KEY_DAYS};
use msg_protocol::time::UnixSeconds;

/// Where a message stands among those of its sender.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    chain: u32,
    n: u32,
    /// Messages in the chain before.
    pn: u32,
}

/// One side.
pub(super) struct Model {
    is_initiator: bool,
    /// The chain it sends in, from 1.
    chain: u32,
    n: u32,
    pn: u32,
    /// Whether the next message begins a chain.
    due: bool,
    /// The peer's latest chain, and how far each was reached.
    latest: u32,
    reached: BTreeMap<u32, u32>,
    /// Keys kept, by chain and place, and since when.
    kept: BTreeMap<(u32, u32), UnixSeconds>,
}

impl Model {
    /// Has sent one message, and has had none.
    pub(super) fn initiator() -> Self {
        Self {
            is_initiator: true,
            chain: 1,
            n: 1,
            pn: 0,
            due: false,
            latest: 0,
            reached: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Has had that message.
    pub(super) fn responder() -> Self {
        Self {
            is_initiator: false,
            chain: 0,
            n: 0,
            pn: 0,
            due: true,
            latest: 1,
            reached: BTreeMap::from([(1, 1)]),
            kept: BTreeMap::new(),
        }
    }

    /// Where the next message stands; none if the first chain is full.
    pub(super) fn send(&mut self) -> Option<Place> {
        let is_first = self.is_initiator && self.chain == 1 && !self.due;
        if is_first && self.n > MAX_JUMP {
            return None;
        }
        if self.due {
            self.chain += 1;
            self.pn = self.n;
            self.n = 0;
            self.due = false;
        }
        let place = Place { chain: self.chain, n: self.n, pn: self.pn };
        self.n += 1;
        Some(place)
    }

    /// Whether the message opens now.
    pub(super) fn open(&mut self, place: Place, now: UnixSeconds) -> bool {
        let Place { chain, n, pn } = place;
        let stale = |since: &UnixSeconds| now.is_days_after(*since, SKIPPED_KEY_DAYS);
        let reached = self.reached.get(&chain).copied();
        if reached.is_none() && chain <= self.latest {
            return false;
        }
        if reached.is_some_and(|reached| n < reached) {
            let opens = self.kept.get(&(chain, n)).is_some_and(|since| !stale(since));
            if opens {
                self.kept.remove(&(chain, n));
                self.kept.retain(|_, since| !stale(since));
            }
            return opens;
        }
        let former = self.reached.get(&self.latest).copied().filter(|_| reached.is_none());
        let jump = n - reached.unwrap_or(0) + former.map_or(0, |former| pn - former);
        let waiting = self.kept.values().filter(|since| !stale(since)).count();
        if jump > MAX_JUMP || waiting + jump as usize > MAX_SKIPPED_KEPT {
            return false;
        }
        if let Some(former) = former {
            self.kept.extend((former..pn).map(|skipped| ((self.latest, skipped), now)));
            self.reached.insert(self.latest, pn);
        }
        self.kept.extend((reached.unwrap_or(0)..n).map(|skipped| ((chain, skipped), now)));
        self.reached.insert(chain, n + 1);
        if chain > self.latest {
            self.latest = chain;
            self.due = true;
        }
        while self.reached.len() > MAX_RECEIVING_CHAINS {
            self.reached.pop_first();
        }
        self.kept.retain(|(chain, _), since| !stale(since) && self.reached.contains_key(chain));
        true
    }
}
