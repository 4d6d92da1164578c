//! Sealing a file, one chunk at a time and in any order. SPEC §10.

use alloc::vec::Vec;

use msg_protocol::{content::FileHash, secret::FileKey};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use super::{
    cipher::{Cipher, FileSecret, PAYLOAD_NONCE_BYTES},
    extent::Extent,
};
use crate::{aead::TAG_BYTES, secret::Secret};

/// Seals the chunks of one file.
///
/// One key and nonce are for one content. A chunk may be sealed again, to go on
/// with an upload, but only with the same bytes: a file that may have changed in
/// between starts anew.
pub struct Sealer {
    cipher: Cipher,
    nonce: [u8; PAYLOAD_NONCE_BYTES],
    extent: Extent,
}

/// Why a chunk was not sealed. The caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealChunkError {
    /// The file has fewer chunks.
    #[error("file has no chunk {0}")]
    NoSuchChunk(u64),
    /// Not the bytes of the file that belong to this chunk.
    #[error("chunk {index} takes {expected} bytes of the file, not {found}")]
    WrongLength {
        /// The chunk.
        index: u64,
        /// Bytes of the file that it takes.
        expected: usize,
        /// Bytes that came.
        found: usize,
    },
}

impl Sealer {
    /// Begins a payload under a fresh key, which goes into the message.
    pub fn start<R: CryptoRng + ?Sized>(extent: Extent, rng: &mut R) -> (Self, FileKey) {
        let key = FileKey::new(*Secret::random(rng).expose());
        let mut nonce = [0; PAYLOAD_NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        (Self::resume(key.clone(), nonce, extent), key)
    }

    /// Goes on with a payload that was begun, for the same content.
    pub fn resume(
        key: impl Into<FileSecret>,
        nonce: [u8; PAYLOAD_NONCE_BYTES],
        extent: Extent,
    ) -> Self {
        Self { cipher: Cipher::new(&key.into(), &nonce), nonce, extent }
    }

    /// The nonce: the first bytes of the payload.
    pub fn nonce(&self) -> &[u8; PAYLOAD_NONCE_BYTES] {
        &self.nonce
    }

    /// The file's lengths.
    pub fn extent(&self) -> &Extent {
        &self.extent
    }

    /// Seals a chunk. `content` are its bytes of the file; padding is added here.
    pub fn seal(&self, index: u64, content: &[u8]) -> Result<Vec<u8>, SealChunkError> {
        let chunk = self.extent.chunk(index).ok_or(SealChunkError::NoSuchChunk(index))?;
        let expected = chunk.content_bytes();
        if content.len() != expected {
            return Err(SealChunkError::WrongLength { index, expected, found: content.len() });
        }
        let mut buffer = Vec::with_capacity(expected + chunk.padding + TAG_BYTES);
        buffer.extend_from_slice(content);
        buffer.resize(expected + chunk.padding, 0);
        self.cipher.seal(index, chunk.last, &mut buffer);
        Ok(buffer)
    }

    /// Begins the hash of this payload. It takes all sealed chunks, in order.
    pub fn hasher(&self) -> PayloadHasher {
        let mut hasher = PayloadHasher::default();
        hasher.update(&self.nonce);
        hasher
    }
}

/// The SHA-256 of a whole payload, as it goes by.
#[derive(Default)]
pub struct PayloadHasher(Sha256);

impl PayloadHasher {
    /// Takes the next bytes of the payload.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash that the message states.
    pub fn finish(self) -> FileHash {
        FileHash(self.0.finalize().into())
    }
}
