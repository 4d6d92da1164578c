//! Addresses and the links people paste: `name@host[:port]`, `msg-relay://…`,
//! `msg:…`. Each value has one text, and each malformed text its own error.
//! SPEC §"Addresses and links".

pub mod contact_link;
pub mod link;
pub mod name;
pub mod pin;
pub mod relay;
pub mod relay_link;

use alloc::string::{String, ToString as _};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::{
    contact_link::ContactLink,
    link::LinkError,
    name::{AccountName, NameError},
    pin::Pin,
    relay::{DEFAULT_PORT, PortError, RelayAddress, RelayAddressError, RelayHost},
    relay_link::RelayLink,
};

/// Where an account lives: `name@host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The account's name at its relay.
    pub name: AccountName,
    /// The relay.
    pub relay: RelayAddress,
}

/// Why a text is not an address. The writer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No `@` between name and relay.
    #[error("address has no @ between name and relay")]
    NoAt,
    /// More than one `@`.
    #[error("address has more than one @")]
    SecondAt,
    /// The part before the `@`.
    #[error("name in the address: {0}")]
    Name(#[from] NameError),
    /// The part after the `@`.
    #[error("relay in the address: {0}")]
    Relay(#[from] RelayAddressError),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (name, relay) = text.split_once('@').ok_or(AddressError::NoAt)?;
        if relay.contains('@') {
            return Err(AddressError::SecondAt);
        }
        Ok(Self { name: name.parse()?, relay: relay.parse()? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}@{}", self.name, self.relay)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests;
