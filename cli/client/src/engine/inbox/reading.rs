//! What has come and has not been read, and what becomes of it.

use core::ops::ControlFlow;

use msg_protocol::{
    content::ReceiptLevel,
    id::{AccountId, MessageId},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::EngineError;
use crate::{
    engine::{
        contacts,
        receipts::{self, Soon},
    },
    rows::{ContactRow, Direction, MessageRow, Read as _, Standing},
    step::Draft,
    store::{Rows, StoreError},
};

/// A message that has not been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its number.
    pub number: u64,
    /// The message.
    pub message: MessageRow,
    /// Who sent it.
    pub contact: ContactRow,
}

/// The oldest unread messages of people who are no strangers, at most so many, of
/// one person or of all, from a number on.
pub fn unread(
    rows: &(impl Rows + ?Sized),
    from: u64,
    of: Option<AccountId>,
    limit: usize,
) -> Result<Vec<Unread>, StoreError> {
    let people = contacts::all(rows)?;
    let mut found = Vec::new();
    rows.each::<MessageRow>(&from.to_be_bytes(), |key, message| {
        let contact = people.iter().find(|(id, _)| *id == message.with);
        let is_unread = matches!(message.direction, Direction::In { read: false, .. });
        if let Some((id, contact)) = contact
            && is_unread
            && contact.standing != Standing::Request
            && of.is_none_or(|of| of == *id)
            && let Ok(number) = key.try_into().map(u64::from_be_bytes)
        {
            found.push(Unread { number, message, contact: contact.clone() });
        }
        if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}

/// Messages are about to be shown. If that ends halfway, they are shown again, and
/// said to be.
pub fn mark_shown(draft: &Draft<'_>, numbers: &[u64]) -> Result<(), StoreError> {
    for number in numbers {
        change(draft, *number, |direction| {
            if let Direction::In { shown, .. } = direction {
                *shown = true;
            }
        })?;
    }
    Ok(())
}

/// Messages have been read: their writing succeeded.
pub fn mark_read<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    numbers: &[u64],
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    for number in numbers {
        let mut newly = false;
        let row = change(draft, *number, |direction| {
            if let Direction::In { read, .. } = direction {
                newly = !*read;
                *read = true;
            }
        })?;
        let Some(row) = row.filter(|_| newly) else { continue };
        let contact = contacts::with(draft, row.with)?;
        if contact.is_some_and(|contact| contact.is_accepted() && contact.receipts) {
            let read = ReceiptLevel::Read;
            receipts::note(draft, row.with, &[row.id], read, Soon::Later, now, rng)?;
        }
    }
    Ok(())
}

/// Confirms all that somebody has sent so far, now that they are accepted.
pub fn confirm_all<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    account: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let mut ids: Vec<MessageId> = Vec::new();
    draft.each::<MessageRow>(&[], |_, row| {
        if row.with == account && matches!(row.direction, Direction::In { read: false, .. }) {
            ids.push(row.id);
        }
        ControlFlow::Continue(())
    })?;
    let delivered = ReceiptLevel::Delivered;
    receipts::note(draft, account, &ids, delivered, Soon::Later, now, rng)
}

fn change(
    draft: &Draft<'_>,
    number: u64,
    what: impl FnOnce(&mut Direction),
) -> Result<Option<MessageRow>, StoreError> {
    let row: Option<MessageRow> = draft.row(&number.to_be_bytes())?;
    Ok(row.map(|mut row| {
        what(&mut row.direction);
        draft.write(&number.to_be_bytes(), &row);
        row
    }))
}
