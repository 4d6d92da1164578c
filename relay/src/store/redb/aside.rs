//! What becomes of a row that is not what was written: it is counted once, a
//! copy is put aside, and what can be mended is mended.
//!
//! An envelope, a one-time pair, a piece of a blob, a right or a record goes, and
//! the counters that counted it are made right. What an account cannot be without
//! stays where it is: it is refused whenever it is read.

use msg_protocol::id::{AccountId, DeviceId, EnvelopeId, MailboxId};

use super::{
    accounts::device_key,
    batch::Batch,
    envelope::{self, StoredEnvelope, envelope_key},
    mailboxes::{
        index_key, index_prefix, mailbox_key, place_key, place_prefix, remove_rows, sequence_of,
    },
    prekeys::pair_prefix,
    recount, row,
    rows::{BlobRow, DeviceRow, IndexRow, MailboxRow, PlaceRow, RecordRow, UsageRow},
    table::{Table, View, key},
};
use crate::store::{Result, StoreError};

/// Bytes of a damaged row that are kept.
const KEPT_BYTES: usize = 4 * 1024;

/// Counts a damaged row and sets it aside, unless it is well by now.
pub(super) fn set_aside(batch: &mut Batch<'_>, table: Table, key: &[u8]) -> Result<()> {
    if table == Table::Heads {
        return envelope_aside(batch, key);
    }
    let Some(stored) = batch.stored(table, key)? else { return Ok(()) };
    if table == Table::Chunks {
        return chunk_aside(batch, key, &stored);
    }
    if row::is_authentic(table, key, &stored) {
        return Ok(());
    }
    let known = batch.stored(Table::Aside, &aside_key(table, key))?.is_some();
    if !known {
        keep(batch, table, key, &stored)?;
    }
    match table {
        Table::Mailboxes => mailbox_aside(batch, key),
        Table::Prekeys => pair_aside(batch, key),
        Table::Rights | Table::Invites => batch.remove(table, key).map(|_| ()),
        Table::Records => {
            batch.remove(table, key)?;
            mend_usage(batch, key)
        }
        Table::Usage => mend_usage(batch, key),
        // What an account cannot be without; and the counters, which every batch
        // counts anew when they are damaged.
        _ => Ok(()),
    }
}

fn aside_key(table: Table, row: &[u8]) -> Vec<u8> {
    key(&[table.name().as_bytes(), &[0], row])
}

fn keep(batch: &mut Batch<'_>, table: Table, row: &[u8], stored: &[u8]) -> Result<()> {
    let kept = stored.get(..KEPT_BYTES).unwrap_or(stored);
    batch.put_stored(Table::Aside, &aside_key(table, row), kept)?;
    batch.counters.damaged += 1;
    Ok(())
}

/// An envelope whose head or rest is not what was written.
fn envelope_aside(batch: &mut Batch<'_>, noted: &[u8]) -> Result<()> {
    let Some((sequence, mailbox)) = noted.split_first_chunk::<8>() else { return Ok(()) };
    let Ok(mailbox) = <[u8; 16]>::try_from(mailbox) else { return Ok(()) };
    let (sequence, mailbox) = (u64::from_be_bytes(*sequence), MailboxId(mailbox));
    let index_key = index_key(mailbox, sequence);
    if batch.stored(Table::Mailboxes, &index_key)?.is_none()
        || envelope::read(batch, mailbox, sequence)?.is_some()
    {
        return Ok(());
    }
    let key = envelope_key(mailbox, sequence);
    let head = batch.stored(Table::Heads, &key)?.unwrap_or_default();
    keep(batch, Table::Heads, &key, &head)?;
    match batch.row::<IndexRow>(&index_key) {
        Ok(Some(index)) => remove_rows(batch, mailbox, sequence, &index)?,
        _ => remove_unindexed(batch, mailbox, sequence)?,
    }
    mend_mailbox(batch, mailbox)
}

/// Removes an envelope whose index says nothing: its id is found by its place.
fn remove_unindexed(batch: &mut Batch<'_>, mailbox: MailboxId, sequence: u64) -> Result<()> {
    let places = place_prefix(mailbox);
    for (key, PlaceRow(place)) in batch.rows::<PlaceRow>(&places, &places, usize::MAX)? {
        if place == sequence {
            batch.remove(Table::Mailboxes, &key)?;
        }
    }
    batch.remove(Table::Mailboxes, &index_key(mailbox, sequence))?;
    batch.remove(Table::Heads, &envelope_key(mailbox, sequence))?;
    batch.remove(Table::Rests, &envelope_key(mailbox, sequence))?;
    Ok(())
}

/// A row of a mailbox: its counters, or of one of its two indexes.
fn mailbox_aside(batch: &mut Batch<'_>, key: &[u8]) -> Result<()> {
    let Some((mailbox, rest)) = key.split_first_chunk::<16>() else { return Ok(()) };
    let mailbox = MailboxId(*mailbox);
    match rest.split_first() {
        Some((1, _)) => {
            let Some(sequence) = sequence_of(key) else { return Ok(()) };
            match envelope::read(batch, mailbox, sequence)? {
                Some(stored) => index_again(batch, &stored)?,
                None => remove_unindexed(batch, mailbox, sequence)?,
            }
            mend_mailbox(batch, mailbox)
        }
        Some((2, id)) => {
            let Ok(id) = <[u8; 16]>::try_from(id) else { return Ok(()) };
            place_again(batch, mailbox, EnvelopeId(id))
        }
        _ => mend_mailbox(batch, mailbox),
    }
}

