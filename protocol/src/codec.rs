//! postcard, made strict: nothing left over, and one encoding for one value.
//!
//! postcard itself accepts trailing bytes and over-long integers. Whatever is
//! hashed or signed must not, so [`decode`] encodes again and compares.
//! SPEC §"Encoding".

use alloc::vec::Vec;

use serde::{Serialize, de::DeserializeOwned};

/// Why bytes were not a value. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes do not hold the value.
    #[error("malformed encoding")]
    Malformed,
    /// The bytes hold more than the value.
    #[error("{0} bytes left over after the value")]
    TrailingBytes(usize),
    /// The bytes hold the value, but not in its one permitted form.
    #[error("encoding is not canonical")]
    NotCanonical,
    /// More bytes than such a value may have.
    #[error("{length} bytes, more than the {limit} allowed")]
    TooLong {
        /// Bytes that came.
        length: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
}

/// A part of the value is longer than its kind may be. The caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part of the value is too long to be encoded")]
pub struct EncodeError;

/// Encodes a value that is within its bounds by its type.
///
/// # Panics
/// Only for values with a body behind a kind that is over the kind's bound:
/// those go through [`try_encode`].
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "the types of this crate have known lengths; postcard has no other way to fail when it writes to a Vec"
    )]
    try_encode(value).expect("a value of known length encodes")
}

/// Encodes a value some part of which may be over its bound.
pub fn try_encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    postcard::to_allocvec(value).map_err(|_| EncodeError)
}

/// Decodes exactly one value from at most `limit` bytes, in its canonical form.
pub fn decode<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    limit: usize,
) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { length: bytes.len(), limit });
    }
    let (value, rest) =
        postcard::take_from_bytes::<T>(bytes).map_err(|_| DecodeError::Malformed)?;
    if !rest.is_empty() {
        return Err(DecodeError::TrailingBytes(rest.len()));
    }
    if encode(&value) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// Serde for byte strings: copied in one go, not byte by byte.
pub(crate) mod bytes {
    use alloc::vec::Vec;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::{bounded::Bytes, limits::MAX_SIGNED_BYTES};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        Bytes::<MAX_SIGNED_BYTES>::deserialize(deserializer).map(Bytes::into_vec)
    }
}

/// Serde for byte arrays of any length: `N` bytes, no prefix.
pub(crate) mod array {
    use core::fmt;

    use serde::{
        Deserializer, Serializer,
        de::{Error, SeqAccess, Visitor},
        ser::SerializeTuple as _,
    };

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(N)?;
        for byte in bytes {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        struct Bytes<const N: usize>;
        impl<'de, const N: usize> Visitor<'de> for Bytes<N> {
            type Value = [u8; N];

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                write!(formatter, "{N} bytes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<[u8; N], A::Error> {
                let mut out = [0; N];
                for (index, byte) in out.iter_mut().enumerate() {
                    *byte = seq
                        .next_element()?
                        .ok_or_else(|| A::Error::invalid_length(index, &self))?;
                }
                Ok(out)
            }
        }
        deserializer.deserialize_tuple(N, Bytes::<N>)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
    struct Sample {
        number: u32,
        text: String,
        #[serde(with = "array")]
        raw: [u8; 64],
        choice: Option<bool>,
    }

    fn sample() -> Sample {
        Sample { number: 300, text: "é".into(), raw: [9; 64], choice: Some(true) }
    }

    #[test]
    fn encoding_is_the_one_that_the_specification_shows() {
        let expected = [&[0xac, 0x02, 2, 0xc3, 0xa9][..], &[9; 64], &[1, 1]].concat();
        assert_eq!(encode(&sample()), expected);
        assert_eq!(decode(&expected, 128), Ok(sample()));
    }

    #[test]
    fn a_value_has_one_encoding() {
        let bytes = encode(&sample());
        for length in 0..bytes.len() {
            let cut = decode::<Sample>(&bytes[..length], 128);
            assert_eq!(cut, Err(DecodeError::Malformed), "{length}");
        }
        let more = [bytes.as_slice(), &[0, 0]].concat();
        assert_eq!(decode::<Sample>(&more, 128), Err(DecodeError::TrailingBytes(2)));
        let long = [&[0xac, 0x82, 0x00], &bytes[2..]].concat();
        assert_eq!(decode::<Sample>(&long, 128), Err(DecodeError::NotCanonical));
        assert_eq!(
            decode::<Sample>(&bytes, 8),
            Err(DecodeError::TooLong { length: bytes.len(), limit: 8 })
        );
    }

    #[test]
    fn out_of_range_is_malformed() {
        assert_eq!(decode::<u32>(&[0xff, 0xff, 0xff, 0xff, 0x1f], 8), Err(DecodeError::Malformed));
        assert_eq!(decode::<bool>(&[2], 8), Err(DecodeError::Malformed));
        assert_eq!(decode::<Option<u8>>(&[2, 0], 8), Err(DecodeError::Malformed));
        assert_eq!(decode::<String>(&[1, 0xff], 8), Err(DecodeError::Malformed));
        assert_eq!(decode::<Vec<u8>>(&[2, 0], 8), Err(DecodeError::Malformed));
    }
}
