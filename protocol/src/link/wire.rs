//! What both ends of a link do alike: frames in, frames out, and the clocks
//! that watch over both.

use alloc::{collections::VecDeque, vec::Vec};

use super::{Closure, Slow};
use crate::{
    frame::{FrameDecoder, FrameError},
    limits::{
        FRAME_TIMEOUT_MS, MAX_FRAME_BYTES, MAX_UNREADY_FRAME_BYTES, QUEUED_FRAME_BYTES,
        WRITE_TIMEOUT_MS,
    },
    time::Moment,
};

/// Frames in and out.
#[derive(Debug)]
pub(super) struct Wire {
    decoder: FrameDecoder,
    frame_limit: usize,
    frame_since: Option<Moment>,
    last_input: Moment,
    output: VecDeque<Vec<u8>>,
    queued: usize,
    output_since: Option<Moment>,
}

impl Wire {
    pub(super) const fn new(now: Moment) -> Self {
        Self {
            decoder: FrameDecoder::new(MAX_UNREADY_FRAME_BYTES),
            frame_limit: MAX_FRAME_BYTES,
            frame_since: None,
            last_input: now,
            output: VecDeque::new(),
            queued: 0,
            output_since: None,
        }
    }

    /// Once the link is open, frames have at most that many bytes.
    pub(super) fn limit_frames(&mut self, bytes: usize) {
        self.frame_limit = bytes.min(MAX_FRAME_BYTES);
    }

    /// From now on frames may have their full size.
    pub(super) const fn open_up(&mut self) {
        self.decoder.set_limit(self.frame_limit);
    }

    pub(super) fn take_frame(
        &mut self,
        input: &mut &[u8],
        now: Moment,
    ) -> Result<Option<Vec<u8>>, FrameError> {
        self.last_input = now;
        let frame = self.decoder.handle_bytes(input)?;
        if !self.decoder.is_inside_frame() {
            self.frame_since = None;
        } else if self.frame_since.is_none() {
            self.frame_since = Some(now);
        }
        Ok(frame)
    }

    pub(super) const fn is_inside_frame(&self) -> bool {
        self.decoder.is_inside_frame()
    }

    pub(super) const fn last_input(&self) -> Moment {
        self.last_input
    }

    pub(super) fn queue(&mut self, frame: Vec<u8>, now: Moment) {
        self.queued += cost(&frame);
        self.output.push_back(frame);
        self.output_since.get_or_insert(now);
    }

    pub(super) const fn queued(&self) -> usize {
        self.queued
    }

    /// The next frame. Being asked means that the one before is written.
    pub(super) fn poll_output(&mut self, now: Moment) -> Option<Vec<u8>> {
        let frame = self.output.pop_front();
        self.queued -= frame.as_ref().map_or(0, |frame| cost(frame));
        self.output_since = frame.as_ref().map(|_| now);
        if self.output.is_empty() {
            // An idle link keeps no memory for frames that it has sent.
            self.output = VecDeque::new();
        }
        frame
    }

    /// The next frames in one piece: as many as fit in `bytes`, but one at
    /// least. Being asked means that those before are written.
    pub(super) fn poll_outputs(&mut self, bytes: usize, now: Moment) -> Option<Vec<u8>> {
        let mut piece = self.poll_output(now)?;
        while self.output.front().is_some_and(|next| piece.len() + next.len() <= bytes)
            && let Some(next) = self.poll_output(now)
        {
            piece.extend_from_slice(&next);
        }
        Some(piece)
    }

    /// What will have taken too long first, and when.
    pub(super) fn deadline(&self) -> Option<(Moment, Closure)> {
        let frame = self.frame_since.map(|since| (since.plus_ms(FRAME_TIMEOUT_MS), Slow::Frame));
        let write = self.output_since.map(|since| (since.plus_ms(WRITE_TIMEOUT_MS), Slow::Reading));
        let first = frame.into_iter().chain(write).min_by_key(|(moment, _)| *moment)?;
        Some((first.0, Closure::Slow(first.1)))
    }

    /// Why the stream may not end here; or that it may.
    pub(super) const fn end(&self) -> Closure {
        if self.is_inside_frame() { Closure::Truncated } else { Closure::Ended }
    }

    /// Bytes of memory held.
    pub(super) fn held_bytes(&self) -> usize {
        self.decoder.capacity() + self.output.iter().map(Vec::capacity).sum::<usize>()
    }
}

/// What a queued frame costs: many small ones cost more than their bytes.
const fn cost(frame: &[u8]) -> usize {
    frame.len() + QUEUED_FRAME_BYTES
}
