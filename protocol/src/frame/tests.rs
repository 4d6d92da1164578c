//! Frames come out of a stream whole, and at a bounded cost.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    bounded::Bytes,
    kinded::Unknown,
    limits::{MAX_FRAME_BYTES, MAX_UNREADY_FRAME_BYTES},
    request::Ping,
    version::{Hello, LinkKind},
};

fn request(id: u32) -> ClientFrame {
    ClientFrame::Request(RequestId(id), Ping {}.into())
}

#[test]
fn a_frame_is_its_length_and_its_body() {
    let hello = ClientFrame::Hello(Hello { min: 1, max: 300, kind: LinkKind::SignedIn });
    assert_eq!(hello.encode().unwrap(), [0, 0, 0, 5, 0, 1, 0xac, 0x02, 1]);
    assert_eq!(request(7).encode().unwrap(), [0, 0, 0, 4, 1, 7, 3, 0]);
}

#[test]
fn frames_come_out_whole_however_the_stream_is_cut() {
    let frames: Vec<Vec<u8>> = (0..5).map(|id| request(id).encode().unwrap()).collect();
    let stream = frames.concat();
    for size in 1..=stream.len() {
        let mut decoder = FrameDecoder::new(MAX_FRAME_BYTES);
        let mut bodies = Vec::new();
        for mut piece in stream.chunks(size) {
            while !piece.is_empty() {
                bodies.extend(decoder.handle_bytes(&mut piece).unwrap());
            }
        }
        assert_eq!(bodies, frames.iter().map(|frame| frame[4..].to_vec()).collect::<Vec<_>>());
        assert!(!decoder.is_inside_frame());
    }
}

#[test]
fn lengths_that_may_not_be_are_refused_before_memory_is_taken() {
    for (length, limit) in [(0, 64), (65, 64), (u32::MAX, 64), (1 << 31, MAX_FRAME_BYTES)] {
        let mut decoder = FrameDecoder::new(limit);
        let result = decoder.handle_bytes(&mut length.to_be_bytes().as_slice());
        let expected = match length {
            0 => FrameError::Empty,
            _ => FrameError::TooLong { length, limit },
        };
        assert_eq!(result, Err(expected));
        assert_eq!(decoder.capacity(), 0);
    }
}

#[test]
fn memory_grows_with_what_came_and_not_with_what_was_stated() {
    let mut decoder = FrameDecoder::new(MAX_FRAME_BYTES);
    let length = u32::try_from(MAX_FRAME_BYTES).unwrap();
    decoder.handle_bytes(&mut length.to_be_bytes().as_slice()).unwrap();
    for came in 1..MAX_FRAME_BYTES {
        assert_eq!(decoder.handle_bytes(&mut [7].as_slice()), Ok(None));
        assert!(decoder.capacity() <= (2 * came).min(MAX_FRAME_BYTES), "after {came}");
    }
    let body = decoder.handle_bytes(&mut [7].as_slice()).unwrap().unwrap();
    assert_eq!(body, vec![7; MAX_FRAME_BYTES]);
    assert_eq!(decoder.capacity(), 0);
}

#[test]
fn a_raised_limit_holds_from_the_next_frame() {
    let mut decoder = FrameDecoder::new(MAX_UNREADY_FRAME_BYTES);
    decoder.set_limit(MAX_FRAME_BYTES);
    let length = u32::try_from(MAX_FRAME_BYTES).unwrap();
    assert_eq!(decoder.handle_bytes(&mut length.to_be_bytes().as_slice()), Ok(None));
}

#[test]
fn an_unknown_request_survives_a_round_trip() {
    let unknown = Unknown { kind: 4_711, body: Bytes::new(vec![1, 2, 3]).unwrap() };
    let frame = ClientFrame::Request(RequestId(1), Request::Unknown(unknown));
    let bytes = frame.encode().unwrap();
    assert_eq!(ClientFrame::decode(&bytes[4..]), Ok(frame));
}

#[test]
fn what_fits_no_frame_is_not_encoded() {
    let unknown = Unknown { kind: 4_711, body: Bytes::new(vec![0; MAX_FRAME_BYTES]).unwrap() };
    let frame = ClientFrame::Request(RequestId(1), Request::Unknown(unknown));
    assert_eq!(frame.encode(), Err(FrameTooLongError));
}
