//! What others are told of their messages: gathered, delayed, sent as one.
//!
//! A receipt at once would tell the relay which two envelopes belong together. So
//! it waits a while that nobody can foresee, unless its sender waits for it.

use msg_protocol::{
    bounded::List,
    content::{Confirm, Receipt, ReceiptLevel},
    id::{AccountId, MessageId},
    limits::MAX_RECEIPT_IDS,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{EngineError, contacts, outbox, settings};
use crate::{
    rows::{ContactRow, Read as _, ReceiptsRow, contact::key},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Seconds that a receipt waits: from, and how many more at most.
const DELAY_S: u64 = 5;
const JITTER_S: u64 = 55;

/// How soon a receipt may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soon {
    /// With the next that leaves.
    Now,
    /// After a while.
    Later,
}

/// Remembers that messages of somebody are to be confirmed. What fills a receipt
/// goes into the outbox at once.
pub fn note<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    account: AccountId,
    ids: &[MessageId],
    level: ReceiptLevel,
    soon: Soon,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    for ids in ids.chunks(MAX_RECEIPT_IDS / 2) {
        let known: Option<ReceiptsRow> = draft.row(&key(account))?;
        let is_new = known.is_none();
        let mut row = known.unwrap_or_default();
        if is_new {
            let delay = DELAY_S + rng.next_u64() % (JITTER_S + 1);
            row.due = UnixSeconds(now.0.saturating_add(delay));
        }
        if soon == Soon::Now {
            row.due = now;
        }
        let list = match level {
            ReceiptLevel::Delivered => &mut row.delivered,
            ReceiptLevel::Read => &mut row.read,
        };
        list.extend(ids.iter().filter(|id| !list.contains(id)).copied().collect::<Vec<_>>());
        if row.delivered.len().max(row.read.len()) > MAX_RECEIPT_IDS / 2 {
            post(draft, account, row, now, rng)?;
        } else {
            draft.write(&key(account), &row);
        }
    }
    Ok(())
}

/// Whoever is accepted is told that messages have come, as soon as they asked for.
pub fn confirm<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    account: AccountId,
    ids: &[MessageId],
    confirm: Confirm,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let contact = contacts::with(draft, account)?.filter(ContactRow::is_reached);
    let Some(contact) = contact else { return Ok(()) };
    let soon = match confirm {
        Confirm::Never => return Ok(()),
        Confirm::AtOnce if may_tell(draft, &contact)? => Soon::Now,
        Confirm::AtOnce | Confirm::Later => Soon::Later,
    };
    note(draft, account, ids, ReceiptLevel::Delivered, soon, now, rng)
}

/// Whether somebody is told when their messages are read, and told at once.
pub fn may_tell(rows: &(impl Rows + ?Sized), contact: &ContactRow) -> Result<bool, StoreError> {
    Ok(settings::of(rows)?.receipts.includes(contact))
}

/// Puts what is due into the outbox; gives how many rows that made.
pub fn post_due<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<usize, EngineError> {
    let mut posted = 0;
    for (stored, row) in draft.all::<ReceiptsRow>(&[])? {
        let Ok(account) = stored.as_slice().try_into() else { continue };
        // What waits longer than any does was put off by a clock that was ahead.
        let is_due = row.due <= now || row.due.0 - now.0 > DELAY_S + JITTER_S;
        if is_due {
            posted += post(draft, AccountId(account), row, now, rng)?;
        }
    }
    Ok(posted)
}

/// Puts all that somebody is to be told into the outbox.
fn post<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    account: AccountId,
    row: ReceiptsRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<usize, EngineError> {
    let contact = contacts::with(draft, account)?;
    draft.remove(Table::Receipts, &key(account));
    let Some(contact) = contact.filter(ContactRow::is_reached) else { return Ok(0) };
    let delivered: Vec<MessageId> =
        row.delivered.iter().filter(|id| !row.read.contains(id)).copied().collect();
    let mut posted = 0;
    for (level, ids) in [(ReceiptLevel::Delivered, delivered), (ReceiptLevel::Read, row.read)] {
        for ids in ids.chunks(MAX_RECEIPT_IDS) {
            let Ok(ids) = List::new(ids.to_vec()) else { continue };
            let post = outbox::Post {
                account,
                message: outbox::new_message_id(rng),
                sent_ms: now.0.saturating_mul(1_000),
                content: Receipt { level, ids }.into(),
                confirm: Confirm::Never,
                is_kept: false,
                group: None,
            };
            posted += outbox::post(draft, &contact, post, now)?.len();
        }
    }
    Ok(posted)
}

/// When the next receipt is due, if any waits.
pub fn next_due(rows: &(impl Rows + ?Sized)) -> Result<Option<UnixSeconds>, StoreError> {
    Ok(rows.all::<ReceiptsRow>(&[])?.into_iter().map(|(_, row)| row.due).min())
}