fn index_again(batch: &mut Batch<'_>, stored: &StoredEnvelope) -> Result<()> {
    let envelope = &stored.row.envelope;
    let index = IndexRow {
        id: envelope.id,
        body: u32::try_from(envelope.body.as_bytes().len()).unwrap_or(u32::MAX),
        knock: stored.row.knock,
        expires: stored.forgotten.0,
    };
    batch.put(&index_key(envelope.mailbox, stored.row.sequence), &index)
}

fn place_again(batch: &mut Batch<'_>, mailbox: MailboxId, id: EnvelopeId) -> Result<()> {
    let prefix = index_prefix(mailbox);
    for (key, index) in batch.rows::<IndexRow>(&prefix, &prefix, usize::MAX)? {
        if let Some(sequence) = sequence_of(&key).filter(|_| index.id == id) {
            return batch.put(&place_key(mailbox, id), &PlaceRow(sequence));
        }
    }
    batch.remove(Table::Mailboxes, &place_key(mailbox, id)).map(|_| ())
}

/// Makes a mailbox's counters say what is in it.
fn mend_mailbox(batch: &mut Batch<'_>, mailbox: MailboxId) -> Result<()> {
    let (envelopes, bytes, knocks, last) = recount::mailbox(batch, mailbox)?;
    let row = match batch.row::<MailboxRow>(&mailbox_key(mailbox)) {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(()),
        Err(StoreError::Damaged) => {
            let Some((account, device)) = owner(batch, mailbox)? else { return Ok(()) };
            // What it counted for is not known; the whole is counted anew below.
            MailboxRow { account, device, envelopes: 0, bytes: 0, knocks: 0, last }
        }
        Err(error) => return Err(error),
    };
    let last = last.max(row.last);
    batch.put(&mailbox_key(mailbox), &MailboxRow { envelopes, bytes, knocks, last, ..row })?;
    let counted = recount::counters(batch)?;
    batch.counters.envelopes = counted.envelopes;
    batch.counters.envelope_bytes = counted.envelope_bytes;
    Ok(())
}

/// Whose mailbox it is: it is a hash of account and device.
pub(super) fn owner(view: &impl View, mailbox: MailboxId) -> Result<Option<(AccountId, DeviceId)>> {
    let mut found = None;
    view.scan(Table::Devices, &[], &[], &mut |key, _| {
        if let Some((account, device)) = account_and_device(key)
            && MailboxId::of(account, device) == mailbox
        {
            found = Some((account, device));
            return core::ops::ControlFlow::Break(());
        }
        core::ops::ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn account_and_device(key: &[u8]) -> Option<(AccountId, DeviceId)> {
    let (account, rest) = key.split_first_chunk::<16>()?;
    Some((AccountId(*account), DeviceId(*rest.first_chunk::<16>()?)))
}

/// A one-time pair goes; a signed or a last-resort prekey stays until the device
/// publishes another.
fn pair_aside(batch: &mut Batch<'_>, key: &[u8]) -> Result<()> {
    let Some((account, device)) = account_and_device(key) else { return Ok(()) };
    let prefix = pair_prefix(account, device);
    if !key.starts_with(&prefix) {
        return Ok(());
    }
    batch.remove(Table::Prekeys, key)?;
    let device_key = device_key(account, device);
    if let Some(mut row) = batch.row::<DeviceRow>(&device_key)? {
        recount::one_time(batch, &prefix, &mut row)?;
        batch.put(&device_key, &row)?;
    }
    Ok(())
}

/// A piece of a blob is missing from then on: whoever has it may bring it again.
fn chunk_aside(batch: &mut Batch<'_>, key: &[u8], head: &[u8]) -> Result<()> {
    let rest = batch.stored(Table::ChunkRests, key)?.unwrap_or_default();
    if super::blobs::open_chunk(key, head, &rest).is_some() {
        return Ok(());
    }
    keep(batch, Table::Chunks, key, head)?;
    batch.remove(Table::Chunks, key)?;
    batch.remove(Table::ChunkRests, key)?;
    let Some((blob, index)) = key.split_last_chunk::<4>() else { return Ok(()) };
    let index = u32::from_be_bytes(*index);
    if let Some(mut row) = batch.row::<BlobRow>(blob)? {
        row.mark(index, false);
        let bytes = row.piece_bytes(index);
        row.present_bytes = row.present_bytes.saturating_sub(bytes);
        batch.counters.blob_bytes = batch.counters.blob_bytes.saturating_sub(bytes);
        batch.put(blob, &row)?;
    }
    Ok(())
}

/// Counts anew what an account's records and blobs take.
fn mend_usage(batch: &mut Batch<'_>, key: &[u8]) -> Result<()> {
    let Some(account) = key.first_chunk::<16>().map(|id| AccountId(*id)) else { return Ok(()) };
    let prefix = account.as_bytes();
    let mut usage = UsageRow::default();
    for (_, record) in batch.rows::<RecordRow>(prefix, prefix, usize::MAX)? {
        usage.records += 1;
        usage.record_bytes += record.value.len() as u64;
    }
    for (_, blob) in super::blobs::blobs_of(batch, account)? {
        usage.blob_bytes += super::blobs::counted(blob.length);
    }
    batch.put(prefix, &usage)
}
