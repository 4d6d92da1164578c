//! What has been taken and is not durable: one lock over the queue and what is
//! pending, under which sequence numbers are given.

use std::collections::{HashSet, VecDeque};

use super::{
    pending::Pending,
    queue::Work,
    table::{Damage, Table},
};
use crate::{
    clock,
    store::{Result, StoreError},
};

/// Damaged rows that are remembered in one run, so that each is told once.
const MAX_KNOWN_DAMAGE: usize = 16_384;

/// What has been taken.
pub(super) struct Intake {
    pub(super) pending: Pending,
    pub(super) queue: VecDeque<Work>,
    /// The last sequence number that was given.
    sequence: u64,
    pub(super) closing: bool,
    /// Whether the file must be opened anew.
    pub(super) broken: bool,
    /// Damaged rows that are to be set aside.
    pub(super) damage: Damage,
    known: HashSet<(Table, Vec<u8>)>,
}

impl Intake {
    /// Nothing, after that sequence number.
    pub(super) fn new(sequence: u64) -> Self {
        Self {
            pending: Pending::default(),
            queue: VecDeque::new(),
            sequence,
            closing: false,
            broken: false,
            damage: Damage::new(),
            known: HashSet::new(),
        }
    }

    /// Gives the next sequence number.
    pub(super) fn next_sequence(&mut self) -> u64 {
        let now = u64::try_from(clock::since_1970().as_micros()).unwrap_or(u64::MAX);
        self.sequence = now.max(self.sequence.saturating_add(1));
        self.sequence
    }

    /// Puts something at the end of the queue.
    pub(super) fn submit(&mut self, work: Work) -> Result<()> {
        if self.closing {
            return Err(StoreError::Unavailable);
        }
        self.queue.push_back(work);
        Ok(())
    }

    /// Remembers what a reading has come upon; says whether it is news.
    pub(super) fn note(&mut self, broken: bool, damage: Damage) -> bool {
        let news = broken && !self.broken;
        self.broken |= broken;
        let before = self.damage.len();
        for row in damage {
            if self.known.len() < MAX_KNOWN_DAMAGE && self.known.insert(row.clone()) {
                self.damage.push(row);
            }
        }
        news || self.damage.len() > before
    }

    /// A row that has been mended may be damaged again.
    pub(super) fn forget_damage(&mut self, rows: &Damage) {
        for row in rows {
            self.known.remove(row);
        }
    }

    /// Takes nothing more.
    pub(super) fn close(&mut self) {
        self.closing = true;
    }
}
