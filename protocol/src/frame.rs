//! Frames: what stands on the wire, 4 bytes of length and then that many bytes.
//! SPEC §"Frames".

pub mod decoder;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::decoder::FrameDecoder;
use crate::{
    codec::{self, DecodeError},
    error::Refusal,
    limits::MAX_FRAME_BYTES,
    push::Push,
    request::Request,
    response::Response,
    version::{Farewell, Hello, Welcome},
};

/// Bytes of the length before each frame.
pub const LENGTH_BYTES: usize = 4;

/// What a client sends.
#[expect(
    clippy::large_enum_variant,
    reason = "the small one comes once a link, the large one all the time"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// The first.
    Hello(Hello),
    /// All others.
    Request(RequestId, Request),
}

/// What a relay sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// The first.
    Welcome(Welcome),
    /// The first and last.
    Farewell(Farewell),
    /// It is done.
    Response(RequestId, Response),
    /// It is not done.
    Refusal(RequestId, Refusal),
    /// Unasked.
    Push(Push),
}

/// Which request an answer belongs to: the client's choice, not in flight twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u32);

/// Why bytes were not a frame. The sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A length of zero.
    #[error("frame is empty")]
    Empty,
    /// A length over the limit.
    #[error("frame of {length} bytes, more than the {limit} allowed")]
    TooLong {
        /// The length that was stated.
        length: u32,
        /// The limit at that moment.
        limit: usize,
    },
    /// The body is not what it should be.
    #[error("frame: {0}")]
    Decode(#[from] DecodeError),
}

/// The value fits no frame. The caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("value fits no frame")]
pub struct FrameTooLongError;

macro_rules! frame {
    ($name:ident) => {
        impl $name {
            /// The frame's bytes, length included.
            pub fn encode(&self) -> Result<Vec<u8>, FrameTooLongError> {
                encode(self)
            }

            /// Reads the body of a frame, without its length.
            pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
                codec::decode(body, MAX_FRAME_BYTES)
            }
        }
    };
}

frame!(ClientFrame);
frame!(ServerFrame);

fn encode<T: Serialize + DeserializeOwned>(frame: &T) -> Result<Vec<u8>, FrameTooLongError> {
    let body = codec::try_encode(frame).map_err(|_| FrameTooLongError)?;
    if body.len() > MAX_FRAME_BYTES {
        return Err(FrameTooLongError);
    }
    let length = u32::try_from(body.len()).map_err(|_| FrameTooLongError)?;
    Ok([length.to_be_bytes().as_slice(), &body].concat())
}

#[cfg(test)]
mod tests;
