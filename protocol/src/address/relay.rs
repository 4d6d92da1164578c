//! The host and port of a relay. SPEC §"Addresses and links".

use alloc::string::{String, ToString as _};
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_HOST_BYTES, MAX_HOST_LABEL_BYTES};

/// The port of a relay whose address names none.
pub const DEFAULT_PORT: u16 = 7777;

/// A relay's host: a DNS name in lower case, or an IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelayHost(Host);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// Where a relay listens: `host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelayAddress {
    /// Its host.
    pub host: RelayHost,
    /// Its port, never 0.
    port: u16,
}

/// Why a text is not the address of a relay. The writer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayAddressError {
    /// No host at all.
    #[error("host is missing")]
    NoHost,
    /// More than a DNS name may have.
    #[error("host has more than {MAX_HOST_BYTES} characters")]
    TooLong,
    /// A dot at the end.
    #[error("host ends with a dot")]
    TrailingDot,
    /// Two dots in a row, or one in front.
    #[error("host has an empty part between dots")]
    EmptyLabel,
    /// A part between dots is too long.
    #[error("host has a part of more than {MAX_HOST_LABEL_BYTES} characters")]
    LabelTooLong,
    /// A part begins or ends with a hyphen.
    #[error("host has a part that begins or ends with a hyphen")]
    Hyphen,
    /// A character that hosts do not have.
    #[error("character {0} of the host is none of a-z, 0-9, dot, hyphen")]
    Character(usize),
    /// All digits at the end, but no IPv4 address.
    #[error("host looks like an IPv4 address and is none")]
    Ipv4,
    /// Between brackets, but no IPv6 address.
    #[error("host in brackets is not an IPv6 address")]
    Ipv6,
    /// Brackets that do not match.
    #[error("host has an unmatched bracket")]
    Bracket,
    /// More than one colon without brackets.
    #[error("IPv6 addresses need brackets")]
    NoBrackets,
    /// Something other than a port behind the bracket.
    #[error("only a port may follow the bracket")]
    AfterBracket,
    /// The port.
    #[error("port {0}")]
    Port(#[from] PortError),
}

/// Why a text is not a port. The writer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// A colon and nothing behind it.
    #[error("is missing after the colon")]
    Missing,
    /// Something other than digits.
    #[error("is not a number")]
    NotANumber,
    /// `07777`.
    #[error("has a leading zero")]
    LeadingZero,
    /// Nobody listens there.
    #[error("is zero")]
    Zero,
    /// Over 65,535.
    #[error("is over 65535")]
    TooLarge,
}

impl RelayAddress {
    /// A relay at that host and port; `None` for port 0.
    pub fn new(host: RelayHost, port: u16) -> Option<Self> {
        (port != 0).then_some(Self { host, port })
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, the port always written: the form inside links.
    pub fn with_port(&self) -> impl fmt::Display + '_ {
        struct WithPort<'a>(&'a RelayAddress);
        impl fmt::Display for WithPort<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                write!(formatter, "{}:{}", self.0.host, self.0.port)
            }
        }
        WithPort(self)
    }
}

impl RelayHost {
    /// The host as TLS and resolvers want it: without brackets.
    pub fn to_dial_text(&self) -> String {
        match &self.0 {
            Host::Name(name) => name.clone(),
            Host::V4(address) => address.to_string(),
            Host::V6(address) => address.to_string(),
        }
    }

    /// Whether it can only mean this machine.
    pub fn is_loopback(&self) -> bool {
        match &self.0 {
            Host::Name(name) => name == "localhost",
            Host::V4(address) => address.is_loopback(),
            Host::V6(address) => address.is_loopback(),
        }
    }
}

impl FromStr for RelayHost {
    type Err = RelayAddressError;

    fn from_str(text: &str) -> Result<Self, RelayAddressError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(RelayAddressError::Bracket)?;
            return parse_v6(inner);
        }
        parse_name(text)
    }
}

impl FromStr for RelayAddress {
    type Err = RelayAddressError;

    fn from_str(text: &str) -> Result<Self, RelayAddressError> {
        let (host, port) = split_port(text)?;
        Ok(Self { host: host.parse()?, port: port.map_or(Ok(DEFAULT_PORT), parse_port)? })
    }
}

fn split_port(text: &str) -> Result<(&str, Option<&str>), RelayAddressError> {
    if text.starts_with('[') {
        let end = text.find(']').ok_or(RelayAddressError::Bracket)?;
        let (host, rest) = text.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(RelayAddressError::AfterBracket),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(RelayAddressError::NoBrackets),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

fn parse_port(text: &str) -> Result<u16, RelayAddressError> {
    let error = match text {
        "" => PortError::Missing,
        _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => PortError::NotANumber,
        "0" => PortError::Zero,
        _ if text.starts_with('0') => PortError::LeadingZero,
        _ => return text.parse().map_err(|_| PortError::TooLarge.into()),
    };
    Err(error.into())
}

fn parse_v6(inner: &str) -> Result<RelayHost, RelayAddressError> {
    let address = inner.parse().map_err(|_| RelayAddressError::Ipv6)?;
    Ok(RelayHost(Host::V6(address)))
}

fn parse_name(text: &str) -> Result<RelayHost, RelayAddressError> {
    if text.is_empty() {
        return Err(RelayAddressError::NoHost);
    }
    if text.len() > MAX_HOST_BYTES {
        return Err(RelayAddressError::TooLong);
    }
    if text.contains(['[', ']']) {
        return Err(RelayAddressError::Bracket);
    }
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if let Some(index) = text.chars().position(foreign) {
        return Err(RelayAddressError::Character(index + 1));
    }
    if text.ends_with('.') {
        return Err(RelayAddressError::TrailingDot);
    }
    text.split('.').try_for_each(check_label)?;
    let digits_last = text
        .rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if digits_last {
        let address = text.parse().map_err(|_| RelayAddressError::Ipv4)?;
        return Ok(RelayHost(Host::V4(address)));
    }
    Ok(RelayHost(Host::Name(text.to_ascii_lowercase())))
}

fn check_label(label: &str) -> Result<(), RelayAddressError> {
    if label.is_empty() {
        return Err(RelayAddressError::EmptyLabel);
    }
    if label.len() > MAX_HOST_LABEL_BYTES {
        return Err(RelayAddressError::LabelTooLong);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(RelayAddressError::Hyphen);
    }
    Ok(())
}

impl fmt::Display for RelayHost {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match &self.0 {
            Host::Name(name) => formatter.write_str(name),
            Host::V4(address) => address.fmt(formatter),
            Host::V6(address) => write!(formatter, "[{address}]"),
        }
    }
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if self.port == DEFAULT_PORT {
            self.host.fmt(formatter)
        } else {
            self.with_port().fmt(formatter)
        }
    }
}

macro_rules! text_on_the_wire {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = RelayAddressError;

            fn try_from(text: String) -> Result<Self, RelayAddressError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

text_on_the_wire!(RelayHost);
text_on_the_wire!(RelayAddress);
