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

use core::{cell::RefCell, ops::ControlFlow};
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::store::{Rows, StoreError, Table, Value, Visit};

/// Rows to be written, or removed where there is no value.
pub type Changes = BTreeMap<(Table, Vec<u8>), Option<Value>>;

/// Makes changes durable, all or none.
pub trait Commit {
    /// Why it could not.
    type Error;

    /// Writes the changes, and returns when they are durable.
    fn commit(self, changes: Changes) -> Result<(), Self::Error>;
}

/// Rows as they are, and what is to become of them.
pub struct Draft<'r> {
    rows: &'r dyn Rows,
    changes: RefCell<Changes>,
}

/// A decision that is not durable yet.
#[must_use = "nothing has happened before a step is committed"]
pub struct Step<T> {
    changes: Changes,
    outcome: T,
}

impl<'r> Draft<'r> {
    /// Begins from what is stored.
    pub fn new(rows: &'r dyn Rows) -> Self {
        Self { rows, changes: RefCell::default() }
    }

    /// Writes a row.
    pub fn put(&self, table: Table, key: &[u8], value: Vec<u8>) {
        self.changes.borrow_mut().insert((table, key.to_vec()), Some(Zeroizing::new(value)));
    }

    /// Removes a row.
    pub fn remove(&self, table: Table, key: &[u8]) {
        self.changes.borrow_mut().insert((table, key.to_vec()), None);
    }

    /// Ends the draft with its outcome.
    pub fn step<T>(self, outcome: T) -> Step<T> {
        Step { changes: self.changes.into_inner(), outcome }
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
        store.commit(self.changes)?;
        Ok(self.outcome)
    }

    /// Whether there is nothing to write.
    #[cfg(test)]
    pub(crate) fn changes_nothing(&self) -> bool {
        self.changes.is_empty()
    }
}
