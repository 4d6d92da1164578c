//! Opening a file, one chunk at a time and in any order. SPEC §10.

use alloc::vec::Vec;

use super::{
    cipher::{Cipher, FileSecret, PAYLOAD_NONCE_BYTES},
    extent::Extent,
};
use crate::error::Fault;

/// Opens the chunks of one file.
pub struct Opener {
    cipher: Cipher,
    extent: Extent,
}

/// Why a chunk was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenChunkError {
    /// The file has fewer chunks.
    #[error("file has no chunk {0}")]
    NoSuchChunk(u64),
    /// Cut off, or with something behind it.
    #[error("chunk {index} has {found} bytes where {expected} belong")]
    WrongLength {
        /// The chunk.
        index: u64,
        /// Bytes that it has when sealed.
        expected: usize,
        /// Bytes that came.
        found: usize,
    },
    /// The tag did not check: altered, moved, or sealed under another key.
    #[error("chunk {0} was altered, or is not of this file")]
    Altered(u64),
    /// The file's last chunk, though more should follow.
    #[error("file ends at chunk {0}, before its stated length")]
    EndsEarly(u64),
    /// Not the file's last chunk, though nothing should follow.
    #[error("file goes on behind chunk {0}, past its stated length")]
    GoesOn(u64),
    /// The padding hides something.
    #[error("padding in chunk {0} is not zero")]
    Padding(u64),
}

impl OpenChunkError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoSuchChunk(_) => Fault::Caller,
            _ => Fault::Peer,
        }
    }
}

impl Opener {
    /// Opens the payload that begins with `nonce`.
    pub fn new(
        key: impl Into<FileSecret>,
        nonce: &[u8; PAYLOAD_NONCE_BYTES],
        extent: Extent,
    ) -> Self {
        Self::with(Cipher::new(&key.into(), nonce), extent)
    }

    pub(super) fn with(cipher: Cipher, extent: Extent) -> Self {
        Self { cipher, extent }
    }

    /// The file's lengths.
    pub fn extent(&self) -> &Extent {
        &self.extent
    }

    /// Opens a chunk. What comes out are its bytes of the file, without padding.
    pub fn open(&self, index: u64, sealed: &[u8]) -> Result<Vec<u8>, OpenChunkError> {
        let chunk = self.extent.chunk(index).ok_or(OpenChunkError::NoSuchChunk(index))?;
        let expected = chunk.sealed_bytes();
        if sealed.len() != expected {
            return Err(OpenChunkError::WrongLength { index, expected, found: sealed.len() });
        }
        let mut plaintext = self
            .cipher
            .open(index, chunk.last, sealed)
            .map_err(|_| self.reason(index, chunk.last, sealed))?;
        let padding = plaintext.split_off(chunk.content_bytes());
        if padding.iter().any(|byte| *byte != 0) {
            return Err(OpenChunkError::Padding(index));
        }
        Ok(plaintext)
    }

    /// A chunk in its place but with the other flag tells of a file that was
    /// shortened or lengthened; what it holds is not given out.
    fn reason(&self, index: u64, last: bool, sealed: &[u8]) -> OpenChunkError {
        match self.cipher.open(index, !last, sealed) {
            Ok(_) if last => OpenChunkError::GoesOn(index),
            Ok(_) => OpenChunkError::EndsEarly(index),
            Err(_) => OpenChunkError::Altered(index),
        }
    }
}
