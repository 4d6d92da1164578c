//! Messages that a program is given, one after the other: which is next, and when one
//! that it did not take is given again.

use core::ops::ControlFlow;

use msg_protocol::{content::Content, id::MessageId, time::UnixSeconds};
use rand_core::CryptoRng;

use super::{
    EngineError, groups,
    inbox::{self, Unread},
    marks,
};
use crate::{
    rows::{Direction, MessageRow, Read as _, Whose},
    step::Draft,
    store::{Rows, StoreError},
};

/// The longest pause before a message is given to a program again, in seconds.
const LONGEST_PAUSE_S: u64 = 3_600;
/// Unread messages that are looked at together.
const BATCH: usize = 64;

/// Which messages a program is given.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// From this number on.
    pub from: u64,
    /// Of those alone.
    pub of: Whose,
    /// Whether one that it did not take has to wait first.
    pub waits: bool,
}

/// Takes the next message for a program. Its row says that it was given before, if
/// it was. What is done to messages or to a group, and what is passed on of earlier
/// messages, triggers nothing: it counts as read.
pub fn take<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    wanted: Wanted,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Option<Unread>, EngineError> {
    let mut from = wanted.from;
    loop {
        let batch = inbox::unread(draft, from, wanted.of, BATCH)?;
        let Some(last) = batch.last() else { return Ok(None) };
        from = last.number.saturating_add(1);
        for unread in batch {
            if is_passed_over(&unread.message) {
                inbox::mark_read(draft, &[unread.number], now, rng)?;
                continue;
            }
            if wanted.waits && unread.marks.next_try > now {
                continue;
            }
            inbox::mark_shown(draft, unread.number)?;
            return Ok(Some(unread));
        }
    }
}

/// What no program is given.
const fn is_passed_over(row: &MessageRow) -> bool {
    let content = &row.content;
    row.notice.is_some() || marks::is_mark(content) || matches!(content, Content::Replay(_))
}

/// A program did not take a message: it is given it again, later each time.
pub fn postpone(draft: &Draft<'_>, number: u64, now: UnixSeconds) -> Result<(), EngineError> {
    let mut row = marks::of(draft, number)?;
    row.tries = row.tries.saturating_add(1);
    let pause = 1_u64.checked_shl(row.tries).unwrap_or(LONGEST_PAUSE_S).min(LONGEST_PAUSE_S);
    row.next_try = UnixSeconds(now.0.saturating_add(pause));
    draft.write(&number.to_be_bytes(), &row);
    Ok(())
}

/// The first answer of somebody, or of anybody in a group, to a message of ours, read
/// or not.
pub fn answer(
    rows: &(impl Rows + ?Sized),
    from: Whose,
    to: MessageId,
) -> Result<Option<(u64, MessageRow)>, StoreError> {
    let number = match from {
        Whose::Of(account) => inbox::number_of(rows, account, to)?,
        Whose::In(group) => inbox::number_in(rows, group, to)?,
        Whose::Everybody => None,
    };
    let Some(number) = number else { return Ok(None) };
    let held = groups::waiting(rows)?;
    let mut found = None;
    rows.each::<MessageRow>(&number.to_be_bytes(), |key, row| {
        let is_in = matches!(row.direction, Direction::In { .. }) && from.is_with(&row);
        let answers = match &row.content {
            Content::Text(text) => text.reply_to == Some(to),
            Content::File(file) => file.reply_to == Some(to),
            _ => false,
        };
        match key.try_into().map(u64::from_be_bytes) {
            Ok(number) if is_in && answers && !held.contains(&number) => {
                found = Some((number, row));
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    })?;
    Ok(found)
}
