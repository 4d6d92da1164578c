//! What is put to a message after it was sent: signs, another text, its end.
//!
//! Whoever wrote a message may change or delete it, and nobody else; a sign may be
//! put to it by whoever it is with. What was read already is told of by a message of
//! its own; what was not read yet is just shown as it is now.

pub mod early;
mod expiry;

use msg_protocol::{
    bounded::{Bytes, List},
    codec,
    content::{Content, EncodeMessageError, Lines, Text},
    id::{AccountId, GroupId, MessageId},
    limits::{MAX_GROUP_MEMBERS, MAX_MESSAGE_BYTES},
    time::UnixSeconds,
};

pub use self::expiry::{expire_s, goes_after, is_due, latest, purge};
use super::{EngineError, contacts, files, inbox, outbox};
use crate::{
    rows::{
        Direction, KnownRow, Level, MarksRow, MessageRow, OutboxRow, Read as _, Sign,
        message::{known_in, known_key},
    },
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Days after which a message can be marked no more: the other side may have
/// forgotten its id.
pub const MARK_DAYS: u32 = 30;
/// Signs on one message, on all of its lines together: twice as many as a group has
/// members. No more are taken.
const MAX_SIGNS: usize = 2 * MAX_GROUP_MEMBERS;
/// Messages that tell of edits of one message: older ones go.
const MAX_TOLD: usize = 32;

/// What a mark of somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// The message with this number has it, and its owner should be told.
    Told(u64),
    /// Nothing that anybody should be told of.
    Quietly,
}

/// Whether a content does something to an earlier message.
pub const fn is_mark(content: &Content) -> bool {
    matches!(content, Content::Edit(_) | Content::Delete(_) | Content::Reaction(_))
}

/// The message that a content does something to.
pub const fn target(content: &Content) -> Option<MessageId> {
    match content {
        Content::Edit(edit) => Some(edit.target),
        Content::Delete(delete) => Some(delete.target),
        Content::Reaction(reaction) => Some(reaction.target),
        _ => None,
    }
}

/// The marks of a message.
pub fn of(rows: &(impl Rows + ?Sized), number: u64) -> Result<MarksRow, StoreError> {
    Ok(rows.row(&number.to_be_bytes())?.unwrap_or_default())
}

/// A mark of somebody came, in a group or between two.
pub fn take(
    draft: &Draft<'_>,
    from: AccountId,
    group: Option<GroupId>,
    content: &Content,
    now: UnixSeconds,
) -> Result<Marked, EngineError> {
    let Some(target) = target(content) else { return Ok(Marked::Quietly) };
    let known: Option<KnownRow> = draft.row(&known_key(from, target))?;
    let known = known.filter(|known| !known.is_refused);
    if known.is_none() && matches!(content, Content::Delete(_)) {
        // It is on its way, and will not be kept.
        draft.write(&known_key(from, target), &KnownRow::new(None, now));
    }
    let number = match (group, content) {
        // A sign may be put to what anybody said there.
        (Some(group), Content::Reaction(_)) => inbox::number_in(draft, group, target)?,
        _ => inbox::number_of(draft, from, target)?,
    };
    let found = found(draft, number)?.filter(|(_, row)| row.group == group);
    let Some((number, row)) = found else {
        if known.is_none() && number.is_none() && may_wait(draft, from, group)? {
            early::wait(draft, from, target, content, now)?;
        }
        return Ok(Marked::Quietly);
    };
    let was_read = match row.direction {
        Direction::In { read, .. } => read,
        Direction::Out { .. } if !matches!(content, Content::Reaction(_)) => {
            return Ok(Marked::Quietly);
        }
        Direction::Out { .. } => true,
    };
    if !apply(draft, number, row, from, content)? || !was_read {
        return Ok(Marked::Quietly);
    }
    let is_taken_back = matches!(content, Content::Reaction(sign) if sign.sign.is_empty());
    Ok(if is_taken_back { Marked::Quietly } else { Marked::Told(number) })
}

/// Whether what somebody does to a message that has not come is kept until then: of a
/// contact, and of whoever is in the group.
fn may_wait(
    draft: &Draft<'_>,
    from: AccountId,
    group: Option<GroupId>,
) -> Result<bool, EngineError> {
    let is_contact = contacts::with(draft, from)?.is_some_and(|row| row.is_accepted());
    Ok(is_contact || group.is_some())
}

