//! Base32 (RFC 4648) as links and fingerprints write it: lower-case, no
//! padding, unused bits zero, so that a value has one text. SPEC §"Text forms".

use alloc::string::String;

use data_encoding::{BASE32_NOPAD, DecodeKind};
use zeroize::Zeroize as _;

/// Why a text is not base32 of the value it should be. Names places, never contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Base32Error {
    /// Too short or too long.
    #[error("{found} characters where {expected} belong")]
    Length {
        /// Characters that such a value has.
        expected: usize,
        /// Characters that came.
        found: usize,
    },
    /// A capital letter: the text form is lower-case.
    #[error("capital letter at character {0}")]
    UpperCase(usize),
    /// Something that base32 does not use.
    #[error("character {0} is none of a-z and 2-7")]
    Character(usize),
    /// The last character holds bits that belong to no byte.
    #[error("last character has stray bits")]
    StrayBits,
}

/// Characters that `bytes` bytes take.
const fn length(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

/// The text of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = BASE32_NOPAD.encode(bytes);
    text.make_ascii_lowercase();
    text
}

/// Exactly `N` bytes from their one text.
pub fn decode<const N: usize>(text: &str) -> Result<[u8; N], Base32Error> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'2'..=b'7' => {}
            b'A'..=b'Z' => return Err(Base32Error::UpperCase(index + 1)),
            _ => return Err(Base32Error::Character(index + 1)),
        }
    }
    let wrong_length = Base32Error::Length { expected: length(N), found: text.len() };
    if text.len() != length(N) {
        return Err(wrong_length);
    }
    let mut upper = text.to_ascii_uppercase();
    let decoded = BASE32_NOPAD.decode(upper.as_bytes());
    upper.zeroize();
    let mut bytes = decoded.map_err(|error| match error.kind {
        DecodeKind::Trailing => Base32Error::StrayBits,
        _ => wrong_length,
    })?;
    let out = bytes.as_slice().try_into().map_err(|_| wrong_length);
    bytes.zeroize();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_lower_case_without_padding() {
        assert_eq!(encode(b"foobar"), "mzxw6ytboi");
        assert_eq!(decode::<6>("mzxw6ytboi"), Ok(*b"foobar"));
    }

    #[test]
    fn each_malformed_text_has_its_error() {
        assert_eq!(decode::<6>("mzxw6ytbo"), Err(Base32Error::Length { expected: 10, found: 9 }));
        assert_eq!(decode::<6>("mzxw6Ytboi"), Err(Base32Error::UpperCase(6)));
        assert_eq!(decode::<6>("mzxw6ytb0i"), Err(Base32Error::Character(9)));
        assert_eq!(decode::<6>("mzxw6ytbo="), Err(Base32Error::Character(10)));
        assert_eq!(decode::<6>("mzxw6ytboj"), Err(Base32Error::StrayBits));
    }
}
