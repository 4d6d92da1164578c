//! Frames out of a stream that arrives in any pieces. SPEC §"Frames".
//!
//! Holds at most one frame. Memory grows with the bytes that have come, never
//! with the length that was stated, and never past the limit.

use alloc::vec::Vec;
use core::mem;

use super::{FrameError, LENGTH_BYTES};

/// Takes the bytes of a stream and gives the bodies of its frames.
///
/// [`handle_bytes`](Self::handle_bytes) takes from the front of what has come
/// until one frame is whole; call it again with the rest.
#[derive(Debug)]
pub struct FrameDecoder {
    limit: usize,
    length: [u8; LENGTH_BYTES],
    length_filled: usize,
    body: Vec<u8>,
}

impl FrameDecoder {
    /// Takes frames of at most `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self { limit, length: [0; LENGTH_BYTES], length_filled: 0, body: Vec::new() }
    }

    /// Changes the limit for the frames after the current one.
    pub const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Whether a frame has begun and is not whole.
    pub const fn is_inside_frame(&self) -> bool {
        self.length_filled > 0
    }

    /// Bytes of memory held.
    pub const fn capacity(&self) -> usize {
        self.body.capacity()
    }

    /// Takes bytes from the front of `input` up to the end of a frame, and
    /// gives the frame's body if it is whole.
    pub fn handle_bytes(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        self.fill_length(input);
        if self.length_filled < LENGTH_BYTES {
            return Ok(None);
        }
        let length = self.checked_length()?;
        let wanted = length.saturating_sub(self.body.len()).min(input.len());
        let (taken, rest) = input.split_at_checked(wanted).unwrap_or((*input, &[]));
        *input = rest;
        self.grow(length, taken.len());
        self.body.extend_from_slice(taken);
        if self.body.len() < length {
            return Ok(None);
        }
        self.length_filled = 0;
        Ok(Some(mem::take(&mut self.body)))
    }

    fn fill_length(&mut self, input: &mut &[u8]) {
        for byte in self.length.iter_mut().skip(self.length_filled) {
            let Some((first, rest)) = input.split_first() else { return };
            *byte = *first;
            *input = rest;
            self.length_filled += 1;
        }
    }

    fn checked_length(&self) -> Result<usize, FrameError> {
        let stated = u32::from_be_bytes(self.length);
        match usize::try_from(stated) {
            Ok(0) => Err(FrameError::Empty),
            Ok(length) if length <= self.limit => Ok(length),
            _ => Err(FrameError::TooLong { length: stated, limit: self.limit }),
        }
    }

    /// Makes room for `more` bytes of a body of `length`: twice what is there,
    /// so that a trickle is not copied at each byte, but no more than the body.
    fn grow(&mut self, length: usize, more: usize) {
        let needed = self.body.len() + more;
        if needed > self.body.capacity() {
            let room = (self.body.capacity() * 2).max(needed).min(length);
            self.body.reserve_exact(room - self.body.len());
        }
    }
}
