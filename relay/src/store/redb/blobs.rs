//! Blobs in the embedded store: a row for each, and for each piece a head and a
//! rest like an envelope's, so that a whole piece fits a page of its size.
//!
//! ```text
//! head: checksum 32 | the first bytes of the piece
//! ```

use core::ops::ControlFlow;

use msg_protocol::{
    id::{AccountId, BlobId},
    limits::BLOB_CHUNK_BYTES,
    response::ChunkRange,
};

use super::{
    Redb,
    accounts::account_row,
    batch::Batch,
    envelope::{HEAD_BODY_BYTES, checksum},
    records::usage,
    rows::BlobRow,
    table::{Snapshot, Table, View, key},
    upkeep::{Expiring, expiry_key},
};
use crate::store::{
    Blobs, RelayTime, Result,
    blob::{BlobState, ChunkKept, NewChunk, StoredChunk},
};

const CHUNK_BYTES: u64 = BLOB_CHUNK_BYTES as u64;

fn chunk_key(blob: [u8; 32], index: u32) -> Vec<u8> {
    key(&[&blob, &index.to_be_bytes()])
}

fn own_key(account: AccountId, blob: [u8; 32]) -> Vec<u8> {
    key(&[account.as_bytes(), &blob])
}

/// What a blob of that length counts for.
pub(super) fn counted(length: u64) -> u64 {
    length.max(CHUNK_BYTES)
}

fn place(index: u32) -> (usize, u8) {
    (usize::try_from(index / 8).unwrap_or(usize::MAX), 1 << (index % 8))
}

impl BlobRow {
    /// Whether a piece is there.
    pub(super) fn has(&self, index: u32) -> bool {
        let (byte, bit) = place(index);
        self.pieces.get(byte).is_some_and(|byte| byte & bit != 0)
    }

    /// Marks a piece as there or missing.
    pub(super) fn mark(&mut self, index: u32, there: bool) {
        let (byte, bit) = place(index);
        if let Some(byte) = self.pieces.get_mut(byte) {
            *byte = if there { *byte | bit } else { *byte & !bit };
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.length.div_ceil(CHUNK_BYTES)).unwrap_or(u32::MAX)
    }

    /// Bytes of a piece.
    pub(super) fn piece_bytes(&self, index: u32) -> u64 {
        self.length.saturating_sub(u64::from(index) * CHUNK_BYTES).min(CHUNK_BYTES)
    }

    /// The first gaps, at most `limit`.
    fn missing(&self, limit: usize) -> Vec<ChunkRange> {
        let mut gaps: Vec<ChunkRange> = Vec::new();
        for index in (0..self.count()).filter(|index| !self.has(*index)) {
            let full = gaps.len() == limit;
            match gaps.last_mut() {
                Some(gap) if gap.first + gap.count == index => gap.count += 1,
                _ if full => break,
                _ => gaps.push(ChunkRange { first: index, count: 1 }),
            }
        }
        gaps
    }
}

fn put(batch: &mut Batch<'_>, new: &NewChunk) -> Result<ChunkKept> {
    if account_row(batch, new.account)?.is_none() {
        return Ok(ChunkKept::NotFound);
    }
    let blob = new.blob.0;
    let row = match batch.row::<BlobRow>(&blob)? {
        Some(row) if row.account != new.account || row.length != new.length => {
            return Ok(ChunkKept::Conflict);
        }
        Some(row) => row,
        None => {
            match make(batch, new.account, new.blob, new.length, new.expires, new.account_bytes)? {
                Some(row) => row,
                None => return Ok(ChunkKept::Quota),
            }
        }
    };
    if row.has(new.index) {
        return Ok(ChunkKept::Done);
    }
    keep(batch, new.blob, row, new.index, &new.bytes)?;
    Ok(ChunkKept::Done)
}

/// Writes a piece that is not there yet.
pub(super) fn keep(
    batch: &mut Batch<'_>,
    blob: BlobId,
    mut row: BlobRow,
    index: u32,
    bytes: &[u8],
) -> Result<()> {
    let key = chunk_key(blob.0, index);
    let (first, rest) = bytes.split_at(bytes.len().min(HEAD_BODY_BYTES));
    let checksum = checksum(Table::Chunks, &key, &[], &[bytes]);
    batch.put_stored(Table::Chunks, &key, &[checksum.as_slice(), first].concat())?;
    batch.put_stored(Table::ChunkRests, &key, rest)?;
    row.mark(index, true);
    row.present_bytes += bytes.len() as u64;
    batch.put(&blob.0, &row)?;
    batch.counters.blob_bytes += bytes.len() as u64;
    Ok(())
}

