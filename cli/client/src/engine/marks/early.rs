//! Marks that overtake their message: envelopes of one sender come in order only as
//! long as nothing is sent again. They wait for it: of each kind the last, of people
//! who are no strangers.

use msg_protocol::{
    content::Content,
    id::{AccountId, MessageId},
    time::UnixSeconds,
};

use super::{EngineError, apply};
use crate::{
    rows::{EarlyRow, MessageRow, Read as _, message::known_key},
    step::Draft,
    store::{StoreError, Table},
};

/// Messages that are waited for: more than can be on their way, and few to keep.
const MAX_AWAITED: usize = 256;

/// A mark came before its message. A deletion needs not wait: the message will not
/// be kept.
pub(super) fn wait(
    draft: &Draft<'_>,
    from: AccountId,
    target: MessageId,
    content: &Content,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let key = known_key(from, target);
    if matches!(content, Content::Delete(_)) {
        draft.remove(Table::Early, &key);
        return Ok(());
    }
    let mut row = match found(draft, &key)? {
        Some(row) => row,
        None if draft.all_readable::<EarlyRow>()?.len() >= MAX_AWAITED => return Ok(()),
        None => EarlyRow { marks: Vec::new(), came: now },
    };
    // Each takes the place of one of its kind, as it would on the message.
    row.marks.retain(|known| known.kind() != content.kind());
    row.marks.push(content.clone());
    row.came = now;
    draft.write(&key, &row);
    Ok(())
}

/// What waits for a message. What cannot be read is not worth a failure.
fn found(draft: &Draft<'_>, key: &[u8]) -> Result<Option<EarlyRow>, StoreError> {
    match draft.row(key) {
        Err(StoreError::Damaged(_) | StoreError::Foreign(_)) => Ok(None),
        found => found,
    }
}

/// A message came: what waited for it is put to it.
pub fn catch_up(
    draft: &Draft<'_>,
    from: AccountId,
    target: MessageId,
    number: u64,
) -> Result<(), EngineError> {
    let key = known_key(from, target);
    let early = found(draft, &key)?;
    draft.remove(Table::Early, &key);
    let Some(early) = early else { return Ok(()) };
    for content in &early.marks {
        if let Some(row) = draft.row::<MessageRow>(&number.to_be_bytes())? {
            apply(draft, number, row, from, content)?;
        }
    }
    Ok(())
}

/// Forgets marks whose message has not come in so many days, and will not come.
pub fn forget(draft: &Draft<'_>, now: UnixSeconds, days: u32) -> Result<(), EngineError> {
    for (key, row) in draft.all_readable::<EarlyRow>()? {
        if now.is_days_after(row.came, days) {
            draft.remove(Table::Early, &key);
        }
    }
    Ok(())
}
