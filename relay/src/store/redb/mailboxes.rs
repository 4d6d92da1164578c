//! Mailboxes in the embedded store.
//!
//! ```text
//! mailbox | 0 | sequence   what is where: size, expiry, id
//! mailbox | 1              counters, and whose it is
//! mailbox | 2 | id         the sequence number of an id
//! ```
//!
//! In this order what an envelope changes at the end of the first and in the
//! second is mostly one page.

use core::ops::ControlFlow;

use msg_protocol::id::{EnvelopeId, MailboxId};

use super::{
    Redb,
    batch::Batch,
    collect::Collecting,
    deposit::{Taken, waiting},
    engine::read_at,
    envelope::{self, envelope_key},
    intake::Intake,
    pending::{self, SpentRight},
    rights::right_key,
    rows::{IndexRow, MailboxRow, PlaceRow, RightRow},
    table::{Snapshot, Table, View, key},
    upkeep::{Expiring, expiry_key},
};
use crate::store::{
    Mailboxes, RelayTime, Result, StoreError,
    mailbox::{Acknowledged, Appended, ENVELOPE_OVERHEAD_BYTES, NewEnvelope, RowPage, Waiting},
};

/// What follows the mailbox in a key.
pub(super) const INDEX: u8 = 0;
pub(super) const COUNTED: u8 = 1;
const PLACE: u8 = 2;

/// The key of a mailbox's counters.
pub(super) fn mailbox_key(mailbox: MailboxId) -> Vec<u8> {
    key(&[mailbox.as_bytes(), &[COUNTED]])
}

/// What the keys of a mailbox's index begin with.
pub(super) fn index_prefix(mailbox: MailboxId) -> Vec<u8> {
    key(&[mailbox.as_bytes(), &[INDEX]])
}

pub(super) fn index_key(mailbox: MailboxId, sequence: u64) -> Vec<u8> {
    key(&[mailbox.as_bytes(), &[INDEX], &sequence.to_be_bytes()])
}

pub(super) fn place_key(mailbox: MailboxId, id: EnvelopeId) -> Vec<u8> {
    key(&[mailbox.as_bytes(), &[PLACE], id.as_bytes()])
}

/// What the keys of the places of a mailbox's ids begin with.
pub(super) fn place_prefix(mailbox: MailboxId) -> Vec<u8> {
    key(&[mailbox.as_bytes(), &[PLACE]])
}