/// A mark of ours goes to somebody: it is put here at once.
pub fn put(
    draft: &Draft<'_>,
    own: AccountId,
    with: AccountId,
    message: MessageId,
    content: &Content,
) -> Result<(), EngineError> {
    let Some(target) = target(content) else { return Ok(()) };
    let number = inbox::number_of(draft, with, target)?;
    let told = inbox::number_of(draft, with, message)?;
    let is_on_its_way = |row: &OutboxRow| row.account == with;
    put_to(draft, own, (number, told), content, is_on_its_way)
}

/// The same in a group: it goes to everybody there.
pub fn put_in(
    draft: &Draft<'_>,
    own: AccountId,
    group: GroupId,
    message: MessageId,
    content: &Content,
) -> Result<(), EngineError> {
    let Some(target) = target(content) else { return Ok(()) };
    let number = inbox::number_in(draft, group, target)?;
    let told = inbox::number_in(draft, group, message)?;
    let is_there = |row: &OutboxRow| row.group.as_ref().is_some_and(|at| at.group == group);
    put_to(draft, own, (number, told), content, is_there)
}

fn put_to(
    draft: &Draft<'_>,
    own: AccountId,
    (number, told): (Option<u64>, Option<u64>),
    content: &Content,
    is_on_its_way: impl Fn(&OutboxRow) -> bool,
) -> Result<(), EngineError> {
    let Some((number, row)) = found(draft, number)? else { return Ok(()) };
    let is_ours = matches!(row.direction, Direction::Out { .. });
    if !is_ours && !matches!(content, Content::Reaction(_)) {
        return Ok(());
    }
    if let Content::Edit(edit) = content
        && with_words(&row, edit.target, edit.bytes.clone()).is_some_and(|new| !outbox::fits(&new))
    {
        // Whoever gets it late gets all of it.
        return Err(EngineError::LongEdit);
    }
    let file = files::file_in(&row.content).map(files::blob_of);
    let is_deleted = matches!(content, Content::Delete(_));
    if let Content::Delete(delete) = content {
        take_back(draft, is_on_its_way, delete.target)?;
    }
    apply(draft, number, row, own, content)?;
    if let Some(blob) = file.filter(|_| is_deleted) {
        files::let_go(draft, blob)?;
    }
    if let Some(told) = told {
        tells(draft, number, told, content)?;
    }
    Ok(())
}

/// Another message tells of an edit: it goes with what was edited.
pub fn tells(
    draft: &Draft<'_>,
    number: u64,
    told: u64,
    content: &Content,
) -> Result<(), EngineError> {
    if !matches!(content, Content::Edit(_)) {
        return Ok(());
    }
    let mut marks = of(draft, number)?;
    marks.told.push(told);
    while marks.told.len() > MAX_TOLD {
        remove(draft, marks.told.remove(0))?;
    }
    draft.write(&number.to_be_bytes(), &marks);
    Ok(())
}

fn found(draft: &Draft<'_>, number: Option<u64>) -> Result<Option<(u64, MessageRow)>, EngineError> {
    let Some(number) = number else { return Ok(None) };
    let row: Option<MessageRow> = draft.row(&number.to_be_bytes())?;
    Ok(row.map(|row| (number, row)))
}

/// Puts a mark to a message; whether that did something.
fn apply(
    draft: &Draft<'_>,
    number: u64,
    mut row: MessageRow,
    by: AccountId,
    content: &Content,
) -> Result<bool, EngineError> {
    let mut marks = of(draft, number)?;
    let is_done = match content {
        Content::Edit(edit) => {
            let is_new = !marks.deleted.contains(&edit.target)
                && write(&mut row, edit.target, edit.bytes.clone());
            if is_new && !marks.edited.contains(&edit.target) {
                marks.edited.push(edit.target);
            }
            is_new
        }
        Content::Delete(delete) => {
            let target = delete.target;
            write(&mut row, target, nothing()?);
            if row.id == target && !matches!(row.content, Content::Text(_)) {
                row.content = Text { bytes: nothing()?, reply_to: None, expire_s: None }.into();
            }
            for told in std::mem::take(&mut marks.told) {
                remove(draft, told)?;
            }
            marks.edited.retain(|id| *id != target);
            marks.signs.retain(|sign| sign.target != target);
            let is_new = !marks.deleted.contains(&target);
            if is_new {
                marks.deleted.push(target);
            }
            draft.remove(Table::Unread, &number.to_be_bytes());
            is_new
        }
        Content::Reaction(reaction) => {
            let (target, sign) = (reaction.target, reaction.sign.to_string());
            marks.signs.retain(|known| (known.target, known.by) != (target, by));
            let is_there = !marks.deleted.contains(&target) && marks.signs.len() < MAX_SIGNS;
            if is_there && !sign.is_empty() {
                marks.signs.push(Sign { target, by, sign });
            }
            is_there
        }
        _ => false,
    };
    if is_done {
        draft.write(&number.to_be_bytes(), &row);
        draft.write(&number.to_be_bytes(), &marks);
    }
    Ok(is_done)
}

