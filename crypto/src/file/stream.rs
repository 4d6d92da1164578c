//! Opening a payload as it arrives, in pieces of any size. SPEC §10.
//!
//! ```text
//! Nonce --16 bytes--> Chunks --all of them--> Chunks (only the hash is left) --finish-->
//!   any error --> Failed, for good
//! ```

use alloc::vec::Vec;
use core::mem;

use msg_protocol::content::FileHash;

use super::{
    cipher::{Cipher, FileSecret, PAYLOAD_NONCE_BYTES},
    extent::Extent,
    opener::{OpenChunkError, Opener},
    sealer::PayloadHasher,
};
use crate::error::Fault;

/// Takes a payload in order and gives out the file's content, chunk by chunk.
/// Holds at most one chunk. The content is the file only when
/// [`StreamOpener::finish`] has said so.
pub struct StreamOpener {
    state: State,
    extent: Extent,
    buffer: Vec<u8>,
    hasher: PayloadHasher,
    expected: FileHash,
}

enum State {
    Nonce(FileSecret),
    Chunks { opener: Opener, next: u64 },
    Failed(OpenFileError),
}

/// Why a payload is not the file that the message names. Nothing of it may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFileError {
    /// One of its chunks.
    #[error(transparent)]
    Chunk(#[from] OpenChunkError),
    /// Bytes follow behind the last chunk.
    #[error("payload goes on past its end")]
    TooLong,
    /// It ended too early.
    #[error("payload is cut off: {missing} bytes are missing")]
    Truncated {
        /// Bytes that did not come.
        missing: u64,
    },
    /// All chunks opened, and yet it is another payload.
    #[error("payload is not the one that the message names")]
    HashDiffers,
}

impl OpenFileError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Chunk(error) => error.fault(),
            Self::TooLong | Self::Truncated { .. } | Self::HashDiffers => Fault::Peer,
        }
    }
}

impl StreamOpener {
    /// Waits for a payload with that key, those lengths and that hash.
    pub fn new(key: impl Into<FileSecret>, extent: Extent, expected: FileHash) -> Self {
        Self {
            state: State::Nonce(key.into()),
            extent,
            buffer: Vec::new(),
            hasher: PayloadHasher::default(),
            expected,
        }
    }

    /// Takes from `input` what completes the next chunk, and gives out its content:
    /// `None` when all input is taken. To be called until then. After an error
    /// there is only that error.
    pub fn handle(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, OpenFileError> {
        let result = self.advance(input);
        if let Err(error) = result {
            self.state = State::Failed(error);
            self.buffer = Vec::new();
        }
        result
    }

    fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, OpenFileError> {
        loop {
            let needed = self.needed()?;
            if needed == 0 {
                return if input.is_empty() { Ok(None) } else { Err(OpenFileError::TooLong) };
            }
            if !self.gather(input, needed) {
                return Ok(None);
            }
            let part = mem::take(&mut self.buffer);
            if let Some(content) = self.accept(&part)? {
                return Ok(Some(content));
            }
        }
    }

    /// Bytes of the part that comes next; none behind the last chunk.
    fn needed(&self) -> Result<usize, OpenFileError> {
        match &self.state {
            State::Nonce(_) => Ok(PAYLOAD_NONCE_BYTES),
            State::Chunks { next, .. } => {
                Ok(self.extent.chunk(*next).map_or(0, |chunk| chunk.sealed_bytes()))
            }
            State::Failed(error) => Err(*error),
        }
    }

    /// Whether the part is complete with what could be taken from `input`.
    fn gather(&mut self, input: &mut &[u8], needed: usize) -> bool {
        let missing = needed - self.buffer.len();
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.hasher.update(taken);
        self.buffer.extend_from_slice(taken);
        *input = rest;
        taken.len() == missing
    }

    fn accept(&mut self, part: &[u8]) -> Result<Option<Vec<u8>>, OpenFileError> {
        match &mut self.state {
            State::Nonce(secret) => {
                #[expect(clippy::expect_used, reason = "a part has the length that was asked for")]
                let nonce = part.first_chunk().expect("a whole nonce");
                let opener = Opener::with(Cipher::new(secret, nonce), self.extent);
                self.state = State::Chunks { opener, next: 0 };
                Ok(None)
            }
            State::Chunks { opener, next } => {
                let content = opener.open(*next, part)?;
                *next += 1;
                Ok(Some(content))
            }
            State::Failed(error) => Err(*error),
        }
    }

    /// Says that no more input will come, and whether the content was the file.
    pub fn finish(self) -> Result<(), OpenFileError> {
        let length = self.extent.payload();
        let opened = match self.state {
            State::Nonce(_) => 0,
            State::Chunks { next, .. } => {
                self.extent.chunk(next).map_or(length, |chunk| chunk.payload.start)
            }
            State::Failed(error) => return Err(error),
        };
        let missing = length - opened - self.buffer.len() as u64;
        if missing > 0 {
            return Err(OpenFileError::Truncated { missing });
        }
        if self.hasher.finish() != self.expected {
            return Err(OpenFileError::HashDiffers);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