/// The sequence number at the end of a key of the index.
pub(super) fn sequence_of(index_key: &[u8]) -> Option<u64> {
    index_key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Writes an envelope, unless its mailbox has gone.
pub(super) fn append(batch: &mut Batch<'_>, new: &pending::Envelope) -> Result<Appended> {
    let row = &new.stored.row;
    let (mailbox, sequence) = (row.envelope.mailbox, row.sequence);
    let Some(mut counters) = batch.row::<MailboxRow>(&mailbox_key(mailbox))? else {
        return Ok(Appended::NotFound);
    };
    spend(batch, new.right, sequence)?;
    let (head, rest) = envelope::seal(&new.stored);
    let key = envelope_key(mailbox, sequence);
    batch.put_stored(Table::Heads, &key, &head)?;
    batch.put_stored(Table::Rests, &key, rest)?;
    let body = u32::try_from(row.envelope.body.as_bytes().len()).unwrap_or(u32::MAX);
    let index =
        IndexRow { id: row.envelope.id, body, knock: row.knock, expires: new.stored.forgotten.0 };
    batch.put(&index_key(mailbox, sequence), &index)?;
    batch.put(&place_key(mailbox, row.envelope.id), &PlaceRow(sequence))?;
    let expiry = expiry_key(new.stored.forgotten, Expiring::Envelope { mailbox, sequence });
    batch.put_stored(Table::Expiry, &expiry, &[])?;
    counters.envelopes += 1;
    counters.bytes += new.bytes();
    counters.knocks += u32::from(row.knock);
    counters.last = sequence;
    batch.put(&mailbox_key(mailbox), &counters)?;
    batch.counters.envelopes += 1;
    batch.counters.envelope_bytes += new.bytes();
    batch.counters.sequence = batch.counters.sequence.max(sequence);
    Ok(Appended::Stored)
}

/// Spends one knock. A right that has gone meanwhile was there when the envelope
/// was taken.
fn spend(batch: &mut Batch<'_>, right: Option<SpentRight>, sequence: u64) -> Result<()> {
    let Some((account, id)) = right else { return Ok(()) };
    let key = right_key(account, id);
    if let Some(mut right) = batch.row::<RightRow>(&key)? {
        right.knocks = right.knocks.saturating_sub(1);
        right.last = sequence;
        batch.put(&key, &right)?;
    }
    Ok(())
}

/// Removes envelopes of a mailbox, and mends its counters.
pub(super) fn remove(batch: &mut Batch<'_>, mailbox: MailboxId, sequences: &[u64]) -> Result<u64> {
    let mut removed = Waiting::default();
    for sequence in sequences {
        let index = batch.row::<IndexRow>(&index_key(mailbox, *sequence));
        let Some(index) = index? else { continue };
        remove_rows(batch, mailbox, *sequence, &index)?;
        removed.envelopes += 1;
        removed.bytes += u64::from(index.body) + ENVELOPE_OVERHEAD_BYTES;
        removed.knocks += u32::from(index.knock);
    }
    if removed.envelopes > 0 {
        if let Some(mut row) = batch.row::<MailboxRow>(&mailbox_key(mailbox))? {
            row.envelopes = row.envelopes.saturating_sub(removed.envelopes);
            row.bytes = row.bytes.saturating_sub(removed.bytes);
            row.knocks = row.knocks.saturating_sub(removed.knocks);
            if row.envelopes == 0 {
                // It says when the last one came: for nobody to know once it is gone.
                row.last = 0;
            }
            batch.put(&mailbox_key(mailbox), &row)?;
        }
        let counters = &mut batch.counters;
        counters.envelopes = counters.envelopes.saturating_sub(u64::from(removed.envelopes));
        counters.envelope_bytes = counters.envelope_bytes.saturating_sub(removed.bytes);
    }
    Ok(u64::from(removed.envelopes))
}

/// Removes all rows of an envelope but its mailbox's counters.
pub(super) fn remove_rows(
    batch: &mut Batch<'_>,
    mailbox: MailboxId,
    sequence: u64,
    index: &IndexRow,
) -> Result<()> {
    batch.remove(Table::Mailboxes, &index_key(mailbox, sequence))?;
    batch.remove(Table::Mailboxes, &place_key(mailbox, index.id))?;
    batch.remove(Table::Heads, &envelope_key(mailbox, sequence))?;
    batch.remove(Table::Rests, &envelope_key(mailbox, sequence))?;
    let expiring = Expiring::Envelope { mailbox, sequence };
    batch.remove(Table::Expiry, &expiry_key(RelayTime(index.expires), expiring))?;
    Ok(())
}

/// The sequence numbers of a mailbox that an acknowledgement names.
fn acknowledged(
    view: &impl View,
    mailbox: MailboxId,
    which: Acknowledged,
    limit: usize,
) -> Result<Vec<u64>> {
    let prefix = index_prefix(mailbox);
    let (first, last) = match which {
        Acknowledged::UpTo(last) => (0, last),
        Acknowledged::One(one) => (one, one),
    };
    let mut found = Vec::new();
    let from = index_key(mailbox, first);
    view.scan(Table::Mailboxes, &prefix, &from, &mut |key, _| match sequence_of(key) {
        Some(sequence) if sequence <= last && found.len() < limit => {
            found.push(sequence);
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Break(()),
    })?;
    Ok(found)
}

impl Mailboxes for Redb {
    async fn append(&self, new: NewEnvelope) -> Result<Appended> {
        let engine = &self.engine;
        let mailbox = new.envelope.mailbox;
        let slot = engine.slot(new.envelope.body.as_bytes().len()).await?;
        let taken = {
            let database = engine.database.read().await;
            engine.take_in(database.as_ref().ok_or(StoreError::Unavailable)?, new, slot)?
        };
        match taken {
            Taken::Refused(appended) => Ok(appended),
            Taken::Waiting(waiting) => {
                engine.bell.notify_one();
                engine.wake.wake(mailbox);
                pending::await_outcome(waiting).await
            }
        }
    }

    async fn collect(
        &self,
        mailbox: MailboxId,
        after: u64,
        envelopes: usize,
        bytes: usize,
        now: RelayTime,
    ) -> Result<RowPage> {
        // What is pending first: what is durable meanwhile is then seen twice, and
        // nothing never.
        let database = self.engine.database.read().await;
        let pending = self.engine.intake().pending.after(mailbox, after);
        let open = database.as_ref().ok_or(StoreError::Unavailable)?;
        let collecting = Collecting::new(mailbox, envelopes, bytes, now);
        let (page, findings) = read_at(open, |view| collecting.run(view, &pending, after));
        drop(database);
        self.engine.report(findings);
        page
    }

    async fn acknowledge(&self, mailbox: MailboxId, which: Acknowledged) -> Result<()> {
        let engine = &self.engine;
        let nothing = {
            let database = engine.database.read().await;
            let open = database.as_ref().ok_or(StoreError::Unavailable)?;
            let others = engine.intake().pending.acknowledge(mailbox, which);
            let (stored, findings) = read_at(open, |view| acknowledged(view, mailbox, which, 1));
            engine.report(findings);
            !others && stored?.is_empty()
        };
        if nothing {
            return Ok(());
        }
        let forget = move |batch: &mut Batch<'_>| {
            let sequences = acknowledged(batch, mailbox, which, usize::MAX)?;
            remove(batch, mailbox, &sequences).map(|_| ())
        };
        engine.change(true, 0, forget).await
    }

    async fn waiting(&self, mailbox: MailboxId) -> Result<Waiting> {
        let engine = &self.engine;
        let read = |view: &Snapshot, intake: &Intake| {
            let row = view.row::<MailboxRow>(&mailbox_key(mailbox))?;
            Ok(row.map_or_else(Waiting::default, |row| waiting(&row, intake)))
        };
        let database = engine.database.read().await;
        let open = database.as_ref().ok_or(StoreError::Unavailable)?;
        let (found, findings) = {
            let intake = engine.intake();
            read_at(open, |view| read(view, &intake))
        };
        drop(database);
        engine.report(findings);
        found
    }
}
