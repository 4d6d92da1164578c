//! Counting anew what the counters say, when they cannot be trusted.

use core::ops::ControlFlow;

use msg_protocol::id::MailboxId;

use super::{
    mailboxes::{index_prefix, mailbox_key},
    rows::{BlobRow, Counters, DeviceRow, IndexRow, MailboxRow},
    table::{Table, View},
};
use crate::store::{Result, mailbox::ENVELOPE_OVERHEAD_BYTES};

/// Counts everything. Damaged rows are left out.
pub(super) fn counters(view: &impl View) -> Result<Counters> {
    let mut counters = Counters {
        accounts: rows(view, Table::Accounts)?,
        devices: rows(view, Table::Devices)?,
        damaged: rows(view, Table::Aside)?,
        ..Counters::default()
    };
    view.scan(Table::Mailboxes, &[], &[], &mut |key, stored| {
        if key.len() == mailbox_key(MailboxId([0; 16])).len()
            && let Ok(row) = view.opened::<MailboxRow>(key, stored)
        {
            counters.envelopes += u64::from(row.envelopes);
            counters.envelope_bytes += row.bytes;
            counters.sequence = counters.sequence.max(row.last);
        }
        ControlFlow::Continue(())
    })?;
    view.scan(Table::Blobs, &[], &[], &mut |key, stored| {
        if let Ok(row) = view.opened::<BlobRow>(key, stored) {
            counters.blobs += 1;
            counters.blob_bytes += row.present_bytes;
        }
        ControlFlow::Continue(())
    })?;
    Ok(counters)
}

/// Rows of a table, counted.
pub(super) fn rows(view: &impl View, table: Table) -> Result<u64> {
    let mut rows = 0;
    view.scan(table, &[], &[], &mut |_, _| {
        rows += 1;
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

/// What is in a mailbox, counted: envelopes, bytes, knocks, last sequence number.
pub(super) fn mailbox(view: &impl View, mailbox: MailboxId) -> Result<(u32, u64, u32, u64)> {
    let prefix = index_prefix(mailbox);
    let (mut envelopes, mut bytes, mut knocks, mut last) = (0, 0, 0, 0);
    for (key, row) in view.rows::<IndexRow>(&prefix, &prefix, usize::MAX)? {
        envelopes += 1;
        bytes += u64::from(row.body) + ENVELOPE_OVERHEAD_BYTES;
        knocks += u32::from(row.knock);
        last = last.max(super::mailboxes::sequence_of(&key).unwrap_or(0));
    }
    Ok((envelopes, bytes, knocks, last))
}

/// One-time pairs of a device, counted.
pub(super) fn one_time(view: &impl View, prefix: &[u8], row: &mut DeviceRow) -> Result<()> {
    let pairs = view.keys(Table::Prekeys, prefix, prefix, usize::from(u16::MAX))?;
    row.one_time = u16::try_from(pairs.len()).unwrap_or(u16::MAX);
    Ok(())
}
