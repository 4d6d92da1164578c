//! The fingerprint of an identity: what links carry and people compare.
//! A hash, so that links outlive a longer identity key. SPEC §"Identifiers".

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{
    base32::{self, Base32Error},
    hash::{Label, hash},
    key::IdentityKey,
};

/// `H(L("id"), identity)`. Equality takes the same time for all values.
#[derive(Clone, Copy, Eq, Serialize, Deserialize)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of an identity.
    pub fn of(identity: &IdentityKey) -> Self {
        Self(hash(Label::new("id"), &[identity.as_bytes()]))
    }

    /// The fingerprint's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&base32::encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Base32Error;

    fn from_str(text: &str) -> Result<Self, Base32Error> {
        base32::decode(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn its_text_is_52_characters_and_reads_back() {
        let fingerprint = Fingerprint::of(&IdentityKey([3; 32]));
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 52);
        assert_eq!(text.parse(), Ok(fingerprint));
    }

    #[test]
    fn identities_have_their_own() {
        assert_ne!(Fingerprint::of(&IdentityKey([3; 32])), Fingerprint::of(&IdentityKey([4; 32])));
    }
}
