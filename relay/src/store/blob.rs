//! Blobs: the payloads of files, in pieces.

use core::future::Future;

use msg_protocol::{
    id::{AccountId, BlobId},
    response::ChunkRange,
};

use super::{RelayTime, Result};

/// A piece that is to be kept. The first one of a blob makes it.
#[derive(Debug, Clone)]
pub struct NewChunk {
    /// Whose blob.
    pub account: AccountId,
    /// Which.
    pub blob: BlobId,
    /// Bytes of the whole.
    pub length: u64,
    /// Which piece; the service has checked that there is one, and its size.
    pub index: u32,
    /// The piece.
    pub bytes: Vec<u8>,
    /// Bytes that the account's blobs may have together: each counts whole from
    /// its first piece on.
    pub account_bytes: u64,
    /// When the relay forgets the blob, if this piece makes it.
    pub expires: RelayTime,
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkKept {
    /// It is durable, or was already.
    Done,
    /// There is a blob of another length or of another account by that id.
    Conflict,
    /// The account has no room for the blob.
    Quota,
    /// There is no such account.
    NotFound,
}

/// What there is of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobState {
    /// Bytes of the whole.
    pub length: u64,
    /// The first pieces that are missing.
    pub missing: Vec<ChunkRange>,
    /// When the relay forgets it.
    pub expires: RelayTime,
}

/// A piece of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// Bytes of the whole blob.
    pub length: u64,
    /// The piece.
    pub bytes: Vec<u8>,
}

/// Blobs.
pub trait Blobs {
    /// Keeps a piece.
    fn put_chunk(&self, chunk: NewChunk) -> impl Future<Output = Result<ChunkKept>> + Send;

    /// What there is of an account's blob, with at most `ranges` gaps.
    fn blob(
        &self,
        account: AccountId,
        blob: BlobId,
        ranges: usize,
        now: RelayTime,
    ) -> impl Future<Output = Result<Option<BlobState>>> + Send;

    /// A piece of a blob, if it is there and the blob has not expired.
    fn chunk(
        &self,
        blob: BlobId,
        index: u32,
        now: RelayTime,
    ) -> impl Future<Output = Result<Option<StoredChunk>>> + Send;

    /// Forgets an account's blob; says whether it was there.
    fn delete_blob(
        &self,
        account: AccountId,
        blob: BlobId,
    ) -> impl Future<Output = Result<bool>> + Send;
}
