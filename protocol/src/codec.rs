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

/// Encodes a value.
///
/// # Panics
/// Never for the types of this crate: postcard fails only on values whose
/// length is unknown beforehand, and there is none.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "every type here has a known length; postcard has no other way to fail when it writes to a Vec"
    )]
    postcard::to_allocvec(value).expect("a value of known length encodes")
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
