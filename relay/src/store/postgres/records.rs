//! Sealed records. What changes one holds the account's row, which counts them.

use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, RecordId},
    limits::MAX_RECORD_BYTES,
    response::Record,
};
use tokio_postgres::Row;

use super::{
    Postgres,
    failure::Failure,
    line::Line,
    pool::Change,
    value::{DAMAGED, column, id_in, number, number_in},
};
use crate::store::{
    Records, Result,
    record::{Kept, RecordLimits, RecordPage},
};

/// What an account's records take, as its row says.
struct Usage {
    records: u64,
    bytes: u64,
}

impl Usage {
    /// Nobody else changes it until the transaction ends.
    async fn lock(line: &Line, account: AccountId) -> core::result::Result<Option<Self>, Failure> {
        const LOCK: &str = "SELECT records_held::bigint, record_bytes_held FROM account \
             WHERE id = $1 FOR UPDATE";
        let row = line.row(LOCK, &[&account.as_bytes().as_slice()]).await?;
        row.map(|row| Ok(Self { records: number_in(&row, 0)?, bytes: number_in(&row, 1)? }))
            .transpose()
    }

    async fn keep(&self, line: &Line, account: AccountId) -> core::result::Result<(), Failure> {
        const KEEP: &str = "UPDATE account SET records_held = $2::bigint::int, \
             record_bytes_held = $3 WHERE id = $1";
        let account = account.as_bytes().as_slice();
        line.execute(KEEP, &[&account, &number(self.records), &number(self.bytes)]).await?;
        Ok(())
    }
}

/// A record that is to be kept.
struct PutRecord {
    account: AccountId,
    id: RecordId,
    expected: u64,
    value: Vec<u8>,
    limits: RecordLimits,
}

impl PutRecord {
    /// What there is of that name: its revision, its bytes, and whether they are
    /// the same.
    async fn before(&self, line: &Line) -> core::result::Result<Option<(u64, u64, bool)>, Failure> {
        const FIND: &str = "SELECT revision, octet_length(value)::bigint, value = $3 FROM record \
             WHERE acct = $1 AND id = $2";
        let (account, id) = (self.account.as_bytes().as_slice(), self.id.as_bytes().as_slice());
        let row = line.row(FIND, &[&account, &id, &self.value]).await?;
        row.map(|row| Ok((number_in(&row, 0)?, number_in(&row, 1)?, column(&row, 2)?))).transpose()
    }

    async fn write(&self, line: &Line, revision: u64) -> core::result::Result<(), Failure> {
        const WRITE: &str = "INSERT INTO record (acct, id, revision, value) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (acct, id) DO UPDATE SET revision = $3, value = $4";
        let (account, id) = (self.account.as_bytes().as_slice(), self.id.as_bytes().as_slice());
        line.execute(WRITE, &[&account, &id, &number(revision), &self.value]).await?;
        Ok(())
    }
}

impl Change for PutRecord {
    type Outcome = Kept;

    async fn run(&self, line: &Line) -> core::result::Result<Kept, Failure> {
        let Some(mut usage) = Usage::lock(line, self.account).await? else {
            return Ok(Kept::NotFound);
        };
        let before = self.before(line).await?;
        let (revision, freed, same) = before.unwrap_or_default();
        if revision != self.expected {
            // The very same call may have been here before.
            let again = same && self.expected.checked_add(1) == Some(revision);
            return Ok(if again { Kept::Revision(revision) } else { Kept::Conflict });
        }
        usage.records += u64::from(before.is_none());
        usage.bytes = usage.bytes.saturating_sub(freed) + self.value.len() as u64;
        if usage.records > self.limits.records as u64 || usage.bytes > self.limits.bytes {
            return Ok(Kept::TooMany);
        }
        let revision = revision.saturating_add(1);
        self.write(line, revision).await?;
        usage.keep(line, self.account).await?;
        Ok(Kept::Revision(revision))
    }
}

/// A record that is to be forgotten.
struct DeleteRecord {
    account: AccountId,
    id: RecordId,
    expected: u64,
}

impl Change for DeleteRecord {
    type Outcome = bool;

    async fn run(&self, line: &Line) -> core::result::Result<bool, Failure> {
        const FIND: &str = "SELECT revision, octet_length(value)::bigint FROM record \
             WHERE acct = $1 AND id = $2";
        const DELETE: &str = "DELETE FROM record WHERE acct = $1 AND id = $2";
        let (account, id) = (self.account.as_bytes().as_slice(), self.id.as_bytes().as_slice());
        let Some(mut usage) = Usage::lock(line, self.account).await? else { return Ok(true) };
        let Some(row) = line.row(FIND, &[&account, &id]).await? else { return Ok(true) };
        if number_in(&row, 0)? != self.expected {
            return Ok(false);
        }
        line.execute(DELETE, &[&account, &id]).await?;
        usage.records = usage.records.saturating_sub(1);
        usage.bytes = usage.bytes.saturating_sub(number_in(&row, 1)?);
        usage.keep(line, self.account).await?;
        Ok(true)
    }
}

/// A row whose value fits the page still.
fn record_in(row: &Row) -> core::result::Result<Record, Failure> {
    let value = column::<Option<Vec<u8>>>(row, 2)?.ok_or(DAMAGED)?;
    let value = Bytes::<MAX_RECORD_BYTES>::new(value).map_err(|_| DAMAGED)?;
    Ok(Record { id: RecordId(id_in(row, 0)?), revision: number_in(row, 1)?, value })
}

/// Rows of which the last may be one too many.
fn page_of(rows: &[Row], limit: usize, bytes: u64) -> core::result::Result<RecordPage, Failure> {
    let mut page = RecordPage::default();
    for row in rows {
        let given = number_in(row, 3)?;
        if !page.records.is_empty() && (page.records.len() >= limit || given > bytes) {
            page.more = true;
            break;
        }
        page.records.push(record_in(row)?);
    }
    Ok(page)
}

impl Records for Postgres {
    async fn put_record(
        &self,
        account: AccountId,
        id: RecordId,
        expected: u64,
        value: Vec<u8>,
        limits: RecordLimits,
    ) -> Result<Kept> {
        self.pool.change(PutRecord { account, id, expected, value, limits }).await
    }

    async fn records(
        &self,
        account: AccountId,
        after: Option<RecordId>,
        limit: usize,
        bytes: usize,
    ) -> Result<RecordPage> {
        // Values beyond the page stay where they are.
        const LIST: &str = "SELECT id, revision, \
             CASE WHEN place = 1 OR given <= $4 THEN value END, given \
             FROM (SELECT id, revision, value, row_number() OVER byid AS place, \
             sum(octet_length(value)) OVER byid AS given \
             FROM (SELECT id, revision, value FROM record \
             WHERE acct = $1 AND id > $2 ORDER BY id LIMIT $3) AS later \
             WINDOW byid AS (ORDER BY id)) AS summed ORDER BY id";
        let account = account.as_bytes().as_slice();
        let after = after.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice());
        let rows = i64::try_from(limit.max(1)).unwrap_or(i64::MAX).saturating_add(1);
        let bytes = bytes as u64;
        let rows = self.pool.read(LIST, &[&account, &after, &rows, &number(bytes)]).await?;
        page_of(&rows, limit, bytes).map_err(Failure::outcome)
    }

    async fn delete_record(&self, account: AccountId, id: RecordId, expected: u64) -> Result<bool> {
        self.pool.change(DeleteRecord { account, id, expected }).await
    }
}
