//! Lists, byte strings and texts with a largest length, kept at both ends: one
//! that is too long can be neither made nor decoded, and decoding refuses it
//! before it takes memory. SPEC §"Encoding".

use alloc::{string::String, vec::Vec};
use core::{fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};
use zeroize::Zeroize;

/// More than there may be. The caller's fault, or the sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} are more than the {limit} allowed")]
pub struct TooLong {
    /// How many there were.
    pub length: usize,
    /// How many there may be.
    pub limit: usize,
}

const fn check(length: usize, limit: usize) -> Result<(), TooLong> {
    if length > limit { Err(TooLong { length, limit }) } else { Ok(()) }
}

/// At most `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct List<T, const MAX: usize>(Vec<T>);

/// At most `MAX` bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

/// A text of at most `MAX` bytes of UTF-8.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Str<const MAX: usize>(String);

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes a list that is not too long.
    pub fn new(elements: Vec<T>) -> Result<Self, TooLong> {
        check(elements.len(), MAX).map(|()| Self(elements))
    }

    /// The list with nothing in it.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Gives the elements back.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<const MAX: usize> Bytes<MAX> {
    /// Takes bytes that are not too many.
    pub fn new(bytes: Vec<u8>) -> Result<Self, TooLong> {
        check(bytes.len(), MAX).map(|()| Self(bytes))
    }

    /// Gives the bytes back.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Str<MAX> {
    /// Takes a text that is not too long.
    pub fn new(text: String) -> Result<Self, TooLong> {
        check(text.len(), MAX).map(|()| Self(text))
    }

    /// Gives the text back.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for List<T, MAX> {
    type Error = TooLong;

    fn try_from(elements: Vec<T>) -> Result<Self, TooLong> {
        Self::new(elements)
    }
}

impl<const MAX: usize> TryFrom<&[u8]> for Bytes<MAX> {
    type Error = TooLong;

    fn try_from(bytes: &[u8]) -> Result<Self, TooLong> {
        check(bytes.len(), MAX).map(|()| Self(bytes.to_vec()))
    }
}

impl<const MAX: usize> TryFrom<&str> for Str<MAX> {
    type Error = TooLong;

    fn try_from(text: &str) -> Result<Self, TooLong> {
        check(text.len(), MAX).map(|()| Self(text.into()))
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<const MAX: usize> Deref for Bytes<MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Deref for Str<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T, const MAX: usize> IntoIterator for List<T, MAX> {
    type Item = T;
    type IntoIter = alloc::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a List<T, MAX> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<const MAX: usize> Zeroize for Bytes<MAX> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const MAX: usize> fmt::Debug for Bytes<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Bytes({})", self.0.len())
    }
}

impl<const MAX: usize> fmt::Debug for Str<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Str({} bytes)", self.0.len())
    }
}

impl<T: Serialize, const MAX: usize> Serialize for List<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<const MAX: usize> Serialize for Bytes<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<const MAX: usize> Serialize for Str<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor::<T, MAX>(PhantomData))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Bytes<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor::<MAX>)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Str<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(StrVisitor::<MAX>)
    }
}

struct ListVisitor<T, const MAX: usize>(PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
    type Value = List<T, MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "at most {MAX} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        // The stated count is a claim: refuse one that is too large, and let
        // memory grow with the elements that are really there.
        if let Some(stated) = seq.size_hint() {
            check(stated, MAX).map_err(A::Error::custom)?;
        }
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            check(elements.len() + 1, MAX).map_err(A::Error::custom)?;
            elements.push(element);
        }
        Ok(List(elements))
    }
}

struct BytesVisitor<const MAX: usize>;

impl<const MAX: usize> Visitor<'_> for BytesVisitor<MAX> {
    type Value = Bytes<MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "at most {MAX} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        bytes.try_into().map_err(E::custom)
    }
}

struct StrVisitor<const MAX: usize>;

impl<const MAX: usize> Visitor<'_> for StrVisitor<MAX> {
    type Value = Str<MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "a text of at most {MAX} bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.try_into().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::codec::{DecodeError, decode, encode};

    #[test]
    fn too_long_can_be_neither_made_nor_decoded() {
        let four = encode(&List::<u8, 4>::new(vec![7; 4]).unwrap());
        assert!(decode::<List<u8, 4>>(&four, 64).is_ok());
        assert_eq!(decode::<List<u8, 3>>(&four, 64), Err(DecodeError::Malformed));
        assert_eq!(decode::<Bytes<3>>(&four, 64), Err(DecodeError::Malformed));
        assert_eq!(decode::<Str<3>>(&four, 64), Err(DecodeError::Malformed));
        assert_eq!(Bytes::<3>::new(vec![0; 4]), Err(TooLong { length: 4, limit: 3 }));
    }

    #[test]
    fn a_lying_count_takes_no_memory() {
        let lie = [0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3];
        assert!(decode::<List<[u64; 32], { usize::MAX }>>(&lie, 64).is_err());
        assert!(decode::<Bytes<{ usize::MAX }>>(&lie, 64).is_err());
        assert!(decode::<Str<{ usize::MAX }>>(&lie, 64).is_err());
    }

    #[test]
    fn bytes_are_encoded_as_a_list_of_bytes_is() {
        let bytes = Bytes::<8>::new(vec![1, 2, 3]).unwrap();
        assert_eq!(encode(&bytes), encode(&vec![1_u8, 2, 3]));
    }
}
