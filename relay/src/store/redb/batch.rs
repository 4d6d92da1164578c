//! The inside of a write transaction: several jobs share it and its commit.

use core::cell::OnceCell;

use redb::{Table as OpenTable, WriteTransaction};

use super::{
    row::{self, Row},
    rows::Counters,
    table::{Findings, TABLES, Table, View, Visit, scan_in, stored_in},
};
use crate::store::{Result, StoreError};

/// The name of the counters' row.
pub(crate) const COUNTERS: &[u8] = b"counters";

type Open<'t> = OpenTable<'t, &'static [u8], &'static [u8]>;

/// A write transaction with its tables, each opened when it is first used.
pub(crate) struct Batch<'t> {
    transaction: &'t WriteTransaction,
    open: [OnceCell<Open<'t>>; TABLES],
    kept: Counters,
    /// The store in numbers; written at the end.
    pub(crate) counters: Counters,
    /// Rows that were written or removed so far.
    pub(crate) writes: u64,
    /// What went wrong.
    pub(crate) findings: Findings,
}

impl<'t> Batch<'t> {
    /// Begins.
    pub(crate) fn new(transaction: &'t WriteTransaction) -> Result<Self> {
        let mut batch = Self {
            transaction,
            open: [const { OnceCell::new() }; TABLES],
            kept: Counters::default(),
            counters: Counters::default(),
            writes: 0,
            findings: Findings::default(),
        };
        let counters = match batch.row::<Counters>(COUNTERS) {
            Ok(counters) => counters,
            Err(StoreError::Damaged) if batch.findings.broken.get().is_none() => None,
            Err(error) => return Err(error),
        };
        if let Some(counters) = counters {
            batch.kept = counters.clone();
            batch.counters = counters;
        } else {
            batch.counters = super::recount::counters(&batch)?;
        }
        Ok(batch)
    }

    fn table(&self, table: Table) -> Result<&Open<'t>> {
        let cell = self.open.get(table.index()).ok_or(StoreError::Damaged)?;
        if let Some(open) = cell.get() {
            return Ok(open);
        }
        let open = self
            .transaction
            .open_table(table.definition())
            .map_err(|error| self.findings.fail(error))?;
        Ok(cell.get_or_init(|| open))
    }

    fn table_mut(&mut self, table: Table) -> Result<&mut Open<'t>> {
        self.table(table)?;
        self.open.get_mut(table.index()).and_then(OnceCell::get_mut).ok_or(StoreError::Damaged)
    }

    /// Writes a row.
    pub(crate) fn put<R: Row>(&mut self, key: &[u8], row: &R) -> Result<()> {
        self.put_stored(R::TABLE, key, &row::seal(key, row))
    }

    /// Writes the bytes of a row.
    pub(crate) fn put_stored(&mut self, table: Table, key: &[u8], stored: &[u8]) -> Result<()> {
        self.writes += 1;
        let failed = self.table_mut(table)?.insert(key, stored).err();
        failed.map_or(Ok(()), |error| Err(self.findings.fail(error)))
    }

    /// Removes a row; says whether it was there.
    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) -> Result<bool> {
        let removed = self.table_mut(table)?.remove(key).map(|row| row.is_some());
        let removed = removed.map_err(|error| self.findings.fail(error))?;
        self.writes += u64::from(removed);
        Ok(removed)
    }

    /// Removes all rows whose keys begin with `prefix`.
    pub(crate) fn remove_all(&mut self, table: Table, prefix: &[u8]) -> Result<()> {
        const ROUND: usize = 1_024;
        loop {
            let keys = self.keys(table, prefix, prefix, ROUND)?;
            for key in &keys {
                self.remove(table, key)?;
            }
            if keys.len() < ROUND {
                return Ok(());
            }
        }
    }

    /// Writes the counters, if they changed.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.counters != self.kept {
            let counters = self.counters.clone();
            self.put(COUNTERS, &counters)?;
            self.kept = counters;
        }
        Ok(())
    }
}

impl View for Batch<'_> {
    fn stored(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        stored_in(self.table(table)?, key, &self.findings)
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<()> {
        scan_in(self.table(table)?, prefix, from, visit, &self.findings)
    }

    fn note_damaged(&self, table: Table, key: &[u8]) {
        self.findings.note(table, key);
    }
}
