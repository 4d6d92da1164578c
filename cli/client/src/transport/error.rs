//! Why a relay was not reached, or not trusted, by who is at fault. Nothing that
//! a relay or a proxy sent is part of a text.

use std::io;

use msg_protocol::address::{Pin, RelayAddress};

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name leads nowhere, or there is no network to ask.
    #[error("host is not found")]
    Resolve,
    /// The name is of the Tor network, which only a proxy can find.
    #[error("an .onion host is reached through a socks5h proxy only")]
    Onion,
    /// Nothing answers there.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// Neither yes nor no came in time.
    #[error("cannot connect: timed out")]
    ConnectTimeout,
    /// The proxy's name leads nowhere.
    #[error("proxy is not found")]
    ProxyResolve,
    /// The proxy does not answer.
    #[error("cannot connect to the proxy: {0}")]
    ProxyConnect(io::ErrorKind),
    /// The proxy did not take the connection in time.
    #[error("cannot connect to the proxy: timed out")]
    ProxyConnectTimeout,
    /// The proxy does not make the connection.
    #[error("proxy: {0}")]
    Proxy(#[from] SocksFault),
    /// The handshake was not done in time.
    #[error("relay does not answer the TLS handshake")]
    TlsTimeout,
    /// The handshake failed.
    #[error("TLS handshake failed: {0}")]
    Tls(#[from] TlsFault),
    /// There is no pin, and no authority vouches for the relay.
    #[error("relay is not known: {why}; its pin is {pin}")]
    Unknown {
        /// The pin of the key that it showed.
        pin: Pin,
        /// What speaks against its certificate.
        why: Distrust,
    },
    /// The relay showed another key than the pinned one.
    #[error("relay shows another key than the pinned one: expected {expected}, got {presented}")]
    PinMismatch {
        /// The pin that was given.
        expected: Pin,
        /// The pin of the key that it showed.
        presented: Pin,
    },
}

impl DialError {
    /// What it says, with the relay that it is about.
    pub(crate) fn at(&self, relay: &RelayAddress) -> String {
        match self {
            Self::Connect(kind) => format!("cannot connect to {relay}: {kind}"),
            Self::ConnectTimeout => format!("cannot connect to {relay}: timed out"),
            _ => {
                let said = self.to_string();
                match said.strip_prefix("relay ") {
                    Some(rest) => format!("relay {relay} {rest}"),
                    None => format!("relay {relay}: {said}"),
                }
            }
        }
    }

    /// Whether something answered that must not be trusted, as against nothing
    /// that could be. What speaks no TLS 1.3 is such a thing.
    pub const fn is_distrust(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. }
                | Self::PinMismatch { .. }
                | Self::Tls(TlsFault::Version | TlsFault::Invalid)
        )
    }
}

/// What speaks against a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// No known authority has signed it.
    #[error("no known authority vouches for it")]
    Issuer,
    /// This system has no certificate authorities.
    #[error("this system has no certificate authorities")]
    NoAuthorities,
    /// It is out of date, or this machine's clock is wrong.
    #[error("its certificate has expired")]
    Expired,
    /// It is not valid yet, or this machine's clock is wrong.
    #[error("its certificate is not valid yet")]
    NotYet,
    /// It is for another host.
    #[error("its certificate is for another host")]
    Host,
    /// It has been revoked.
    #[error("its certificate is revoked")]
    Revoked,
    /// Anything else.
    #[error("its certificate is not valid")]
    Invalid,
}

/// Why a TLS handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// It speaks TLS 1.2 at most.
    #[error("it does not speak TLS 1.3")]
    Version,
    /// It speaks TLS, but not this protocol.
    #[error("it does not speak msg")]
    Protocol,
    /// It has broken off with an alert.
    #[error("it broke off with alert {0}")]
    Alert(u8),
    /// The connection ended.
    #[error("the connection ended")]
    Ended,
    /// What it sent is not TLS.
    #[error("what it sent is not TLS")]
    NotTls,
    /// It does not hold the key that it showed, or broke the rules of TLS.
    #[error("what it sent is not valid")]
    Invalid,
    /// The network failed.
    #[error("{0}")]
    Network(io::ErrorKind),
    /// TLS could not be set up on this machine.
    #[error("this machine cannot do TLS 1.3")]
    Local,
}

/// Why a proxy did not make a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocksFault {
    /// It did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The network failed.
    #[error("{0}")]
    Network(io::ErrorKind),
    /// It ended the connection.
    #[error("it ended the connection")]
    Ended,
    /// What it sent is not SOCKS 5.
    #[error("it does not speak SOCKS 5")]
    NotSocks,
    /// It takes none of the ways to log in.
    #[error("it wants another way to log in")]
    NoMethod,
    /// User name or password are wrong.
    #[error("it refused user name and password")]
    Login,
    /// What streams are told apart by does not fit.
    #[error("name for stream isolation is too long")]
    Isolation,
    /// Reply 1.
    #[error("it failed")]
    General,
    /// Reply 2.
    #[error("its rules do not allow the connection")]
    NotAllowed,
    /// Reply 3.
    #[error("network of the relay is unreachable")]
    NetworkUnreachable,
    /// Reply 4.
    #[error("host of the relay is unreachable")]
    HostUnreachable,
    /// Reply 5.
    #[error("relay refused the connection")]
    Refused,
    /// Reply 6.
    #[error("relay is too far away, or did not answer in time")]
    Expired,
    /// Reply 7.
    #[error("it makes no connections for others")]
    NoConnect,
    /// Reply 8.
    #[error("it does not take that kind of address")]
    AddressKind,
    /// A reply that RFC 1928 does not know.
    #[error("it refused with code {0}")]
    Other(u8),
}
