//! The commit gate.
//!
//! ```text
//! rows ──▶ Draft ── decide ──▶ Step { changes, outcome } ── commit ──▶ outcome
//! ```
//!
//! A [`Draft`] reads rows and remembers what is to change. [`Draft::step`] makes a
//! [`Step`] of it, and only [`Step::commit`] gives the outcome away: ciphertext,
//! acknowledgements and texts do not exist for anybody before the state that they
//! follow from is durable.
//!
//! A draft refuses what no store would give back. A [`Step`] of it cannot be
//! committed, unless the part of it that was refused was an [attempt](Draft::attempt)
//! of its own.

use core::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
};
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::store::{Rows, StoreError, Table, Value, Visit};

/// Rows to be written, or removed where there is no value.
pub type Changes = BTreeMap<(Table, Vec<u8>), Option<Value>>;

/// Makes changes durable, all or none.
pub trait Commit {
    /// Why it could not.
    type Error: From<StoreError>;

    /// Writes the changes, and returns when they are durable.
    fn commit(self, changes: Changes) -> Result<(), Self::Error>;
}

/// What there was to change of a row before, by its key; nothing, if it was to stay.
type Before = BTreeMap<(Table, Vec<u8>), Option<Option<Value>>>;

/// Rows as they are, and what is to become of them.
pub struct Draft<'r> {
    rows: &'r dyn Rows,
    changes: RefCell<Changes>,
    /// Where a row was refused.
    refused: Cell<Option<Table>>,
    /// What an attempt has changed so far.
    before: RefCell<Option<Before>>,
}

/// A decision that is not durable yet.
#[must_use = "nothing has happened before a step is committed"]
pub struct Step<T> {
    changes: Changes,
    refused: Option<Table>,
    outcome: T,
}

impl<'r> Draft<'r> {
    /// Begins from what is stored.
    pub fn new(rows: &'r dyn Rows) -> Self {
        Self {
            rows,
            changes: RefCell::default(),
            refused: Cell::default(),
            before: RefCell::default(),
        }
    }

    /// Writes a row.
    pub fn put(&self, table: Table, key: &[u8], value: Vec<u8>) {
        self.change((table, key.to_vec()), Some(Zeroizing::new(value)));
    }

    /// Removes a row.
    pub fn remove(&self, table: Table, key: &[u8]) {
        self.change((table, key.to_vec()), None);
    }

    fn change(&self, row: (Table, Vec<u8>), value: Option<Value>) {
        let before = self.changes.borrow_mut().insert(row.clone(), value);
        if let Some(all) = self.before.borrow_mut().as_mut() {
            all.entry(row).or_insert(before);
        }
    }

    /// A row cannot be written: nothing of this draft may be, or of the attempt.
    pub(crate) fn refuse(&self, table: Table) {
        self.refused.set(self.refused.get().or(Some(table)));
    }

    /// Does something as a whole: if it fails, or writes a row that is refused, it has
    /// changed nothing, and what else there is of the draft stands.
    pub fn attempt<T, E: From<StoreError>>(
        &self,
        what: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let around = (self.refused.take(), self.before.replace(Some(Before::new())));
        let outcome = what();
        let outcome = match self.refused.replace(around.0) {
            Some(table) => outcome.and(Err(StoreError::TooLong(table).into())),
            None => outcome,
        };
        let changed = self.before.replace(around.1).unwrap_or_default();
        for (row, before) in changed {
            if outcome.is_ok() {
                if let Some(all) = self.before.borrow_mut().as_mut() {
                    all.entry(row).or_insert(before);
                }
                continue;
            }
            match before {
                Some(before) => self.changes.borrow_mut().insert(row, before),
                None => self.changes.borrow_mut().remove(&row),
            };
        }
        outcome
    }

    /// Ends the draft with its outcome.
    pub fn step<T>(self, outcome: T) -> Step<T> {
        Step { changes: self.changes.into_inner(), refused: self.refused.get(), outcome }
    }
}

