//! Requests about blobs: the payloads of files, in pieces of one size.
//! SPEC §"Requests".

use serde::{Deserialize, Serialize};

use crate::{bounded::Bytes, id::BlobId, limits::BLOB_CHUNK_BYTES, secret::BlobCapability};

/// A piece of a blob to keep. The first piece that comes makes the blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBlobChunk {
    /// The blob.
    pub blob: BlobId,
    /// Bytes of the whole blob, the same with each piece.
    pub length: u64,
    /// Which piece, from 0.
    pub index: u32,
    /// The piece: of the full size, but for the last.
    pub bytes: Bytes<BLOB_CHUNK_BYTES>,
}

/// Which pieces are missing?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskBlob {
    /// Of which blob.
    pub blob: BlobId,
}

/// A piece of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchBlob {
    /// The right to it, which also names it.
    pub capability: BlobCapability,
    /// Which piece, from 0.
    pub index: u32,
}

/// A blob to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteBlob {
    /// Which.
    pub blob: BlobId,
}
