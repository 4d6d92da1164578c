//! Blobs: kept for their owner, given to whoever shows the capability.
//! SPEC §"Requests", *Blobs*.

use msg_protocol::{
    bounded::{Bytes, List},
    id::BlobId,
    limits::{BLOB_CHUNK_BYTES, MAX_MISSING_RANGES},
    request::{AskBlob, DeleteBlob, FetchBlob, PutBlobChunk},
    response::{BlobChunk, BlobStatus},
};

use super::{
    Service, SignedInDevice,
    refusal::{self, Answer},
};
use crate::{
    clock::DAY_S,
    store::{
        Store,
        blob::{ChunkKept, NewChunk},
    },
};

const CHUNK_BYTES: u64 = BLOB_CHUNK_BYTES as u64;

impl<S: Store> Service<S> {
    pub(super) async fn put_chunk(&self, own: SignedInDevice, put: PutBlobChunk) -> Answer<()> {
        let limits = self.limits();
        if put.length > limits.blob_bytes {
            return Err(refusal::TOO_LARGE);
        }
        if chunk_bytes(put.length, put.index) != Some(put.bytes.len()) {
            return Err(refusal::BAD_REQUEST);
        }
        let account = self.own_account(own).await?;
        let chunk = NewChunk {
            account: own.account,
            blob: put.blob,
            length: put.length,
            index: put.index,
            bytes: put.bytes.into_vec(),
            account_bytes: account.quota.blob_bytes.unwrap_or(limits.account_blob_bytes),
            expires: self.clock.relay_time().plus_s(limits.blob_days.saturating_mul(DAY_S)),
        };
        match self.store.put_chunk(chunk).await? {
            ChunkKept::Done => Ok(()),
            ChunkKept::Conflict => Err(refusal::CONFLICT),
            ChunkKept::Quota => Err(refusal::QUOTA),
            ChunkKept::NotFound => Err(refusal::NOT_FOUND),
        }
    }

    pub(super) async fn ask_blob(&self, own: SignedInDevice, ask: &AskBlob) -> Answer<BlobStatus> {
        self.own_account(own).await?;
        let now = self.clock.relay_time();
        let state = self.store.blob(own.account, ask.blob, MAX_MISSING_RANGES, now).await?;
        let state = state.ok_or(refusal::NOT_FOUND)?;
        Ok(BlobStatus {
            length: state.length,
            missing: List::new(state.missing).map_err(|_| refusal::FAILED)?,
            expires: self.clock.on_wall(state.expires),
        })
    }

    pub(super) async fn fetch_blob(&self, fetch: &FetchBlob) -> Answer<BlobChunk> {
        let now = self.clock.relay_time();
        let chunk = self.store.chunk(BlobId::of(&fetch.capability), fetch.index, now).await?;
        let chunk = chunk.ok_or(refusal::NOT_FOUND)?;
        let bytes = Bytes::new(chunk.bytes).map_err(|_| refusal::FAILED)?;
        Ok(BlobChunk { length: chunk.length, bytes })
    }

    pub(super) async fn delete_blob(&self, own: SignedInDevice, delete: &DeleteBlob) -> Answer<()> {
        self.own_account(own).await?;
        // One that is not there is forgotten already.
        self.store.delete_blob(own.account, delete.blob).await?;
        Ok(())
    }
}

/// Bytes of that piece of a blob; `None` if it has no such piece.
fn chunk_bytes(length: u64, index: u32) -> Option<usize> {
    let start = u64::from(index) * CHUNK_BYTES;
    let left = length.checked_sub(start).filter(|left| *left > 0)?;
    usize::try_from(left.min(CHUNK_BYTES)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_has_the_pieces_that_it_has() {
        assert_eq!(chunk_bytes(0, 0), None);
        assert_eq!(chunk_bytes(1, 0), Some(1));
        assert_eq!(chunk_bytes(65_536, 0), Some(65_536));
        assert_eq!(chunk_bytes(65_536, 1), None);
        assert_eq!(chunk_bytes(65_537, 1), Some(1));
        assert_eq!(chunk_bytes(u64::MAX, u32::MAX), Some(65_536));
    }
}
