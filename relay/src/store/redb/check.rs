//! Reading everything, and saying what does not fit together.
//!
//! From one snapshot, beside a running relay. What it finds damaged is set aside
//! as if it had been asked for.

use core::ops::ControlFlow;

use msg_protocol::id::MailboxId;

use super::{
    batch::COUNTERS,
    blobs, envelope, mailboxes, recount, row,
    rows::{Counters, MailboxRow},
    table::{Snapshot, Table, View as _},
};
use crate::store::{Result, upkeep::Checked};

/// Checks every row of every table.
pub(super) fn check(view: &Snapshot) -> Result<Checked> {
    let mut checked = Checked::default();
    for table in Table::ALL {
        check_rows(view, *table, &mut checked)?;
    }
    check_envelopes(view, &mut checked)?;
    check_chunks(view, &mut checked)?;
    check_counters(view, &mut checked)?;
    Ok(checked)
}

fn fault(checked: &mut Checked, count: u64, what: &str) {
    if count > 0 {
        checked.faults.push(format!("{count} {what}"));
    }
}

fn check_rows(view: &Snapshot, table: Table, checked: &mut Checked) -> Result<()> {
    let by_itself = !matches!(
        table,
        Table::Heads
            | Table::Rests
            | Table::Chunks
            | Table::ChunkRests
            | Table::Expiry
            | Table::AccountBlobs
            | Table::Aside
    );
    let (mut rows, mut damaged) = (0, 0);
    view.scan(table, &[], &[], &mut |key, stored| {
        rows += 1;
        if by_itself && !row::is_authentic(table, key, stored) {
            damaged += 1;
            view.note_damaged(table, key);
        }
        ControlFlow::Continue(())
    })?;
    checked.rows += rows;
    fault(checked, damaged, &format!("damaged rows in {}", table.name()));
    Ok(())
}

/// Every envelope of every index is whole; every mailbox counts what it has.
fn check_envelopes(view: &Snapshot, checked: &mut Checked) -> Result<()> {
    let (mut damaged, mut miscounted, mut indexed) = (0, 0, 0_u64);
    let mut owners = Vec::new();
    view.scan(Table::Mailboxes, &[], &[], &mut |key, stored| {
        let Some((mailbox, kind)) = key.split_first_chunk::<16>() else {
            return ControlFlow::Continue(());
        };
        let mailbox = MailboxId(*mailbox);
        match kind.first() {
            Some(&mailboxes::COUNTED) => {
                owners.extend(view.opened::<MailboxRow>(key, stored).map(|row| (mailbox, row)));
            }
            Some(&mailboxes::INDEX) => {
                indexed += 1;
                let sequence = mailboxes::sequence_of(key).unwrap_or(0);
                if !matches!(envelope::read(view, mailbox, sequence), Ok(Some(_))) {
                    damaged += 1;
                    view.note_damaged(Table::Heads, &envelope::envelope_key(mailbox, sequence));
                }
            }
            _ => (),
        }
        ControlFlow::Continue(())
    })?;
    for (mailbox, row) in owners {
        let (envelopes, bytes, knocks, last) = recount::mailbox(view, mailbox)?;
        let counted = (row.envelopes, row.bytes, row.knocks) == (envelopes, bytes, knocks);
        miscounted += u64::from(!counted || last > row.last);
    }
    let heads = recount::rows(view, Table::Heads)?;
    let rests = recount::rows(view, Table::Rests)?;
    fault(checked, damaged, "damaged envelopes");
    fault(checked, miscounted, "mailboxes that count other envelopes than they have");
    fault(checked, heads.abs_diff(indexed), "envelopes more or fewer than mailboxes have");
    fault(checked, heads.abs_diff(rests), "envelopes in one part");
    Ok(())
}

fn check_chunks(view: &Snapshot, checked: &mut Checked) -> Result<()> {
    let mut damaged = 0;
    let mut failed = Ok(());
    view.scan(Table::Chunks, &[], &[], &mut |key, head| {
        match view.stored(Table::ChunkRests, key) {
            Ok(rest) => {
                if blobs::open_chunk(key, head, &rest.unwrap_or_default()).is_none() {
                    damaged += 1;
                    view.note_damaged(Table::Chunks, key);
                }
            }
            Err(error) => failed = Err(error),
        }
        ControlFlow::Continue(())
    })?;
    fault(checked, damaged, "damaged pieces of blobs");
    failed
}

fn check_counters(view: &Snapshot, checked: &mut Checked) -> Result<()> {
    let counted = recount::counters(view)?;
    let Ok(Some(kept)) = view.row::<Counters>(COUNTERS) else {
        checked.faults.push("the counters are damaged".to_owned());
        return Ok(());
    };
    let pairs = [
        ("accounts", (kept.accounts, counted.accounts)),
        ("devices", (kept.devices, counted.devices)),
        ("envelopes", (kept.envelopes, counted.envelopes)),
        ("bytes of envelopes", (kept.envelope_bytes, counted.envelope_bytes)),
        ("blobs", (kept.blobs, counted.blobs)),
        ("bytes of blobs", (kept.blob_bytes, counted.blob_bytes)),
        ("names", (kept.accounts, recount::rows(view, Table::Names)?)),
    ];
    for (what, (kept, counted)) in pairs {
        if kept != counted {
            checked.faults.push(format!("{kept} {what} by the counters, {counted} by the rows"));
        }
    }
    Ok(())
}
