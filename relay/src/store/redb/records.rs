//! Sealed records in the embedded store.

use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, RecordId},
    limits::MAX_RECORD_BYTES,
    response::Record,
};

use super::{
    Redb,
    accounts::account_row,
    batch::Batch,
    rows::{RecordRow, UsageRow},
    table::{Snapshot, Table, View, key},
};
use crate::store::{
    Records, Result, StoreError,
    record::{Kept, RecordLimits, RecordPage},
};

pub(super) fn record_key(account: AccountId, id: RecordId) -> Vec<u8> {
    key(&[account.as_bytes(), id.as_bytes()])
}

/// What an account's records and blobs take.
pub(super) fn usage(view: &impl View, account: AccountId) -> Result<UsageRow> {
    Ok(view.row(account.as_bytes())?.unwrap_or_default())
}

fn put(
    batch: &mut Batch<'_>,
    account: AccountId,
    id: RecordId,
    expected: u64,
    value: &[u8],
    limits: RecordLimits,
) -> Result<Kept> {
    if account_row(batch, account)?.is_none() {
        return Ok(Kept::NotFound);
    }
    let key = record_key(account, id);
    let before = batch.row::<RecordRow>(&key)?;
    let revision = before.as_ref().map_or(0, |record| record.revision);
    if revision != expected {
        // The very same call may have been here before.
        let same = before.is_some_and(|record| record.value == value);
        let again = same && expected.checked_add(1) == Some(revision);
        return Ok(if again { Kept::Revision(revision) } else { Kept::Conflict });
    }
    let mut usage = usage(batch, account)?;
    usage.records += u64::from(before.is_none());
    let freed = before.map_or(0, |record| record.value.len() as u64);
    usage.record_bytes = usage.record_bytes.saturating_sub(freed) + value.len() as u64;
    if usage.records > limits.records as u64 || usage.record_bytes > limits.bytes {
        return Ok(Kept::TooMany);
    }
    let row = RecordRow { revision: revision.saturating_add(1), value: value.to_vec() };
    batch.put(&key, &row)?;
    batch.put(account.as_bytes(), &usage)?;
    Ok(Kept::Revision(row.revision))
}

fn delete(batch: &mut Batch<'_>, account: AccountId, id: RecordId, expected: u64) -> Result<bool> {
    let key = record_key(account, id);
    let Some(row) = batch.row::<RecordRow>(&key)? else { return Ok(true) };
    if row.revision != expected {
        return Ok(false);
    }
    let mut usage = usage(batch, account)?;
    usage.records = usage.records.saturating_sub(1);
    usage.record_bytes = usage.record_bytes.saturating_sub(row.value.len() as u64);
    batch.remove(Table::Records, &key)?;
    batch.put(account.as_bytes(), &usage)?;
    Ok(true)
}

fn page(
    view: &Snapshot,
    account: AccountId,
    after: Option<RecordId>,
    limit: usize,
    bytes: usize,
) -> Result<RecordPage> {
    // No id lies between an id and that id with a zero byte behind it.
    let from = after.map_or_else(Vec::new, |id| key(&[&record_key(account, id), &[0]]));
    let mut page = RecordPage::default();
    let mut given = 0;
    let mut failed = Ok(());
    view.scan(Table::Records, account.as_bytes(), &from, &mut |key, stored| {
        use core::ops::ControlFlow::{Break, Continue};
        let Ok(row) = view.opened::<RecordRow>(key, stored) else { return Continue(()) };
        given += row.value.len();
        if !page.records.is_empty() && (page.records.len() >= limit || given > bytes) {
            page.more = true;
            return Break(());
        }
        match shown(key, row) {
            Some(record) => page.records.push(record),
            None => failed = Err(StoreError::Damaged),
        }
        Continue(())
    })?;
    failed.map(|()| page)
}

fn shown(key: &[u8], row: RecordRow) -> Option<Record> {
    let id = RecordId(*key.last_chunk::<32>()?);
    let value = Bytes::<MAX_RECORD_BYTES>::new(row.value).ok()?;
    Some(Record { id, revision: row.revision, value })
}

/// An account's records: id, revision, bytes.
pub(super) fn sizes(view: &Snapshot, account: AccountId) -> Result<Vec<(RecordId, u64, u64)>> {
    let mut sizes = Vec::new();
    view.scan(Table::Records, account.as_bytes(), &[], &mut |key, stored| {
        if let Ok(row) = view.opened::<RecordRow>(key, stored)
            && let Some(id) = key.last_chunk::<32>()
        {
            sizes.push((RecordId(*id), row.revision, row.value.len() as u64));
        }
        core::ops::ControlFlow::Continue(())
    })?;
    Ok(sizes)
}

impl Records for Redb {
    async fn put_record(
        &self,
        account: AccountId,
        id: RecordId,
        expected: u64,
        value: Vec<u8>,
        limits: RecordLimits,
    ) -> Result<Kept> {
        let bytes = value.len();
        self.engine.take_room(bytes as u64)?;
        self.engine
            .change(false, bytes, move |batch| put(batch, account, id, expected, &value, limits))
            .await
    }

    async fn records(
        &self,
        account: AccountId,
        after: Option<RecordId>,
        limit: usize,
        bytes: usize,
    ) -> Result<RecordPage> {
        self.engine.read(|view| page(view, account, after, limit, bytes)).await
    }

    async fn delete_record(&self, account: AccountId, id: RecordId, expected: u64) -> Result<bool> {
        self.engine.change(true, 0, move |batch| delete(batch, account, id, expected)).await
    }
}
