//! Blobs, in memory.

use std::collections::BTreeMap;

use msg_protocol::{
    id::{AccountId, BlobId},
    limits::BLOB_CHUNK_BYTES,
    response::ChunkRange,
};

use super::{Memory, State, is_over};
use crate::store::{
    Blobs, RelayTime, Result,
    blob::{BlobState, ChunkKept, NewChunk, StoredChunk},
};

pub(super) struct Blob {
    pub(super) account: AccountId,
    pub(super) length: u64,
    pub(super) expires: RelayTime,
    pub(super) chunks: BTreeMap<u32, Vec<u8>>,
}

/// What a blob of that length counts for.
fn counted(length: u64) -> u64 {
    length.max(BLOB_CHUNK_BYTES as u64)
}

impl Blob {
    pub(super) fn bytes_there(&self) -> u64 {
        self.chunks.values().map(|chunk| chunk.len() as u64).sum()
    }

    /// The first gaps, at most `limit`.
    fn missing(&self, limit: usize) -> Vec<ChunkRange> {
        let pieces = self.length.div_ceil(BLOB_CHUNK_BYTES as u64);
        let end = u32::try_from(pieces).unwrap_or(u32::MAX);
        let mut gaps = Vec::new();
        let mut next = 0;
        for index in self.chunks.keys().copied().chain([end]) {
            if index > next && gaps.len() < limit {
                gaps.push(ChunkRange { first: next, count: index - next });
            }
            next = index.saturating_add(1);
        }
        gaps
    }
}

impl State {
    fn put_chunk(&mut self, new: NewChunk) -> ChunkKept {
        if !self.accounts.contains_key(&new.account) {
            return ChunkKept::NotFound;
        }
        if !self.blobs.contains_key(&new.blob.0) {
            let own = self.blobs.values().filter(|blob| blob.account == new.account);
            let before: u64 = own.map(|blob| counted(blob.length)).sum();
            if before.saturating_add(counted(new.length)) > new.account_bytes {
                return ChunkKept::Quota;
            }
        }
        let blob = self.blobs.entry(new.blob.0).or_insert_with(|| Blob {
            account: new.account,
            length: new.length,
            expires: new.expires,
            chunks: BTreeMap::new(),
        });
        if blob.account != new.account || blob.length != new.length {
            return ChunkKept::Conflict;
        }
        blob.chunks.entry(new.index).or_insert(new.bytes);
        ChunkKept::Done
    }
}

impl Blobs for Memory {
    async fn put_chunk(&self, chunk: NewChunk) -> Result<ChunkKept> {
        Ok(self.change().put_chunk(chunk))
    }

    async fn blob(
        &self,
        account: AccountId,
        blob: BlobId,
        ranges: usize,
        now: RelayTime,
    ) -> Result<Option<BlobState>> {
        let state = self.state();
        let blob = state.blobs.get(&blob.0).filter(|blob| blob.account == account);
        Ok(blob.filter(|blob| !is_over(blob.expires, now)).map(|blob| BlobState {
            length: blob.length,
            missing: blob.missing(ranges),
            expires: blob.expires,
        }))
    }

    async fn chunk(&self, blob: BlobId, index: u32, now: RelayTime) -> Result<Option<StoredChunk>> {
        let state = self.state();
        let blob = state.blobs.get(&blob.0).filter(|blob| !is_over(blob.expires, now));
        Ok(blob.and_then(|blob| {
            let bytes = blob.chunks.get(&index)?.clone();
            Some(StoredChunk { length: blob.length, bytes })
        }))
    }

    async fn delete_blob(&self, account: AccountId, blob: BlobId) -> Result<bool> {
        let mut state = self.change();
        let own = state.blobs.get(&blob.0).is_some_and(|blob| blob.account == account);
        Ok(own && state.blobs.remove(&blob.0).is_some())
    }
}
