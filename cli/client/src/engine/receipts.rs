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

use super::{EngineError, contacts, outbox};
use crate::{
    rows::{Read as _, ReceiptsRow, contact::key},
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

/// Remembers that messages of somebody are to be confirmed.
pub fn note<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    account: AccountId,
    ids: &[MessageId],
    level: ReceiptLevel,
    soon: Soon,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
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
    for id in ids {
        if !list.contains(id) {
            list.push(*id);
        }
    }
    draft.write(&key(account), &row);
    Ok(())
}

/// Puts what is due into the outbox; gives how many rows that made.
pub fn post_due<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<usize, EngineError> {
    let mut posted = 0;
    for (stored, row) in draft.all::<ReceiptsRow>(&[])? {
        let Ok(bytes) = stored.as_slice().try_into() else { continue };
        let account = AccountId(bytes);
        if row.due > now {
            continue;
        }
        let contact = contacts::with(draft, account)?;
        draft.remove(Table::Receipts, &stored);
        let Some(contact) = contact.filter(crate::rows::ContactRow::is_accepted) else { continue };
        let delivered = row.delivered.iter().filter(|id| !row.read.contains(id)).copied().collect();
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
                };
                posted += outbox::post(draft, &contact, post, now)?.len();
            }
        }
    }
    Ok(posted)
}

/// When the next receipt is due, if any waits.
pub fn next_due(rows: &(impl Rows + ?Sized)) -> Result<Option<UnixSeconds>, StoreError> {
    Ok(rows.all::<ReceiptsRow>(&[])?.into_iter().map(|(_, row)| row.due).min())
}
