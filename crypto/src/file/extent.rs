//! The lengths of a file: its content, the plaintext with padding, the payload,
//! and where each chunk lies in them. All arithmetic is checked. SPEC §10.

use core::ops::Range;

use super::PAYLOAD_NONCE_BYTES;
use crate::{
    aead::TAG_BYTES,
    limits::{MAX_FILE_CHUNKS, MIN_PADDED_FILE_BYTES},
};

/// Bytes of plaintext in every chunk but the last.
pub const CHUNK_BYTES: usize = 65_536;
/// Bytes of such a chunk when sealed.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

const CHUNK: u64 = CHUNK_BYTES as u64;
const SEALED_CHUNK: u64 = SEALED_CHUNK_BYTES as u64;
const TAG: u64 = TAG_BYTES as u64;
const NONCE: u64 = PAYLOAD_NONCE_BYTES as u64;

/// How long a file is, in each of its forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    content: u64,
    plaintext: u64,
}

/// Where one chunk lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its number, from 0.
    pub index: u64,
    /// Whether it is the last one.
    pub last: bool,
    /// Its bytes of the file; none if all of it is padding.
    pub content: Range<u64>,
    /// Zero bytes behind those.
    pub padding: usize,
    /// Its bytes of the payload.
    pub payload: Range<u64>,
}

/// Why no file has that length. The fault of who stated it: the peer for lengths
/// that came, the caller for a file of one's own that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LengthError {
    /// More chunks than a file may have.
    #[error("file has more than {MAX_FILE_CHUNKS} chunks")]
    TooLong,
    /// The stated padded length is not what padding gives.
    #[error("padded length of the file is wrong")]
    Padding,
    /// The payload ends within its nonce.
    #[error("payload has no nonce")]
    NoNonce,
    /// The payload ends behind its nonce.
    #[error("payload has no chunk")]
    NoChunk,
    /// The last chunk ends within its tag.
    #[error("last chunk of the payload is cut off")]
    ShortChunk,
    /// The last chunk is empty, and not the only one.
    #[error("last chunk of the payload is empty")]
    EmptyChunk,
}

/// Padmé: the next length that shows only a few of its bits. `None` past 2^64.
pub fn padme(length: u64) -> Option<u64> {
    let Some(exponent) = length.checked_ilog2().filter(|exponent| *exponent > 0) else {
        return Some(length);
    };
    let shown = exponent.ilog2() + 1;
    length.checked_next_multiple_of(1 << (exponent - shown))
}

impl Extent {
    /// The extent of a file of so many bytes, padded as every upload is.
    pub fn padded(content: u64) -> Result<Self, LengthError> {
        let padded = padme(content.max(MIN_PADDED_FILE_BYTES)).ok_or(LengthError::TooLong)?;
        Self::checked(content, padded)
    }

    /// The extent that a message states. The padded length must be the one that
    /// padding gives.
    pub fn stated(content: u64, padded: u64) -> Result<Self, LengthError> {
        let extent = Self::padded(content)?;
        if extent.plaintext == padded { Ok(extent) } else { Err(LengthError::Padding) }
    }

    /// The extent without padding, as age has it.
    pub fn exact(plaintext: u64) -> Result<Self, LengthError> {
        Self::checked(plaintext, plaintext)
    }

    /// The extent, without padding, of a payload of so many bytes.
    pub fn of_payload(payload: u64) -> Result<Self, LengthError> {
        let body = payload.checked_sub(NONCE).ok_or(LengthError::NoNonce)?;
        let chunks = body.div_ceil(SEALED_CHUNK);
        let last = match (body % SEALED_CHUNK, chunks) {
            (_, 0) => return Err(LengthError::NoChunk),
            (0, _) => SEALED_CHUNK,
            (length, _) => length,
        };
        if last < TAG {
            return Err(LengthError::ShortChunk);
        }
        if last == TAG && chunks > 1 {
            return Err(LengthError::EmptyChunk);
        }
        Self::exact(body - chunks * TAG)
    }

    fn checked(content: u64, plaintext: u64) -> Result<Self, LengthError> {
        if plaintext.div_ceil(CHUNK) > MAX_FILE_CHUNKS {
            return Err(LengthError::TooLong);
        }
        Ok(Self { content, plaintext })
    }

    /// Bytes of the file.
    pub fn content(&self) -> u64 {
        self.content
    }

    /// Bytes of the file with its padding.
    pub fn plaintext(&self) -> u64 {
        self.plaintext
    }

    /// Bytes of the payload: what is uploaded.
    pub fn payload(&self) -> u64 {
        NONCE + self.plaintext + self.chunks() * TAG
    }

    /// Number of chunks: at least one.
    pub fn chunks(&self) -> u64 {
        self.plaintext.div_ceil(CHUNK).max(1)
    }

    /// Where a chunk lies, if there is one of that number.
    pub fn chunk(&self, index: u64) -> Option<Chunk> {
        let last = self.chunks() - 1;
        if index > last {
            return None;
        }
        let (start, end) = (index * CHUNK, (index * CHUNK + CHUNK).min(self.plaintext));
        let content = start.min(self.content)..end.min(self.content);
        let length = end - start;
        let sealed_at = NONCE + index * SEALED_CHUNK;
        Some(Chunk {
            index,
            last: index == last,
            padding: bytes(length - (content.end - content.start)),
            content,
            payload: sealed_at..sealed_at + length + TAG,
        })
    }
}

impl Chunk {
    /// Bytes of the file in it.
    pub fn content_bytes(&self) -> usize {
        bytes(self.content.end - self.content.start)
    }

    /// Bytes of it when sealed.
    pub fn sealed_bytes(&self) -> usize {
        bytes(self.payload.end - self.payload.start)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part of one chunk, so far below 2^32")]
fn bytes(part: u64) -> usize {
    debug_assert!(part <= SEALED_CHUNK);
    part as usize
}

#[cfg(test)]
mod tests;
