//! Envelopes that have a sequence number and are not durable yet.
//!
//! ```text
//! queued -> writing -> gone (durable, or failed)
//!    \-> gone (acknowledged first: handed over, never written)
//! ```
//!
//! What is writing may be in the store already when somebody looks: a commit is
//! seen all at once, so a mailbox whose last sequence number is that of the last
//! one writing holds them all. The same for a right and those that spend it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use msg_protocol::id::{AccountId, EnvelopeId, MailboxId};
use tokio::sync::oneshot;

use super::envelope::StoredEnvelope;
use crate::store::{
    Result, StoreError,
    mailbox::{Acknowledged, Appended, ENVELOPE_OVERHEAD_BYTES, Waiting},
    right::RightId,
};

/// A right that an envelope spends.
pub(crate) type SpentRight = (AccountId, RightId);

/// An envelope that is to be written.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// It.
    pub(crate) stored: StoredEnvelope,
    /// The right by which it comes, if it is a knock.
    pub(crate) right: Option<SpentRight>,
}

impl Envelope {
    /// Bytes that it counts for.
    pub(crate) fn bytes(&self) -> u64 {
        self.stored.row.envelope.body.as_bytes().len() as u64 + ENVELOPE_OVERHEAD_BYTES
    }

    fn tally(&self) -> Waiting {
        Waiting { envelopes: 1, bytes: self.bytes(), knocks: u32::from(self.stored.row.knock) }
    }
}

/// What is pending of one thing: in the queue, and with the writer.
#[derive(Debug, Default)]
struct Stages<T> {
    queued: T,
    writing: T,
    /// The last sequence number of those with the writer; 0 for none.
    writing_last: u64,
}

impl<T: Default + Copy> Stages<T> {
    /// What is not in the store, if the store's last sequence number is that.
    fn beyond(&self, last: u64, sum: impl Fn(T, T) -> T) -> T {
        if last >= self.writing_last { self.queued } else { sum(self.queued, self.writing) }
    }
}

fn sum(left: Waiting, right: Waiting) -> Waiting {
    Waiting {
        envelopes: left.envelopes.saturating_add(right.envelopes),
        bytes: left.bytes.saturating_add(right.bytes),
        knocks: left.knocks.saturating_add(right.knocks),
    }
}

fn difference(left: Waiting, right: Waiting) -> Waiting {
    Waiting {
        envelopes: left.envelopes.saturating_sub(right.envelopes),
        bytes: left.bytes.saturating_sub(right.bytes),
        knocks: left.knocks.saturating_sub(right.knocks),
    }
}

struct Held {
    envelope: Arc<Envelope>,
    writing: bool,
    /// Who waits; all but the first have deposited the same once more.
    waiters: Vec<oneshot::Sender<Result<Appended>>>,
}

#[derive(Default)]
struct PendingMailbox {
    rows: BTreeMap<u64, Held>,
    ids: HashMap<EnvelopeId, u64>,
    tally: Stages<Waiting>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Pending {
    mailboxes: HashMap<MailboxId, PendingMailbox>,
    places: HashMap<u64, MailboxId>,
    rights: HashMap<SpentRight, Stages<u32>>,
}

impl Pending {
    /// Waits with an envelope of that id, if there is one.
    pub(crate) fn join(
        &mut self,
        mailbox: MailboxId,
        id: EnvelopeId,
    ) -> Option<oneshot::Receiver<Result<Appended>>> {
        let pending = self.mailboxes.get_mut(&mailbox)?;
        let sequence = pending.ids.get(&id)?;
        let (sender, receiver) = oneshot::channel();
        pending.rows.get_mut(sequence)?.waiters.push(sender);
        Some(receiver)
    }

    /// What waits in a mailbox beyond what the store has, whose last sequence
    /// number there is `last`.
    pub(crate) fn beyond(&self, mailbox: MailboxId, last: u64) -> Waiting {
        self.mailboxes
            .get(&mailbox)
            .map_or_else(Waiting::default, |pending| pending.tally.beyond(last, sum))
    }

    /// Knocks by a right that are not in its row, which `last` spent last.
    pub(crate) fn knocks_beyond(&self, right: SpentRight, last: u64) -> u32 {
        self.rights.get(&right).map_or(0, |stages| stages.beyond(last, u32::saturating_add))
    }

