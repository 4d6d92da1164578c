//! Safety numbers: what two people compare, by voice or by camera, to know that
//! nobody stands between them. SPEC §8.
//!
//! A number covers both identities and nothing that changes with devices. All
//! comparisons take the same time whatever differs.

use alloc::string::String;
use core::{fmt, str::FromStr};

use msg_protocol::{hash::Label, id::AccountId, key::IdentityKey};
use sha2::{Digest as _, Sha512};
use subtle::ConstantTimeEq as _;

/// Digits of a safety number.
pub const NUMBER_DIGITS: usize = 60;
/// Bytes of a safety code.
pub const CODE_BYTES: usize = 65;

const FORMAT: [u8; 2] = [0, 1];
const CODE_VERSION: u8 = 1;
const HASHES: u32 = 5_200;
const GROUP_DIGITS: usize = 5;
const SIDE_DIGITS: usize = NUMBER_DIGITS / 2;
const SIDE_GROUPS: usize = SIDE_DIGITS / GROUP_DIGITS;

/// The hashed identities of the two sides. Thousands of hashes each: computed
/// once for the number and the code.
pub struct SafetyValues {
    own: [u8; 64],
    peer: [u8; 64],
}

impl SafetyValues {
    /// Hashes both identities.
    pub fn between(own: &IdentityKey, peer: &IdentityKey) -> Self {
        Self { own: value(own), peer: value(peer) }
    }

    /// The number, the same on both sides.
    pub fn number(&self) -> SafetyNumber {
        let (own, peer) = (side_digits(&self.own), side_digits(&self.peer));
        let (first, second) = if own <= peer { (own, peer) } else { (peer, own) };
        let mut digits = [0; NUMBER_DIGITS];
        for (to, from) in digits.iter_mut().zip(first.into_iter().chain(second)) {
            *to = from;
        }
        SafetyNumber(digits)
    }

    /// The code to show to the peer's camera, and to hold against the peer's.
    pub fn code(&self) -> SafetyCode {
        SafetyCode { own: first_half(&self.own), peer: first_half(&self.peer) }
    }
}

fn value(identity: &IdentityKey) -> [u8; 64] {
    let account = AccountId::of(identity);
    let first = Sha512::new()
        .chain_update(Label::new("fp").bytes())
        .chain_update(FORMAT)
        .chain_update(identity.as_bytes())
        .chain_update(account.as_bytes());
    let mut value: [u8; 64] = first.finalize().into();
    for _ in 1..HASHES {
        value =
            Sha512::new().chain_update(value).chain_update(identity.as_bytes()).finalize().into();
    }
    value
}

fn side_digits(value: &[u8; 64]) -> [u8; SIDE_DIGITS] {
    let mut digits = [0; SIDE_DIGITS];
    let groups = value.chunks_exact(GROUP_DIGITS).take(SIDE_GROUPS);
    for (group, out) in groups.zip(digits.chunks_exact_mut(GROUP_DIGITS)) {
        let mut number = group.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        for digit in out.iter_mut().rev() {
            *digit = b"0123456789".get((number % 10) as usize).copied().unwrap_or(b'0');
            number /= 10;
        }
    }
    digits
}

fn first_half(value: &[u8; 64]) -> [u8; 32] {
    let mut half = [0; 32];
    for (to, from) in half.iter_mut().zip(value) {
        *to = *from;
    }
    half
}

/// Sixty digits. Its text is twelve groups of five; read back, the spaces may be
/// anywhere.
#[derive(Clone, Copy, Eq)]
pub struct SafetyNumber([u8; NUMBER_DIGITS]);

/// Why a text is not a safety number. The fault of who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// Something other than digits and white space.
    #[error("character {0} of the safety number is no digit")]
    Character(usize),
    /// Digits are missing, or there are too many.
    #[error("safety number has {0} digits where {NUMBER_DIGITS} belong")]
    Length(usize),
}

impl FromStr for SafetyNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let mut digits = [0; NUMBER_DIGITS];
        let mut found = 0;
        for (index, character) in text.chars().enumerate() {
            match u8::try_from(character) {
                Ok(digit @ b'0'..=b'9') => {
                    if let Some(place) = digits.get_mut(found) {
                        *place = digit;
                    }
                    found += 1;
                }
                _ if character.is_whitespace() => {}
                _ => return Err(NumberError::Character(index + 1)),
            }
        }
        if found == NUMBER_DIGITS { Ok(Self(digits)) } else { Err(NumberError::Length(found)) }
    }
}

impl PartialEq for SafetyNumber {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for SafetyNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let mut text = String::with_capacity(NUMBER_DIGITS / GROUP_DIGITS * (GROUP_DIGITS + 1));
        for group in self.0.chunks_exact(GROUP_DIGITS) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.extend(group.iter().copied().map(char::from));
        }
        formatter.write_str(&text)
    }
}

impl fmt::Debug for SafetyNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("SafetyNumber(..)")
    }
}

/// What the QR code holds: `01 || own value || peer's value`.
pub struct SafetyCode {
    own: [u8; 32],
    peer: [u8; 32],
}

/// Why scanned bytes are not a safety code. The fault of who shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Another kind of code, or a later version of this one.
    #[error("code is not a safety code of version {CODE_VERSION}")]
    UnknownVersion,
    /// Cut off, or with something behind it.
    #[error("safety code has {0} bytes where {CODE_BYTES} belong")]
    Length(usize),
}

impl SafetyCode {
    /// The bytes to show.
    pub fn to_bytes(&self) -> [u8; CODE_BYTES] {
        let mut bytes = [CODE_VERSION; CODE_BYTES];
        for (to, from) in bytes.iter_mut().skip(1).zip(self.own.iter().chain(&self.peer)) {
            *to = *from;
        }
        bytes
    }

    /// Reads bytes that were scanned.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodeError> {
        let Some((&CODE_VERSION, values)) = bytes.split_first() else {
            return Err(CodeError::UnknownVersion);
        };
        let wrong_length = CodeError::Length(bytes.len());
        let (own, rest) = values.split_first_chunk().ok_or(wrong_length)?;
        let peer = rest.try_into().map_err(|_| wrong_length)?;
        Ok(Self { own: *own, peer })
    }

    /// Whether the scanned code is the peer's view of the same two identities:
    /// its own is our peer, and its peer is us.
    pub fn is_answered_by(&self, scanned: &Self) -> bool {
        (self.own.ct_eq(&scanned.peer) & self.peer.ct_eq(&scanned.own)).into()
    }
}

#[cfg(test)]
mod tests;
