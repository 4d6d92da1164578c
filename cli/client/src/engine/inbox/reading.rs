//! What has come and has not been read, and what becomes of it.

use core::ops::ControlFlow;
use std::collections::BTreeMap;

use msg_protocol::{
    content::ReceiptLevel,
    id::{AccountId, GroupId, MessageId},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::EngineError;
use crate::{
    engine::{
        contacts, groups, marks,
        receipts::{self, Soon},
    },
    rows::{
        ContactRow, Direction, KnownRow, MarksRow, MessageRow, Read as _, Standing, UnreadRow,
        Whose,
        message::{known_in, known_key},
    },
    step::Draft,
    store::{Rows, StoreError, Table},
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
    /// What has been put to it since.
    pub marks: MarksRow,
    /// Who wrote it first, if it was passed on.
    pub author: Option<String>,
}

/// The oldest unread messages of people who are no strangers, at most so many, of
/// one person, in a group or all, from a number on.
pub fn unread(
    rows: &(impl Rows + ?Sized),
    from: u64,
    of: Whose,
    limit: usize,
) -> Result<Vec<Unread>, EngineError> {
    let people: BTreeMap<_, _> = contacts::everybody(rows)?.into_iter().collect();
    let mut waiting = Vec::new();
    each_unread(rows, &people, from, |number, row, contact| {
        if of.includes(row.of, row.group) {
            waiting.push((number, contact.clone()));
        }
        if waiting.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let mut found = Vec::new();
    for (number, contact) in waiting {
        let message = rows.row(&number.to_be_bytes())?;
        let message: MessageRow = message.ok_or(StoreError::Damaged(Table::Messages))?;
        let marks = marks::of(rows, number)?;
        let author = groups::author(rows, &message)?;
        found.push(Unread { number, message, contact, marks, author });
    }
    Ok(found)
}

/// How many there are.
pub fn unread_count(rows: &(impl Rows + ?Sized)) -> Result<usize, StoreError> {
    let people: BTreeMap<_, _> = contacts::everybody(rows)?.into_iter().collect();
    let mut count = 0;
    each_unread(rows, &people, 0, |_, _, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Visits what is unread and waits for nobody's word, however much has been read.
fn each_unread(
    rows: &(impl Rows + ?Sized),
    people: &BTreeMap<AccountId, ContactRow>,
    from: u64,
    mut visit: impl FnMut(u64, &UnreadRow, &ContactRow) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    rows.each::<UnreadRow>(&from.to_be_bytes(), |key, row| {
        let contact = people.get(&row.of);
        let contact = contact.filter(|by| !row.knocks || by.standing != Standing::Request);
        match (contact, key.try_into()) {
            (Some(contact), Ok(number)) => visit(u64::from_be_bytes(number), &row, contact),
            _ => ControlFlow::Continue(()),
        }
    })
}

/// Takes unread messages to show them. If that ends halfway they are shown again,
/// and said to be; so are those that another process has taken meanwhile.
pub fn take_unread(
    draft: &Draft<'_>,
    from: u64,
    of: Whose,
    limit: usize,
) -> Result<Vec<Unread>, EngineError> {
    let found = unread(draft, from, of, limit)?;
    for one in &found {
        mark_shown(draft, one.number)?;
    }
    Ok(found)
}

/// A message is being shown, perhaps in vain.
pub fn mark_shown(draft: &Draft<'_>, number: u64) -> Result<(), StoreError> {
    change(draft, number, |direction| {
        if let Direction::In { shown, .. } = direction {
            *shown = true;
        }
    })?;
    Ok(())
}

/// The number of a message with somebody, if it is kept.
pub fn number_of(
    rows: &(impl Rows + ?Sized),
    with: AccountId,
    message: MessageId,
) -> Result<Option<u64>, StoreError> {
    let known: Option<KnownRow> = rows.row(&known_key(with, message))?;
    Ok(known.and_then(|known| known.number))
}

/// The number of a message in a group, whoever wrote it, if it is kept.
pub fn number_in(
    rows: &(impl Rows + ?Sized),
    group: GroupId,
    message: MessageId,
) -> Result<Option<u64>, StoreError> {
    let known: Option<KnownRow> = rows.row(&known_in(group, message))?;
    Ok(known.and_then(|known| known.number))
}

/// What somebody has sent is shown as of whoever has taken their place.
pub fn show_as(draft: &Draft<'_>, of: AccountId, by: AccountId) -> Result<(), StoreError> {
    for (number, row) in draft.all::<UnreadRow>(&[])? {
        if row.of == of {
            draft.write(&number, &UnreadRow { of: by, ..row });
        }
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
        draft.remove(Table::Unread, &number.to_be_bytes());
        let Some(row) = row.filter(|row| newly && row.notice.is_none()) else { continue };
        marks::goes_after(draft, *number, &row.content, now)?;
        let contact = contacts::with(draft, row.with)?;
        let Some(contact) = contact else { continue };
        if receipts::may_tell(draft, &contact)? {
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
    for (number, row) in draft.all::<UnreadRow>(&[])? {
        let message: Option<MessageRow> =
            if row.of == account { draft.row(&number)? } else { None };
        let is_theirs = |row: &MessageRow| row.with == account && row.notice.is_none();
        ids.extend(message.filter(is_theirs).map(|message| message.id));
    }
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
