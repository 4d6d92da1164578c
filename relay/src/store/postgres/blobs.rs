//! Blobs: rows in the database, pieces among [objects](super::objects).
//!
//! ```text
//! put:    row of the blob -> object -> row of the piece -> answer
//! forget: the blob is going: nobody sees it, and its id is free
//! sweep:  its objects -> a while later what came after all -> its row
//! ```
//!
//! - A row of a piece stands for an object that is durable. So what is answered
//!   for is there, and what ends half way is an object that nobody asks for.
//! - Every object lies at the place of a row that is there, so that whoever sweeps
//!   finds it. The place of a blob that comes again is another one: what is on its
//!   way to the old one, or removed from there, is none of the new one's.
//! - An account's row counts its blobs, under the lock of that row.

mod claim;
mod forget;
mod put;
mod sweep;

use msg_protocol::{
    id::{AccountId, BlobId},
    limits::BLOB_CHUNK_BYTES,
    response::ChunkRange,
};
use tokio_postgres::Row;

pub(super) use self::{claim::claim, forget::forget_all};
use self::{
    forget::{Forget, SetAside},
    put::put,
};
use super::{
    Postgres,
    failure::Failure,
    value::{DAMAGED, column, id_in, number, number_in},
};
use crate::store::{
    Blobs, RelayTime, Result, StoreError,
    blob::{BlobState, ChunkKept, NewChunk, StoredChunk},
};

const CHUNK_BYTES: u64 = BLOB_CHUNK_BYTES as u64;

/// What a blob of that length counts for.
fn counted(length: u64) -> u64 {
    length.max(CHUNK_BYTES)
}

/// A piece's number, as the database keeps it. No blob has as many.
fn piece_number(index: u32) -> Result<i32> {
    i32::try_from(index).map_err(|_| StoreError::Unsupported)
}

fn gap_in(row: &Row) -> core::result::Result<ChunkRange, Failure> {
    let part = |place| u32::try_from(column::<i32>(row, place)?).map_err(|_| DAMAGED);
    Ok(ChunkRange { first: part(0)?, count: part(1)? })
}

impl Postgres {
    /// The first gaps between the pieces of a blob of that length.
    async fn missing(&self, blob: BlobId, length: u64, limit: usize) -> Result<Vec<ChunkRange>> {
        // Each piece with the one before it, and one past the last.
        const GAPS: &str = "SELECT before + 1, n - before - 1 FROM \
             (SELECT n, lag(n, 1, -1) OVER (ORDER BY n) AS before FROM \
             (SELECT n FROM chunk WHERE blob = $1 UNION ALL SELECT $2) AS there) AS pairs \
             WHERE n - before > 1 ORDER BY n LIMIT $3";
        let pieces = i32::try_from(length.div_ceil(CHUNK_BYTES)).unwrap_or(i32::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.pool.read(GAPS, &[&blob.0.as_slice(), &pieces, &limit]).await?;
        let gaps: core::result::Result<_, _> = rows.iter().map(gap_in).collect();
        gaps.map_err(Failure::outcome)
    }
}

impl Blobs for Postgres {
    async fn put_chunk(&self, chunk: NewChunk) -> Result<ChunkKept> {
        put(self, chunk).await
    }

    async fn blob(
        &self,
        account: AccountId,
        blob: BlobId,
        ranges: usize,
        now: RelayTime,
    ) -> Result<Option<BlobState>> {
        const READ: &str =
            "SELECT length, expires FROM blob WHERE id = $1 AND acct = $2 AND expires > $3";
        let (id, acct) = (blob.0.as_slice(), account.0.as_slice());
        let row = self.pool.read_row(READ, &[&id, &acct, &number(now.0)]).await?;
        let Some(row) = row else { return Ok(None) };
        let length = number_in(&row, 0).map_err(Failure::outcome)?;
        let expires = RelayTime(number_in(&row, 1).map_err(Failure::outcome)?);
        let missing = self.missing(blob, length, ranges).await?;
        Ok(Some(BlobState { length, missing, expires }))
    }

    async fn chunk(&self, blob: BlobId, index: u32, now: RelayTime) -> Result<Option<StoredChunk>> {
        const READ: &str = "SELECT b.length, b.place, c.sha FROM blob b \
             JOIN chunk c ON c.blob = b.id AND c.n = $2 WHERE b.id = $1 AND b.expires > $3";
        let Ok(piece) = piece_number(index) else { return Ok(None) };
        let row = self.pool.read_row(READ, &[&blob.0.as_slice(), &piece, &number(now.0)]).await?;
        let Some(row) = row else { return Ok(None) };
        let length = number_in(&row, 0).map_err(Failure::outcome)?;
        let place = id_in(&row, 1).map_err(Failure::outcome)?;
        let sha256 = id_in(&row, 2).map_err(Failure::outcome)?;
        match self.objects.get(place, index, sha256).await {
            Ok(bytes) => Ok(Some(StoredChunk { length, bytes })),
            // Whoever has the piece may bring it again.
            Err(StoreError::Damaged) => {
                self.pool.change(SetAside { blob, place, piece, sha256 }).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_blob(&self, account: AccountId, blob: BlobId) -> Result<bool> {
        self.pool.change(Forget { account, blob, expired: None }).await
    }
}

#[cfg(test)]
mod tests;