impl Rows for Draft<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Value>, StoreError> {
        if let Some(changed) = self.changes.borrow().get(&(table, key.to_vec())) {
            return Ok(changed.clone());
        }
        self.rows.value(table, key)
    }

    fn scan(&self, table: Table, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        let from = if table.is_numbered() { from } else { &[] };
        let of_table = |((found, key), value): (&(Table, Vec<u8>), &Option<Value>)| {
            (*found == table && key.as_slice() >= from).then(|| (key.clone(), value.clone()))
        };
        let mut instead: BTreeMap<_, _> =
            self.changes.borrow().iter().filter_map(of_table).collect();
        let mut going = true;
        self.rows.scan(table, from, &mut |key, value| {
            if table.is_numbered() {
                while let Some(entry) =
                    instead.first_entry().filter(|entry| entry.key().as_slice() < key)
                {
                    let (key, value) = entry.remove_entry();
                    going = going && give(visit, &key, value.as_ref());
                }
            }
            going = going
                && match instead.remove(key) {
                    Some(value) => give(visit, key, value.as_ref()),
                    None => visit(key, value).is_continue(),
                };
            if going { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        for (key, value) in instead {
            going = going && give(visit, &key, value.as_ref());
        }
        Ok(())
    }

    fn last(&self, table: Table, before: u64) -> Result<Option<u64>, StoreError> {
        let mut bound = before;
        loop {
            let stored = self.rows.last(table, bound)?;
            let changes = self.changes.borrow();
            let below = (table, Vec::new())..(table, bound.to_be_bytes().to_vec());
            let number = |key: &[u8]| key.first_chunk().copied().map(u64::from_be_bytes);
            let new = changes.range(below).rev().find(|(_, value)| value.is_some());
            let new = new.and_then(|((_, key), _)| number(key));
            match stored.max(new) {
                None => return Ok(None),
                Some(found) => {
                    let gone = changes.get(&(table, found.to_be_bytes().to_vec()));
                    if !matches!(gone, Some(None)) {
                        return Ok(Some(found));
                    }
                    bound = found;
                }
            }
        }
    }
}

fn give(visit: Visit<'_>, key: &[u8], value: Option<&Value>) -> bool {
    value.is_none_or(|value| visit(key, value).is_continue())
}

impl<T> Step<T> {
    /// Makes it durable, and gives the outcome.
    pub fn commit<C: Commit>(self, store: C) -> Result<T, C::Error> {
        if let Some(table) = self.refused {
            return Err(StoreError::TooLong(table).into());
        }
        store.commit(self.changes)?;
        Ok(self.outcome)
    }

    /// Whether there is nothing to write.
    #[cfg(test)]
    pub(crate) fn changes_nothing(&self) -> bool {
        self.changes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use msg_protocol::id::MessageId;

    use super::*;
    use crate::{
        rows::{MAX_ROW_BYTES, MarksRow, Read as _},
        store::memory::Memory,
    };

    fn marks(edited: usize) -> MarksRow {
        MarksRow { edited: vec![MessageId([7; 16]); edited], ..MarksRow::default() }
    }

    fn edited(rows: &impl Rows, key: &[u8]) -> Option<usize> {
        rows.row::<MarksRow>(key).unwrap().map(|row| row.edited.len())
    }

    #[test]
    fn a_row_that_could_not_be_read_again_is_not_written_nor_anything_with_it() {
        let mut store = Memory::default();
        let draft = Draft::new(&store);
        draft.write(b"1", &marks(1));
        draft.write(b"2", &marks(MAX_ROW_BYTES / 16));
        let refused = draft.step(()).commit(&mut store);
        assert_eq!(refused, Err(StoreError::TooLong(Table::Marks)));
        assert_eq!((edited(&store, b"1"), edited(&store, b"2")), (None, None));
    }

    #[test]
    fn an_attempt_that_fails_has_changed_nothing_and_the_rest_stands() {
        let mut store = Memory::default();
        let draft = Draft::new(&store);
        draft.write(b"1", &marks(1));
        let inner = |number: usize| {
            draft.attempt(|| {
                draft.write(b"2", &marks(number));
                draft.write(b"3", &marks(number));
                Ok::<_, StoreError>(())
            })
        };
        let outer: Result<(), StoreError> = draft.attempt(|| {
            draft.write(b"1", &marks(2));
            draft.remove(Table::Marks, b"1");
            inner(3)?;
            Err(StoreError::Full)
        });
        assert_eq!(outer, Err(StoreError::Full));
        assert_eq!((edited(&draft, b"1"), edited(&draft, b"3")), (Some(1), None));
        let refused = draft.attempt(|| {
            draft.write(b"1", &marks(4));
            assert_eq!(inner(MAX_ROW_BYTES / 16), Err(StoreError::TooLong(Table::Marks)));
            draft.write(b"4", &marks(MAX_ROW_BYTES / 16));
            Ok(())
        });
        assert_eq!(refused, Err(StoreError::TooLong(Table::Marks)));
        inner(5).unwrap();
        draft.step(()).commit(&mut store).unwrap();
        let kept = [b"1", b"2", b"3", b"4"].map(|key| edited(&store, key));
        assert_eq!(kept, [Some(1), Some(5), Some(5), None]);
    }
}
