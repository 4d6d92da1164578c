//! The name of an account at its relay. SPEC §"Addresses and links".

use alloc::string::String;
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_NAME_BYTES, MIN_NAME_BYTES};

/// 2 to 32 of `a-z 0-9 . _ -`, first a letter. Capitals are lowered when read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// Why a text is not a name. The writer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or a single character.
    #[error("name has fewer than {MIN_NAME_BYTES} characters")]
    TooShort,
    /// Too much.
    #[error("name has more than {MAX_NAME_BYTES} characters")]
    TooLong,
    /// It begins with a digit or a mark.
    #[error("name does not begin with a letter")]
    NoLetterFirst,
    /// A character that names do not have.
    #[error("character {0} of the name is none of a-z, 0-9, dot, underscore, hyphen")]
    Character(usize),
}

impl AccountName {
    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let foreign = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        if let Some(index) = text.chars().position(foreign) {
            return Err(NameError::Character(index + 1));
        }
        if text.len() < MIN_NAME_BYTES {
            return Err(NameError::TooShort);
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(NameError::NoLetterFirst);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Says nothing: a name in a log tells on its owner.
impl fmt::Debug for AccountName {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("AccountName(..)")
    }
}

impl TryFrom<String> for AccountName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}
