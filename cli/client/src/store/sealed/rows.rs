//! Rows as they lie in the file. `crypto/SPEC.md` §11.
//!
//! ```text
//! numbered tables   number, 8 bytes      -> seal(value)
//! all others        hash of the key, 32  -> seal(length of the key, 2 || key || value)
//! ```

use core::{cell::OnceCell, ops::ControlFlow};

use msg_crypto::at_rest::{Place, RowError};
use redb::{ReadOnlyTable, ReadTransaction, TableDefinition, WriteTransaction};
use zeroize::Zeroizing;

use super::{
    file::{Open, contained},
    format,
};
use crate::{
    step::{Changes, Commit},
    store::{Rows, StoreError, Table, Value, Visit},
    unlock::StoreKey,
    world::Random,
};

type Stored = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The rows of an open file.
pub(super) struct Sealed<'a> {
    open: &'a Open,
    view: &'a ReadTransaction,
    key: &'a StoreKey,
    tables: [OnceCell<Stored>; Table::ALL.len()],
}

impl<'a> Sealed<'a> {
    pub(super) fn new(open: &'a Open, view: &'a ReadTransaction, key: &'a StoreKey) -> Self {
        Self { open, view, key, tables: Default::default() }
    }

    fn table(&self, table: Table) -> Result<&Stored, StoreError> {
        let damaged = || StoreError::Damaged(table);
        let cell = self.tables.get(table as usize).ok_or_else(damaged)?;
        if let Some(stored) = cell.get() {
            return Ok(stored);
        }
        let name = format::name(self.key, table);
        let stored = contained(damaged, || {
            // A store has all its tables from the start: none is missing by itself.
            let definition = TableDefinition::new(&name);
            self.view.open_table(definition).map_err(|error| self.open.failure(Some(table), error))
        })?;
        Ok(cell.get_or_init(|| stored))
    }
}

impl Rows for Sealed<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let stored = self.table(table)?;
        let place = place(self.key, table, key);
        let row = contained(
            || StoreError::Damaged(table),
            || {
                let row = stored.get(place.as_slice());
                let row = row.map_err(|error| self.open.storage(table, error))?;
                Ok(row.map(|row| row.value().to_vec()))
            },
        )?;
        let Some(row) = row else { return Ok(None) };
        let (found, value) = open_row(self.key, table, &place, &row)?;
        if found != key {
            return Err(StoreError::Damaged(table));
        }
        Ok(Some(value))
    }

    fn scan(&self, table: Table, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        let stored = self.table(table)?;
        let from = if table.is_numbered() { from } else { &[] };
        let damaged = || StoreError::Damaged(table);
        let mut range = contained(damaged, || {
            stored.range(from..).map_err(|error| self.open.storage(table, error))
        })?;
        loop {
            let next = contained(damaged, || match range.next() {
                None => Ok(None),
                Some(Ok((place, row))) => Ok(Some((place.value().to_vec(), row.value().to_vec()))),
                Some(Err(error)) => Err(self.open.storage(table, error)),
            })?;
            let Some((place, row)) = next else { return Ok(()) };
            let (key, value) = open_row(self.key, table, &place, &row)?;
            if visit(&key, &value) == ControlFlow::Break(()) {
                return Ok(());
            }
        }
    }

    fn last(&self, table: Table, before: u64) -> Result<Option<u64>, StoreError> {
        let stored = self.table(table)?;
        let damaged = || StoreError::Damaged(table);
        let last = contained(damaged, || {
            let range = stored.range::<&[u8]>(..before.to_be_bytes().as_slice());
            let mut range = range.map_err(|error| self.open.storage(table, error))?;
            let last = range.next_back().transpose();
            let last = last.map_err(|error| self.open.storage(table, error))?;
            Ok(last.map(|(place, row)| (place.value().to_vec(), row.value().to_vec())))
        })?;
        let Some((place, row)) = last else { return Ok(None) };
        open_row(self.key, table, &place, &row)?;
        let number = <[u8; 8]>::try_from(place.as_slice()).map_err(|_| damaged())?;
        Ok(Some(u64::from_be_bytes(number)))
    }
}

/// Where a row lies in its table.
fn place(key: &StoreKey, table: Table, of: &[u8]) -> Vec<u8> {
    if table.is_numbered() {
        of.to_vec()
    } else {
        key.data().row_key(Place { table: table.name(), key: of }).to_vec()
    }
}

/// The true key and the value of a row that lies there.
fn open_row(
    key: &StoreKey,
    table: Table,
    place: &[u8],
    row: &[u8],
) -> Result<(Vec<u8>, Value), StoreError> {
    let sealed = Place { table: table.name(), key: place };
    let value =
        key.data().open_row(sealed, key.generation(), row).map_err(|error| match error {
            RowError::UnknownFormat(_) => StoreError::Foreign(table),
            _ => StoreError::Damaged(table),
        })?;
    if table.is_numbered() {
        return Ok((place.to_vec(), value));
    }
    let (length, rest) = value.split_first_chunk().ok_or(StoreError::Damaged(table))?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (of, value) = rest.split_at_checked(length).ok_or(StoreError::Damaged(table))?;
    Ok((of.to_vec(), Zeroizing::new(value.to_vec())))
}

fn seal_row(key: &StoreKey, table: Table, place: &[u8], of: &[u8], value: &[u8]) -> Vec<u8> {
    let mut rng = Random;
    let sealed = Place { table: table.name(), key: place };
    if table.is_numbered() {
        return key.data().seal_row(sealed, key.generation(), value, &mut rng);
    }
    let length = u16::try_from(of.len()).unwrap_or(u16::MAX).to_be_bytes();
    let text = Zeroizing::new([&length, of, value].concat());
    key.data().seal_row(sealed, key.generation(), &text, &mut rng)
}

/// Writes into an open file.
pub(super) struct Writer<'a> {
    pub(super) open: Open,
    pub(super) key: &'a StoreKey,
}

impl Commit for Writer<'_> {
    type Error = StoreError;

    fn commit(mut self, changes: Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            self.open.end();
            return Ok(());
        }
        self.open.change(|open, transaction| write(open, transaction, self.key, &changes))
    }
}

/// Writes changes, one table after the other.
pub(super) fn write(
    open: &Open,
    transaction: &WriteTransaction,
    key: &StoreKey,
    changes: &Changes,
) -> Result<(), StoreError> {
    for table in Table::ALL {
        let mut changes =
            changes.range((table, Vec::new())..).take_while(|((of, _), _)| *of == table).peekable();
        if changes.peek().is_none() {
            continue;
        }
        let name = format::name(key, table);
        let definition = TableDefinition::<&[u8], &[u8]>::new(&name);
        let stored = transaction.open_table(definition);
        let mut stored = stored.map_err(|error| open.failure(Some(table), error))?;
        for ((_, of), value) in changes {
            let place = place(key, table, of);
            let done = match value {
                Some(value) => {
                    let row = seal_row(key, table, &place, of, value);
                    stored.insert(place.as_slice(), row.as_slice()).map(drop)
                }
                None => stored.remove(place.as_slice()).map(drop),
            };
            done.map_err(|error| open.storage(table, error))?;
        }
    }
    Ok(())
}
