//! Keys under which a script sends: the same key again sends nothing to whom it has
//! sent before, however many processes try at once.
//!
//! The row is written in the step that posts the messages, so that there is never
//! the one without the other.

use msg_protocol::{
    id::{AccountId, MessageId},
    time::UnixSeconds,
};

use super::EngineError;
use crate::{
    rows::{IdempotencyRow, Read as _},
    step::Draft,
    store::Table,
};

/// Days for which a key is remembered.
pub const KEY_DAYS: u32 = 7;
/// Bytes of a key.
pub const MAX_KEY_BYTES: usize = 200;

/// What was posted to somebody under a key.
pub struct Posted {
    /// To whom.
    pub account: AccountId,
    /// What.
    pub messages: Vec<MessageId>,
}

/// A key at work, within one step.
pub struct Use {
    key: Vec<u8>,
    row: IdempotencyRow,
}

/// A key was used for others before. The caller's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRecipients(pub Vec<String>);

impl Use {
    /// Uses a key to write to those people; refused if it was used for others.
    pub fn begin(
        draft: &Draft<'_>,
        key: &str,
        to: &[String],
        now: UnixSeconds,
    ) -> Result<Result<Self, OtherRecipients>, EngineError> {
        let stored: Option<IdempotencyRow> = draft.row(key.as_bytes())?;
        let known = stored.filter(|row| !is_over(row, now));
        let new = || IdempotencyRow { used: now, to: to.to_vec(), posted: Vec::new() };
        let row = known.unwrap_or_else(new);
        let is_same = row.to.len() == to.len() && row.to.iter().all(|name| to.contains(name));
        Ok(if is_same {
            Ok(Self { key: key.as_bytes().to_vec(), row })
        } else {
            Err(OtherRecipients(row.to))
        })
    }

    /// What was posted to somebody before.
    pub fn before(&self, name: &str) -> Option<Posted> {
        let (_, account, messages) = self.row.posted.iter().find(|(to, ..)| to == name)?;
        Some(Posted { account: *account, messages: messages.clone() })
    }

    /// Something is being posted to somebody.
    pub fn note(&mut self, name: &str, posted: Posted) {
        self.row.posted.push((name.to_owned(), posted.account, posted.messages));
    }

    /// Remembers what was posted. A key under which nothing was is free.
    pub fn keep(self, draft: &Draft<'_>) {
        if !self.row.posted.is_empty() {
            draft.write(&self.key, &self.row);
        }
    }
}

/// Forgets keys whose time is over.
pub fn forget(draft: &Draft<'_>, now: UnixSeconds) -> Result<(), EngineError> {
    for (key, row) in draft.all::<IdempotencyRow>(&[])? {
        if is_over(&row, now) {
            draft.remove(Table::Idempotency, &key);
        }
    }
    Ok(())
}

fn is_over(row: &IdempotencyRow, now: UnixSeconds) -> bool {
    now.is_days_after(row.used, KEY_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn posted() -> Posted {
        Posted { account: AccountId([1; 16]), messages: vec![MessageId([2; 16])] }
    }

    /// Uses a key in a step of its own: for whom it was used before, or whether
    /// something had been posted.
    fn uses(store: &mut Memory, key: &str, to: &[&str], now: UnixSeconds) -> Result<bool, usize> {
        let to: Vec<String> = to.iter().map(ToString::to_string).collect();
        let draft = Draft::new(store);
        let outcome = match Use::begin(&draft, key, &to, now).unwrap() {
            Err(OtherRecipients(others)) => Err(others.len()),
            Ok(mut used) => {
                let before = used.before(&to[0]).is_some();
                if !before {
                    used.note(&to[0], posted());
                }
                used.keep(&draft);
                Ok(before)
            }
        };
        draft.step(outcome).commit(store).unwrap()
    }

    #[test]
    fn a_key_posts_once_in_seven_days() {
        let mut store = Memory::default();
        let store = &mut store;
        assert_eq!(uses(store, "nightly", &["bob"], NOW), Ok(false));
        assert_eq!(uses(store, "nightly", &["bob"], NOW.plus_days(6)), Ok(true));
        assert_eq!(uses(store, "other", &["bob"], NOW), Ok(false));
        assert_eq!(uses(store, "nightly", &["bob"], NOW.plus_days(8)), Ok(false));
    }

    #[test]
    fn a_key_is_for_the_people_it_was_used_for() {
        let mut store = Memory::default();
        let store = &mut store;
        assert_eq!(uses(store, "k", &["bob", "carol"], NOW), Ok(false));
        assert_eq!(uses(store, "k", &["carol", "bob"], NOW), Ok(false), "carol was not posted to");
        assert_eq!(uses(store, "k", &["carol"], NOW), Err(2));
    }

    #[test]
    fn keys_are_forgotten() {
        let mut store = Memory::default();
        uses(&mut store, "k", &["bob"], NOW).unwrap();
        let draft = Draft::new(&store);
        forget(&draft, NOW.plus_days(6)).unwrap();
        let step = draft.step(());
        assert!(step.changes_nothing());
        let draft = Draft::new(&store);
        forget(&draft, NOW.plus_days(8)).unwrap();
        assert!(!draft.step(()).changes_nothing());
    }
}
