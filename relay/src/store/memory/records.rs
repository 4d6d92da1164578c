//! Records that an account keeps, in memory.

use std::collections::BTreeMap;

use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, RecordId},
    limits::MAX_RECORD_BYTES,
    response::Record,
};

use super::{Memory, record_key};
use crate::store::{
    Records, Result,
    record::{Kept, RecordLimits, RecordPage},
};

pub(super) struct StoredRecord {
    pub(super) revision: u64,
    pub(super) value: Vec<u8>,
}

fn bytes_beside(records: &BTreeMap<[u8; 32], StoredRecord>, id: RecordId) -> u64 {
    let others = records.iter().filter(|(other, _)| **other != record_key(id));
    others.map(|(_, record)| record.value.len() as u64).sum()
}

fn put(
    records: &mut BTreeMap<[u8; 32], StoredRecord>,
    id: RecordId,
    expected: u64,
    value: Vec<u8>,
    limits: RecordLimits,
) -> Kept {
    let before = records.get(&record_key(id));
    let revision = before.map_or(0, |record| record.revision);
    if revision != expected {
        // The very same call may have been here before.
        let again = before.is_some_and(|record| record.value == value) && revision == expected + 1;
        return if again { Kept::Revision(revision) } else { Kept::Conflict };
    }
    let count = records.len() + usize::from(before.is_none());
    let bytes = bytes_beside(records, id) + value.len() as u64;
    if count > limits.records || bytes > limits.bytes {
        return Kept::TooMany;
    }
    let revision = revision + 1;
    records.insert(record_key(id), StoredRecord { revision, value });
    Kept::Revision(revision)
}

impl Records for Memory {
    async fn put_record(
        &self,
        account: AccountId,
        id: RecordId,
        expected: u64,
        value: Vec<u8>,
        limits: RecordLimits,
    ) -> Result<Kept> {
        let mut state = self.change();
        let holder = state.accounts.get_mut(&account);
        Ok(holder
            .map_or(Kept::NotFound, |holder| put(&mut holder.records, id, expected, value, limits)))
    }

    async fn records(
        &self,
        account: AccountId,
        after: Option<RecordId>,
        limit: usize,
        bytes: usize,
    ) -> Result<RecordPage> {
        let state = self.state();
        let records = state.accounts.get(&account).into_iter().flat_map(|holder| &holder.records);
        let later = records.filter(|(id, _)| after.is_none_or(|after| **id > record_key(after)));
        let mut page = RecordPage::default();
        let mut given = 0;
        for (id, record) in later {
            given += record.value.len();
            if !page.records.is_empty() && (page.records.len() >= limit || given > bytes) {
                page.more = true;
                break;
            }
            page.records.push(shown(RecordId(*id), record)?);
        }
        Ok(page)
    }

    async fn delete_record(&self, account: AccountId, id: RecordId, expected: u64) -> Result<bool> {
        let mut state = self.change();
        let Some(holder) = state.accounts.get_mut(&account) else { return Ok(true) };
        let there = holder.records.get(&record_key(id)).map(|record| record.revision);
        if there == Some(expected) {
            holder.records.remove(&record_key(id));
        }
        Ok(there.is_none_or(|revision| revision == expected))
    }
}

/// The service takes no longer value than a record can have.
fn shown(id: RecordId, record: &StoredRecord) -> Result<Record> {
    let value = Bytes::<MAX_RECORD_BYTES>::new(record.value.clone())
        .map_err(|_| crate::store::StoreError::Damaged)?;
    Ok(Record { id, revision: record.revision, value })
}
