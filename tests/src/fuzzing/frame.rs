//! Frames out of a stream in any pieces: the pieces make no difference, and memory
//! grows with what has come.

use msg_protocol::{
    frame::{FrameDecoder, FrameError, LENGTH_BYTES},
    limits::{MAX_FRAME_BYTES, MAX_UNREADY_FRAME_BYTES},
};

use super::script::Script;

/// A limit, the sizes of the pieces, then the stream.
pub fn frame_stream(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let limit = *script.pick(&[MAX_UNREADY_FRAME_BYTES, MAX_FRAME_BYTES, 8]);
    let count = usize::from(script.byte());
    let pieces = script.bytes(count);
    let stream = script.rest();

    let (frames, error) = read(limit, [stream].into_iter());
    let split = read(limit, split(stream, pieces));
    assert_eq!((&frames, error), (&split.0, split.1), "pieces make a difference");

    let mut written = Vec::new();
    for frame in &frames {
        assert!(!frame.is_empty() && frame.len() <= limit, "a frame over the limit");
        written.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
        written.extend_from_slice(frame);
    }
    assert!(stream.starts_with(&written), "frames that never came");
    if error.is_none() {
        assert!(stream.len() - written.len() < LENGTH_BYTES + limit, "a frame was swallowed");
    }
    !frames.is_empty()
}

/// The frames of a stream up to its first error.
fn read<'a>(
    limit: usize,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut decoder = FrameDecoder::new(limit);
    let mut frames = Vec::new();
    let mut come = 0;
    for mut piece in pieces {
        come += piece.len();
        while !piece.is_empty() {
            let before = piece.len();
            match decoder.handle_bytes(&mut piece) {
                Ok(frame) => frames.extend(frame),
                Err(error) => return (frames, Some(error)),
            }
            assert!(piece.len() < before, "no progress");
            assert!(decoder.capacity() <= limit.min(2 * come), "memory for what has not come");
        }
    }
    (frames, None)
}

fn split<'a>(mut stream: &'a [u8], sizes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter();
    std::iter::from_fn(move || {
        if stream.is_empty() {
            return None;
        }
        let size = sizes.next().map_or(stream.len(), |size| usize::from(*size));
        let (piece, rest) = stream.split_at(size.min(stream.len()));
        stream = rest;
        Some(piece)
    })
}
