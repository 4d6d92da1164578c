//! A store in memory: the specification of the others, for tests of the engine.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{Rows, StoreError, Table, Value, Visit};
use crate::step::{Changes, Commit};

/// Rows in a map.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
}

impl Rows for Memory {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Value>, StoreError> {
        Ok(self.rows.get(&(table, key.to_vec())).cloned().map(Zeroizing::new))
    }

    fn scan(&self, table: Table, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        let from = if table.is_numbered() { from } else { &[] };
        for ((found, key), value) in self.rows.range((table, from.to_vec())..) {
            if *found != table || visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn last(&self, table: Table, before: u64) -> Result<Option<u64>, StoreError> {
        let below = (table, Vec::new())..(table, before.to_be_bytes().to_vec());
        let last = self.rows.range(below).next_back();
        Ok(last.and_then(|((_, key), _)| key.first_chunk().copied().map(u64::from_be_bytes)))
    }
}

impl Commit for &mut Memory {
    type Error = StoreError;

    fn commit(self, changes: Changes) -> Result<(), StoreError> {
        for ((table, key), value) in changes {
            match value {
                Some(value) => self.rows.insert((table, key), value.to_vec()),
                None => self.rows.remove(&(table, key)),
            };
        }
        Ok(())
    }
}