/// Gives a text, or one of several lines, other words, if there is room for them.
fn write(row: &mut MessageRow, target: MessageId, bytes: Bytes<MAX_MESSAGE_BYTES>) -> bool {
    let new = with_words(row, target, bytes);
    let new = new.filter(|content| codec::try_encode(content).is_ok());
    new.map(|content| row.content = content).is_some()
}

/// What a message says with other words for one of its texts; none if that is not there.
fn with_words(
    row: &MessageRow,
    target: MessageId,
    bytes: Bytes<MAX_MESSAGE_BYTES>,
) -> Option<Content> {
    match &row.content {
        Content::Text(text) if row.id == target => Some(Text { bytes, ..text.clone() }.into()),
        Content::Lines(lines) => {
            let mut all = lines.lines.clone().into_vec();
            all.iter_mut().find(|line| line.id == target)?.bytes = bytes;
            // As many as before.
            Some(Lines { lines: List::new(all).ok()?, ..lines.clone() }.into())
        }
        _ => None,
    }
}

fn nothing() -> Result<Bytes<MAX_MESSAGE_BYTES>, EncodeMessageError> {
    Ok(Bytes::new(Vec::new())?)
}

/// What is on its way of a message that is deleted does not leave any more.
fn take_back(
    draft: &Draft<'_>,
    is_meant: impl Fn(&OutboxRow) -> bool,
    gone: MessageId,
) -> Result<(), EngineError> {
    for (number, mut row) in outbox::all(draft)? {
        if !is_meant(&row) {
            continue;
        }
        let is_whole = row.message == gone || is_edit_of(&row, gone);
        if is_whole {
            draft.remove(Table::Outbox, &number.to_be_bytes());
        } else if let Content::Lines(lines) = &mut row.content
            && lines.lines.iter().any(|line| line.id == gone)
        {
            let mut message = MessageRow {
                id: row.message,
                with: row.account,
                group: None,
                direction: Direction::Out { level: Level::Queued },
                sent_ms: row.sent_ms,
                stored: row.queued,
                content: row.content.clone(),
                notice: None,
            };
            write(&mut message, gone, nothing()?);
            row.content = message.content;
            draft.write(&number.to_be_bytes(), &row);
        }
    }
    Ok(())
}

fn is_edit_of(row: &OutboxRow, message: MessageId) -> bool {
    matches!(&row.content, Content::Edit(edit) if edit.target == message)
}

/// Removes a message, and all that belongs to it, from this store.
pub fn remove(draft: &Draft<'_>, number: u64) -> Result<(), EngineError> {
    let key = number.to_be_bytes();
    if let Some(row) = draft.row::<MessageRow>(&key)? {
        let mut ids = vec![row.id];
        if let Content::Lines(lines) = &row.content {
            ids.extend(lines.lines.iter().map(|line| line.id));
        }
        let with = ids.iter().map(|id| known_key(row.with, *id));
        let within = row.group.iter().flat_map(|group| ids.iter().map(|id| known_in(*group, *id)));
        for key in with.chain(within) {
            let known: Option<KnownRow> = draft.row(&key)?;
            if let Some(known) = known.filter(|known| known.number == Some(number)) {
                draft.write(&key, &KnownRow { number: None, ..known });
            }
        }
    }
    for table in [Table::Messages, Table::Unread, Table::Marks] {
        draft.remove(table, &key);
    }
    Ok(())
}
