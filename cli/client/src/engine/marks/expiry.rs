//! Messages that go: when, counted from reading, and their end.

use core::ops::ControlFlow;

use msg_protocol::{content::Content, time::UnixSeconds};

use super::{EngineError, files, of, outbox, remove};
use crate::{
    rows::{Direction, MarksRow, MessageRow, Read as _},
    step::Draft,
    store::{Rows, StoreError},
};

/// Days after which a message that is to go goes even if nobody says that it was read.
const UNREAD_DAYS: u32 = 2 * outbox::KEEP_DAYS;

/// A message was posted, or read by whom it was for: the time until it goes begins.
pub fn goes_after(
    draft: &Draft<'_>,
    number: u64,
    content: &Content,
    from: UnixSeconds,
) -> Result<(), StoreError> {
    let Some(seconds) = expire_s(content) else { return Ok(()) };
    let mut marks = of(draft, number)?;
    let at = UnixSeconds(from.0.saturating_add(seconds.into()));
    marks.goes = Some(marks.goes.map_or(at, |known| known.min(at)));
    draft.write(&number.to_be_bytes(), &marks);
    Ok(())
}

/// When a message of ours goes if we never hear that it was read.
pub fn latest(now: UnixSeconds) -> UnixSeconds {
    now.plus_days(UNREAD_DAYS)
}

/// Seconds for which a message stays once it was read.
pub fn expire_s(content: &Content) -> Option<u32> {
    match content {
        Content::Text(text) => text.expire_s,
        Content::Lines(lines) => lines.expire_s,
        Content::File(file) => file.expire_s,
        _ => None,
    }
}

/// Whether something is to go now.
pub fn is_due(rows: &(impl Rows + ?Sized), now: UnixSeconds) -> Result<bool, StoreError> {
    let mut found = false;
    rows.each::<MarksRow>(&[], |_, marks| {
        found = marks.goes.is_some_and(|at| at <= now);
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

/// Removes what is to go. Its id stays known, so that it does not come again.
pub fn purge(draft: &Draft<'_>, now: UnixSeconds) -> Result<(), EngineError> {
    for (key, marks) in draft.all::<MarksRow>(&[])? {
        if marks.goes.is_none_or(|at| at > now) {
            continue;
        }
        for told in &marks.told {
            remove(draft, *told)?;
        }
        let row: Option<MessageRow> = draft.row(&key)?;
        if let Ok(number) = key.as_slice().try_into() {
            remove(draft, u64::from_be_bytes(number))?;
        }
        let ours = row.filter(|row| matches!(row.direction, Direction::Out { .. }));
        if let Some(file) = ours.as_ref().and_then(|row| files::file_in(&row.content)) {
            files::let_go(draft, files::blob_of(file))?;
        }
    }
    Ok(())
}
