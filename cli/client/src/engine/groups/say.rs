//! What we say in a group: sealed for each device of each member who has joined.

use msg_protocol::{
    bounded::List,
    content::{Confirm, Content},
    group::{GroupContext, Role, Writers},
    id::{AccountId, GroupId, MessageId},
    limits::MAX_SEEN,
    time::UnixSeconds,
};

use super::{GroupError, hear, kept};
use crate::{
    engine::{EngineError, account::Own, contacts, marks, numbers, outbox},
    rows::{
        ContactRow, Direction, GroupRow, GroupStanding, KnownRow, Level, MessageRow, Read as _,
        message::{known_in, known_key},
    },
    step::Draft,
    store::Rows,
};

/// Members from whom on no receipts are asked for, unless somebody waits for them.
pub const MAX_CONFIRMED: usize = 50;

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// To whom: members who have joined.
    pub to: Vec<AccountId>,
    /// The message.
    pub message: MessageId,
}

/// Queues a message for every member who has joined.
#[expect(clippy::too_many_arguments, reason = "a verb of the engine takes the world as arguments")]
pub fn say(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    message: MessageId,
    content: Content,
    confirm: Confirm,
    sent_ms: u64,
    now: UnixSeconds,
) -> Result<Said, GroupError> {
    let row = kept::with(draft, group)?;
    let mut row = row.ok_or_else(|| GroupError::NoGroup(group.to_string()))?;
    let is_joined = row.standing == GroupStanding::Joined;
    let Some(state) = row.state().filter(|_| is_joined) else {
        return Err(GroupError::NotJoined(row.name));
    };
    let is_admin = state.member(own.id()).is_some_and(|member| member.role == Role::Admin);
    if state.policy.writers == Writers::Admins && !is_admin {
        return Err(GroupError::NotAdmin(row.name));
    }
    let Some(at) = context(group, &row) else { return Err(GroupError::NotJoined(row.name)) };
    let to: Vec<_> = row.joined.iter().copied().filter(|other| *other != own.id()).collect();
    let confirm = match confirm {
        Confirm::Later if to.len() > MAX_CONFIRMED => Confirm::Never,
        confirm => confirm,
    };
    let number = numbers::next_message(draft)?;
    let kept = MessageRow {
        id: message,
        with: own.id(),
        group: Some(group),
        direction: Direction::Out { level: Level::Queued },
        sent_ms,
        stored: now,
        content,
        notice: None,
    };
    draft.write(&number.to_be_bytes(), &kept);
    marks::goes_after(draft, number, &kept.content, marks::latest(now))?;
    let known = KnownRow::new(Some(number), now);
    for id in outbox::ids(message, &kept.content) {
        draft.write(&known_in(group, id), &known);
    }
    for account in &to {
        if !post(draft, &kept, *account, number, confirm, &at, now)? {
            put_off(draft, &mut row, *account, number)?;
        }
    }
    hear::said(&mut row, message);
    kept::save(draft, group, &row);
    Ok(Said { to, message })
}

pub(super) fn context(group: GroupId, row: &GroupRow) -> Option<GroupContext> {
    let state = row.state()?;
    let seen = row.recent.iter().rev().take(MAX_SEEN).copied().collect();
    Some(GroupContext {
        group,
        epoch: state.epoch,
        state: state.hash(),
        seen: List::new(seen).ok()?,
    })
}

/// Queues a message for one member; gives whether that could be done.
fn post(
    draft: &Draft<'_>,
    kept: &MessageRow,
    account: AccountId,
    number: u64,
    confirm: Confirm,
    context: &GroupContext,
    now: UnixSeconds,
) -> Result<bool, EngineError> {
    let known = KnownRow { level: Some(Level::Queued), ..KnownRow::new(Some(number), now) };
    for id in outbox::ids(kept.id, &kept.content) {
        draft.write(&known_key(account, id), &known);
    }
    let contact = contacts::with(draft, account)?.filter(ContactRow::is_reached);
    let Some(contact) = contact else { return Ok(false) };
    let post = outbox::Post {
        account,
        message: kept.id,
        sent_ms: kept.sent_ms,
        content: kept.content.clone(),
        confirm,
        is_kept: false,
        group: Some(context.clone()),
    };
    outbox::post(draft, &contact, post, now)?;
    Ok(true)
}

/// Says what could not be said to somebody before their card was here.
pub(super) fn catch_up(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let Some(context) = context(group, row) else { return Ok(()) };
    for (account, number) in row.take_unsent() {
        let kept: Option<MessageRow> = draft.row(&number.to_be_bytes())?;
        let Some(kept) = kept else { continue };
        if !post(draft, &kept, account, number, Confirm::Later, &context, now)? {
            put_off(draft, row, account, number)?;
        }
    }
    Ok(())
}

/// A message waits until somebody can be written to. If another gives way to it, that
/// one goes no further.
fn put_off(
    draft: &Draft<'_>,
    row: &mut GroupRow,
    account: AccountId,
    number: u64,
) -> Result<(), EngineError> {
    let Some((whom, oldest)) = row.put_off(account, number) else { return Ok(()) };
    if let Some(kept) = draft.row::<MessageRow>(&oldest.to_be_bytes())? {
        outbox::fail(draft, whom, kept.id)?;
    }
    Ok(())
}

/// What could not be said yet, and is such, is not said any more.
pub fn unsay(draft: &Draft<'_>, is_such: impl Fn(&Content) -> bool) -> Result<(), EngineError> {
    for (group, mut row) in kept::all(draft)? {
        let mut is_changed = false;
        for (account, number) in row.take_unsent() {
            let kept: Option<MessageRow> = draft.row(&number.to_be_bytes())?;
            if kept.is_some_and(|kept| is_such(&kept.content)) {
                is_changed = true;
            } else {
                put_off(draft, &mut row, account, number)?;
            }
        }
        if is_changed {
            kept::save(draft, group, &row);
        }
    }
    Ok(())
}

/// To whom a message in a group went, and how far it got with each.
pub fn said_to(
    rows: &(impl Rows + ?Sized),
    own: AccountId,
    row: &GroupRow,
    message: MessageId,
) -> Result<Vec<(AccountId, Level)>, EngineError> {
    let mut found = Vec::new();
    for account in row.joined.iter().filter(|account| **account != own) {
        let level = outbox::level_of(rows, *account, message)?;
        found.extend(level.map(|level| (*account, level)));
    }
    Ok(found)
}

/// How far what we said in a group got with everybody who is in it; none if it is
/// another message.
pub fn lowest(
    rows: &(impl Rows + ?Sized),
    own: AccountId,
    message: &MessageRow,
) -> Result<Option<Level>, EngineError> {
    let Some(group) = message.group.filter(|_| message.with == own) else { return Ok(None) };
    let Some(row) = kept::with(rows, group)? else { return Ok(None) };
    let levels = said_to(rows, own, &row, message.id)?;
    Ok(levels.into_iter().map(|(_, level)| level).min())
}
