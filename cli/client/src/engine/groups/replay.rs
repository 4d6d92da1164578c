//! What was said before somebody came: passed on to them once they have joined, if
//! whoever asked them in wished so.
//!
//! Only what was heard at first hand, and stays: nothing that goes after reading, and
//! nothing that was itself passed on. Nor what fits no envelope with its author's name.

use msg_protocol::{
    content::{Confirm, Content, Replay, Replayed, Text},
    group::{GroupChange, GroupMember},
    id::{AccountId, GroupId},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{hear, kept, say};
use crate::{
    engine::{EngineError, contacts, marks, outbox},
    rows::{ContactRow, Direction, GroupRow, MarksRow, MessageRow, Read as _},
    step::Draft,
    store::{Rows, Table},
};

/// Messages that are passed on to one newcomer at most.
pub const MAX_HISTORY: u32 = 1_000;

/// Once these have joined, they get the last messages.
pub fn promise(
    draft: &Draft<'_>,
    group: GroupId,
    whom: &[AccountId],
    count: u32,
) -> Result<(), EngineError> {
    let Some(mut row) = kept::with(draft, group)? else { return Ok(()) };
    row.promised.retain(|(account, _)| !whom.contains(account));
    let count = count.min(MAX_HISTORY);
    row.promised.extend(whom.iter().filter(|_| count > 0).map(|account| (*account, count)));
    kept::save(draft, group, &row);
    Ok(())
}

/// Somebody has joined: what was promised to them is put into the outbox.
pub(super) fn pass_on<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: AccountId,
    group: GroupId,
    row: &mut GroupRow,
    account: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let Some(place) = row.promised.iter().position(|(whom, _)| *whom == account) else {
        return Ok(());
    };
    let (_, count) = row.promised.swap_remove(place);
    let contact = contacts::with(draft, account)?.filter(ContactRow::is_reached);
    let (Some(contact), Some(context)) = (contact, say::context(group, row)) else {
        return Ok(());
    };
    for replay in latest(draft, own, group, account, usize::try_from(count).unwrap_or(0))? {
        let post = outbox::Post {
            account,
            message: outbox::new_message_id(rng),
            sent_ms: now.0.saturating_mul(1_000),
            content: replay.into(),
            confirm: Confirm::Later,
            is_kept: false,
            group: Some(context.clone()),
        };
        outbox::post(draft, &contact, post, now)?;
    }
    Ok(())
}

/// The last messages of a group but those of one account, oldest first.
fn latest(
    rows: &(impl Rows + ?Sized),
    own: AccountId,
    group: GroupId,
    but: AccountId,
    count: usize,
) -> Result<Vec<Replay>, EngineError> {
    let held = hear::waiting(rows)?;
    let mut found = Vec::new();
    let mut before = u64::MAX;
    while found.len() < count
        && let Some(number) = rows.last(Table::Messages, before)?
    {
        before = number;
        let row: Option<MessageRow> = rows.row(&number.to_be_bytes())?;
        let is_meant = |row: &MessageRow| row.group == Some(group) && row.with != but;
        let Some(row) = row.filter(|row| is_meant(row) && !held.contains(&number)) else {
            continue;
        };
        let marks = marks::of(rows, number)?;
        found.extend(replays(&row, &marks, own).into_iter().rev());
    }
    found.truncate(count);
    found.reverse();
    Ok(found)
}

/// A message as it is passed on: one for each line.
fn replays(row: &MessageRow, marks: &MarksRow, own: AccountId) -> Vec<Replay> {
    if row.notice.is_some() || marks::expire_s(&row.content).is_some() {
        return Vec::new();
    }
    let author = if matches!(row.direction, Direction::Out { .. }) { own } else { row.with };
    let sent_ms = row.sent_ms;
    let one = |id, said| Replay { author, id, sent_ms, said };
    let mut all = match &row.content {
        Content::Text(text) => vec![one(row.id, Replayed::Text(text.clone()))],
        Content::File(file) => vec![one(row.id, Replayed::File(file.clone()))],
        Content::Lines(lines) => {
            let text = |bytes| Replayed::Text(Text { bytes, reply_to: None, expire_s: None });
            lines.lines.iter().map(|line| one(line.id, text(line.bytes.clone()))).collect()
        }
        _ => Vec::new(),
    };
    all.retain(|replay| {
        !marks.deleted.contains(&replay.id) && outbox::fits(&replay.clone().into())
    });
    all
}

/// Who wrote what was passed on, as they are called here: people who were members
/// once are known by the commits that let them in.
pub fn author(
    rows: &(impl Rows + ?Sized),
    message: &MessageRow,
) -> Result<Option<String>, EngineError> {
    let Content::Replay(replay) = &message.content else { return Ok(None) };
    let account = replay.author;
    if let Some(contact) = contacts::with(rows, account)? {
        return Ok(Some(contact.shown_name()));
    }
    let row = message.group.map(|group| kept::with(rows, group)).transpose()?.flatten();
    let (Some(group), Some(row)) = (message.group, row) else {
        return Ok(Some(account.to_string()));
    };
    let is_meant = |member: &&GroupMember| member.account() == account;
    if let Some(member) = row.state().and_then(|state| state.members.iter().find(is_meant)) {
        return Ok(Some(member.address.to_string()));
    }
    let commit = kept::added(rows, group, &row, account)?;
    let commit = commit.and_then(|(stored, _)| stored.signed.peek_unverified().ok());
    let changes = commit.into_iter().flat_map(|commit| commit.changes.into_vec());
    let address = changes.into_iter().find_map(|change| match change {
        GroupChange::CreateGroup(create) if AccountId::of(&create.identity) == account => {
            Some(create.address)
        }
        GroupChange::AddMember(add) if AccountId::of(&add.identity) == account => Some(add.address),
        _ => None,
    });
    Ok(Some(address.map_or_else(|| account.to_string(), |address| address.to_string())))
}