    /// Adds an envelope at the end.
    pub(crate) fn push(&mut self, envelope: Envelope) -> oneshot::Receiver<Result<Appended>> {
        let (sender, receiver) = oneshot::channel();
        let row = &envelope.stored.row;
        let (sequence, mailbox) = (row.sequence, row.envelope.mailbox);
        if let Some(right) = envelope.right {
            self.rights.entry(right).or_default().queued += 1;
        }
        let pending = self.mailboxes.entry(mailbox).or_default();
        pending.tally.queued = sum(pending.tally.queued, envelope.tally());
        pending.ids.insert(row.envelope.id, sequence);
        let held = Held { envelope: Arc::new(envelope), writing: false, waiters: vec![sender] };
        pending.rows.insert(sequence, held);
        self.places.insert(sequence, mailbox);
        receiver
    }

    /// Those of a mailbox after a sequence number.
    pub(crate) fn after(&self, mailbox: MailboxId, after: u64) -> Vec<Arc<Envelope>> {
        let Some(first) = after.checked_add(1) else { return Vec::new() };
        let pending = self.mailboxes.get(&mailbox).into_iter();
        let later = pending.flat_map(|pending| pending.rows.range(first..));
        later.map(|(_, held)| Arc::clone(&held.envelope)).collect()
    }

    /// Hands an envelope to the writer; `None` if it is there no more.
    pub(crate) fn begin(&mut self, sequence: u64) -> Option<Arc<Envelope>> {
        let mailbox = self.places.get(&sequence)?;
        let pending = self.mailboxes.get_mut(mailbox)?;
        let held = pending.rows.get_mut(&sequence)?;
        held.writing = true;
        let envelope = Arc::clone(&held.envelope);
        let tally = envelope.tally();
        pending.tally.queued = difference(pending.tally.queued, tally);
        pending.tally.writing = sum(pending.tally.writing, tally);
        pending.tally.writing_last = sequence;
        if let Some(stages) = envelope.right.and_then(|right| self.rights.get_mut(&right)) {
            stages.queued = stages.queued.saturating_sub(1);
            stages.writing += 1;
            stages.writing_last = sequence;
        }
        Some(envelope)
    }

    /// Forgets an envelope of which the writer is done.
    pub(crate) fn end(&mut self, sequence: u64, outcome: Result<Appended>) {
        let Some(mailbox) = self.places.remove(&sequence) else { return };
        let Some(pending) = self.mailboxes.get_mut(&mailbox) else { return };
        let Some(held) = pending.rows.remove(&sequence) else { return };
        let (stage, tally) = (&mut pending.tally, held.envelope.tally());
        if held.writing {
            stage.writing = difference(stage.writing, tally);
        } else {
            stage.queued = difference(stage.queued, tally);
        }
        pending.ids.remove(&held.envelope.stored.row.envelope.id);
        if pending.rows.is_empty() {
            self.mailboxes.remove(&mailbox);
        }
        if let Some(right) = held.envelope.right {
            self.end_knock(right, held.writing);
        }
        answer(held.waiters, outcome);
    }

    fn end_knock(&mut self, right: SpentRight, writing: bool) {
        let Some(stages) = self.rights.get_mut(&right) else { return };
        let stage = if writing { &mut stages.writing } else { &mut stages.queued };
        *stage = stage.saturating_sub(1);
        if stages.writing + stages.queued == 0 {
            self.rights.remove(&right);
        }
    }

    /// Takes out those acknowledged that nobody has begun to write; says whether
    /// others of them remain. A knock is always written: it spends its right.
    pub(crate) fn acknowledge(&mut self, mailbox: MailboxId, which: Acknowledged) -> bool {
        let Some(pending) = self.mailboxes.get(&mailbox) else { return false };
        let (handed, kept): (Vec<_>, Vec<_>) = pending
            .rows
            .iter()
            .filter(|(sequence, _)| match which {
                Acknowledged::UpTo(last) => **sequence <= last,
                Acknowledged::One(one) => **sequence == one,
            })
            .map(|(sequence, held)| (*sequence, held.writing || held.envelope.right.is_some()))
            .partition(|(_, stays)| !stays);
        for (sequence, _) in handed {
            self.end(sequence, Ok(Appended::HandedOver));
        }
        !kept.is_empty()
    }
}

fn answer(waiters: Vec<oneshot::Sender<Result<Appended>>>, outcome: Result<Appended>) {
    let repeated = match outcome {
        Ok(Appended::Stored) => Ok(Appended::Duplicate),
        other => other,
    };
    for (place, waiter) in waiters.into_iter().enumerate() {
        // Who asked may have gone: the envelope stands.
        let _ = waiter.send(if place == 0 { outcome } else { repeated });
    }
}

/// What a waiter hears whose sender went without a word: a writer that ended.
pub(crate) async fn await_outcome<T>(receiver: oneshot::Receiver<Result<T>>) -> Result<T> {
    receiver.await.unwrap_or(Err(StoreError::Unavailable))
}
