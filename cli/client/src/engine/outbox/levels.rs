//! How far a message got: what its row and its message say.

use std::collections::BTreeSet;

use msg_protocol::{
    content::ReceiptLevel,
    id::{AccountId, DeviceId, MessageId},
    time::UnixSeconds,
};

use super::{EngineError, all};
use crate::{
    engine::marks,
    rows::{Direction, KnownRow, Level, MessageRow, Read as _, message::known_key},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// How far a message to somebody got; none if it is not known.
pub fn level_of(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
    message: MessageId,
) -> Result<Option<Level>, StoreError> {
    let found = outgoing(rows, account, message)?;
    if let Some((_, _, level)) = found {
        return Ok(Some(level));
    }
    // What is known and not kept any more went after it was read.
    let known: Option<KnownRow> = rows.row(&known_key(account, message))?;
    Ok(known.filter(|known| known.number.is_none()).map(|_| Level::Read))
}

/// A message got further.
pub fn raise(
    draft: &Draft<'_>,
    account: AccountId,
    message: MessageId,
    to: Level,
) -> Result<(), StoreError> {
    if let Some((number, row, level)) = outgoing(draft, account, message)?
        && level < to
    {
        write(draft, account, message, (number, row), to)?;
    }
    Ok(())
}

/// A message goes no further, unless it got somewhere already.
pub fn fail(draft: &Draft<'_>, account: AccountId, message: MessageId) -> Result<(), StoreError> {
    if let Some((number, row, Level::Queued)) = outgoing(draft, account, message)? {
        write(draft, account, message, (number, row), Level::Failed)?;
    }
    Ok(())
}

/// In a group each member has a level of their own; the message shows none.
fn write(
    draft: &Draft<'_>,
    account: AccountId,
    message: MessageId,
    (number, mut row): (u64, MessageRow),
    level: Level,
) -> Result<(), StoreError> {
    if row.group.is_none() {
        row.direction = Direction::Out { level };
        draft.write(&number.to_be_bytes(), &row);
    } else if let Some(mut known) = draft.row::<KnownRow>(&known_key(account, message))? {
        known.level = Some(level);
        draft.write(&known_key(account, message), &known);
    }
    Ok(())
}

/// A message to somebody becomes one to somebody else, who took their place.
pub(super) fn hand_over(
    draft: &Draft<'_>,
    from: AccountId,
    to: AccountId,
    message: MessageId,
) -> Result<(), StoreError> {
    if let Some((number, mut row, _)) = outgoing(draft, from, message)? {
        row.with = to;
        row.direction = Direction::Out { level: Level::Queued };
        draft.write(&number.to_be_bytes(), &row);
        let known = KnownRow::new(Some(number), row.stored);
        draft.write(&known_key(to, message), &known);
        draft.remove(Table::Known, &known_key(from, message));
    }
    Ok(())
}

/// A device has confirmed messages: nothing of them is on its way to it any more.
pub fn confirmed(
    draft: &Draft<'_>,
    account: AccountId,
    device: DeviceId,
    ids: &[MessageId],
    level: ReceiptLevel,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let level = match level {
        ReceiptLevel::Delivered => Level::Delivered,
        ReceiptLevel::Read => Level::Read,
    };
    let mut whole: BTreeSet<MessageId> = ids.iter().copied().collect();
    for id in ids {
        // A line is confirmed with what it travelled in.
        whole.extend(outgoing(draft, account, *id)?.map(|(_, row, _)| row.id));
        raise(draft, account, *id, level)?;
        if let Some((number, row, Level::Read)) = outgoing(draft, account, *id)? {
            marks::goes_after(draft, number, &row.content, now)?;
        }
    }
    for (number, row) in all(draft)? {
        if row.account == account && row.device == device && whole.contains(&row.message) {
            draft.remove(Table::Outbox, &number.to_be_bytes());
        }
    }
    Ok(())
}

fn outgoing(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
    message: MessageId,
) -> Result<Option<(u64, MessageRow, Level)>, StoreError> {
    let known: Option<KnownRow> = rows.row(&known_key(account, message))?;
    let Some(known) = known else { return Ok(None) };
    let Some(number) = known.number else { return Ok(None) };
    let row: Option<MessageRow> = rows.row(&number.to_be_bytes())?;
    Ok(row.and_then(|row| match row.direction {
        Direction::Out { level } => Some((number, row, known.level.unwrap_or(level))),
        Direction::In { .. } => None,
    }))
}