/// A blob's row, if its account has room for it.
pub(super) fn make(
    batch: &mut Batch<'_>,
    account: AccountId,
    id: BlobId,
    length: u64,
    expires: RelayTime,
    account_bytes: u64,
) -> Result<Option<BlobRow>> {
    let mut usage = usage(batch, account)?;
    usage.blob_bytes = usage.blob_bytes.saturating_add(counted(length));
    if usage.blob_bytes > account_bytes {
        return Ok(None);
    }
    let pieces = length.div_ceil(CHUNK_BYTES).max(1).div_ceil(8);
    let row = BlobRow {
        account,
        length,
        expires: expires.0,
        present_bytes: 0,
        pieces: vec![0; usize::try_from(pieces).unwrap_or(0)],
    };
    batch.put(account.as_bytes(), &usage)?;
    batch.put_stored(Table::AccountBlobs, &own_key(account, id.0), &[])?;
    let expiry = expiry_key(expires, Expiring::Blob { id });
    batch.put_stored(Table::Expiry, &expiry, &[])?;
    batch.counters.blobs += 1;
    Ok(Some(row))
}

/// Removes a blob; without its row, what can be found of it.
pub(super) fn remove(
    batch: &mut Batch<'_>,
    account: AccountId,
    blob: [u8; 32],
    row: Option<&BlobRow>,
) -> Result<()> {
    batch.remove_all(Table::Chunks, &blob)?;
    batch.remove_all(Table::ChunkRests, &blob)?;
    batch.remove(Table::AccountBlobs, &own_key(account, blob))?;
    if batch.remove(Table::Blobs, &blob)? {
        batch.counters.blobs = batch.counters.blobs.saturating_sub(1);
    }
    if let Some(row) = row {
        let expiring = Expiring::Blob { id: BlobId(blob) };
        batch.remove(Table::Expiry, &expiry_key(RelayTime(row.expires), expiring))?;
        let mut usage = usage(batch, account)?;
        usage.blob_bytes = usage.blob_bytes.saturating_sub(counted(row.length));
        batch.put(account.as_bytes(), &usage)?;
        let there = &mut batch.counters.blob_bytes;
        *there = there.saturating_sub(row.present_bytes);
    }
    Ok(())
}

/// What a piece is, if it is what was written.
pub(super) fn open_chunk(key: &[u8], head: &[u8], rest: &[u8]) -> Option<Vec<u8>> {
    let (found, first) = head.split_first_chunk::<32>()?;
    (checksum(Table::Chunks, key, &[], &[first, rest]) == *found).then(|| [first, rest].concat())
}

fn read_chunk(view: &impl View, blob: [u8; 32], index: u32) -> Result<Option<Vec<u8>>> {
    let key = chunk_key(blob, index);
    let head = view.stored(Table::Chunks, &key)?.unwrap_or_default();
    let rest = view.stored(Table::ChunkRests, &key)?.unwrap_or_default();
    let chunk = open_chunk(&key, &head, &rest);
    if chunk.is_none() {
        view.note_damaged(Table::Chunks, &key);
    }
    Ok(chunk)
}

/// An account's blobs: id and row.
pub(super) fn blobs_of(view: &impl View, account: AccountId) -> Result<Vec<(BlobId, BlobRow)>> {
    let mut blobs = Vec::new();
    let prefix = account.as_bytes();
    let mut failed = Ok(());
    view.scan(Table::AccountBlobs, prefix, prefix, &mut |key, _| {
        let Some(blob) = key.last_chunk::<32>() else { return ControlFlow::Continue(()) };
        match view.row::<BlobRow>(blob) {
            Ok(row) => blobs.extend(row.map(|row| (BlobId(*blob), row))),
            Err(error) => failed = Err(error),
        }
        ControlFlow::Continue(())
    })?;
    failed.map(|()| blobs)
}

impl Blobs for Redb {
    async fn put_chunk(&self, chunk: NewChunk) -> Result<ChunkKept> {
        let bytes = chunk.bytes.len();
        self.engine.take_room(bytes as u64)?;
        self.engine.change(false, bytes, move |batch| put(batch, &chunk)).await
    }

    async fn blob(
        &self,
        account: AccountId,
        blob: BlobId,
        ranges: usize,
        now: RelayTime,
    ) -> Result<Option<BlobState>> {
        let row = self.engine.read(|view| view.row::<BlobRow>(&blob.0)).await?;
        let own = row.filter(|row| row.account == account && row.expires > now.0);
        Ok(own.map(|row| BlobState {
            length: row.length,
            missing: row.missing(ranges),
            expires: RelayTime(row.expires),
        }))
    }

    async fn chunk(&self, blob: BlobId, index: u32, now: RelayTime) -> Result<Option<StoredChunk>> {
        let read = |view: &Snapshot| {
            let row = view.row::<BlobRow>(&blob.0)?;
            let Some(row) = row.filter(|row| row.expires > now.0 && row.has(index)) else {
                return Ok(None);
            };
            let bytes = read_chunk(view, blob.0, index)?;
            Ok(bytes.map(|bytes| StoredChunk { length: row.length, bytes }))
        };
        self.engine.read(read).await
    }

    async fn delete_blob(&self, account: AccountId, blob: BlobId) -> Result<bool> {
        let delete = move |batch: &mut Batch<'_>| match batch.row::<BlobRow>(&blob.0)? {
            Some(row) if row.account == account => {
                remove(batch, account, blob.0, Some(&row)).map(|()| true)
            }
            _ => Ok(false),
        };
        self.engine.change(true, 0, delete).await
    }
}
