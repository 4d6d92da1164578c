//! The address of a SOCKS 5 proxy: `socks5h://[user:password@]host:port`. With
//! `socks5h` the proxy finds the relay's host, with `socks5` this machine does.

use core::{fmt, str::FromStr};

use msg_protocol::address::{RelayAddress, RelayAddressError};
use zeroize::Zeroizing;

/// Bytes of a user name and of a password (RFC 1929).
const MAX_LOGIN_BYTES: usize = 255;

/// A SOCKS 5 proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) address: RelayAddress,
    pub(super) finds_hosts: bool,
    pub(super) login: Option<Login>,
}

/// What a proxy is shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: Zeroizing<Vec<u8>>,
    pub(super) password: Zeroizing<Vec<u8>>,
}

/// Why a text is not the address of a proxy. The writer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Neither `socks5h://` nor `socks5://`.
    #[error("proxy begins with neither socks5h:// nor socks5://")]
    Scheme,
    /// A port is always named.
    #[error("proxy has no port")]
    NoPort,
    /// Something behind the port.
    #[error("nothing may follow the proxy's port")]
    AfterPort,
    /// A user name without a password.
    #[error("proxy has a user name without a password")]
    NoPassword,
    /// User name or password are empty, or too long.
    #[error("proxy's user name and password have 1 to {MAX_LOGIN_BYTES} bytes each")]
    LoginLength,
    /// `%` without two hexadecimal digits.
    #[error("proxy's user name or password has a % without two hexadecimal digits")]
    Percent,
    /// The host or the port.
    #[error("proxy's {0}")]
    Address(#[from] RelayAddressError),
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.split_once("://").ok_or(ProxyError::Scheme)?;
        let finds_hosts = match scheme {
            "socks5h" => true,
            "socks5" => false,
            _ => return Err(ProxyError::Scheme),
        };
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(login.parse()?), address),
            None => (None, rest),
        };
        if address.contains(['/', '?', '#']) {
            return Err(ProxyError::AfterPort);
        }
        let names_port = match address.rsplit_once(']') {
            Some((_, port)) => port.starts_with(':'),
            None => address.contains(':'),
        };
        let parsed = address.parse()?;
        if names_port {
            Ok(Self { address: parsed, finds_hosts, login })
        } else {
            Err(ProxyError::NoPort)
        }
    }
}

impl FromStr for Login {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let (user, password) = text.split_once(':').ok_or(ProxyError::NoPassword)?;
        let login = Self { user: decode(user)?, password: decode(password)? };
        let fits = |part: &[u8]| (1..=MAX_LOGIN_BYTES).contains(&part.len());
        if fits(&login.user) && fits(&login.password) {
            Ok(login)
        } else {
            Err(ProxyError::LoginLength)
        }
    }
}

/// Undoes percent-encoding (RFC 3986, §2.1).
fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, ProxyError> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let high = digit(bytes.next()).ok_or(ProxyError::Percent)?;
        let low = digit(bytes.next()).ok_or(ProxyError::Percent)?;
        decoded.push(u8::try_from(high * 16 + low).map_err(|_| ProxyError::Percent)?);
    }
    Ok(decoded)
}

impl fmt::Display for Proxy {
    /// Without user name and password.
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let scheme = if self.finds_hosts { "socks5h" } else { "socks5" };
        write!(formatter, "{scheme}://{}", self.address.with_port())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use msg_protocol::address::PortError;

    use super::*;

    fn parse(text: &str) -> Result<Proxy, ProxyError> {
        text.parse()
    }

    #[test]
    fn a_proxy_is_read_with_its_login() {
        let proxy = parse("socks5h://ann:p%40ss%3a:x@127.0.0.1:9050").unwrap();
        assert!(proxy.finds_hosts);
        let login = proxy.login.as_ref().unwrap();
        assert_eq!(
            (login.user.as_slice(), login.password.as_slice()),
            (&b"ann"[..], &b"p@ss::x"[..])
        );
        assert!(!parse("socks5://[::1]:1080").unwrap().finds_hosts);
        assert!(parse("socks5://[::1]:1080").unwrap().login.is_none());
    }

    #[test]
    fn a_password_is_shown_to_nobody() {
        let proxy = parse("socks5h://ann:hunter2@proxy.example:1080").unwrap();
        assert_eq!(proxy.to_string(), "socks5h://proxy.example:1080");
        assert_eq!(format!("{proxy:?}"), "Proxy(socks5h://proxy.example:1080)");
    }

    #[test]
    fn each_mistake_has_its_name() {
        for (text, error) in [
            ("127.0.0.1:9050", ProxyError::Scheme),
            ("http://127.0.0.1:9050", ProxyError::Scheme),
            ("SOCKS5H://127.0.0.1:9050", ProxyError::Scheme),
            ("socks4a://127.0.0.1:9050", ProxyError::Scheme),
            ("socks5h://127.0.0.1", ProxyError::NoPort),
            ("socks5h://[::1]", ProxyError::NoPort),
            ("socks5h://127.0.0.1:9050/", ProxyError::AfterPort),
            ("socks5h://127.0.0.1:9050?x", ProxyError::AfterPort),
            ("socks5h://ann@127.0.0.1:9050", ProxyError::NoPassword),
            ("socks5h://ann:@127.0.0.1:9050", ProxyError::LoginLength),
            ("socks5h://:pw@127.0.0.1:9050", ProxyError::LoginLength),
            ("socks5h://ann:%4@127.0.0.1:9050", ProxyError::Percent),
            ("socks5h://ann:%g0@127.0.0.1:9050", ProxyError::Percent),
            ("socks5h://", ProxyError::Address(RelayAddressError::NoHost)),
            ("socks5h://:9050", ProxyError::Address(RelayAddressError::NoHost)),
            ("socks5h://::1:9050", ProxyError::Address(RelayAddressError::NoBrackets)),
            ("socks5h://h:0", ProxyError::Address(RelayAddressError::Port(PortError::Zero))),
            ("socks5h://h:", ProxyError::Address(RelayAddressError::Port(PortError::Missing))),
            ("socks5h://h h:1", ProxyError::Address(RelayAddressError::Character(2))),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        let long = format!("socks5h://{}:x@h:1", "a".repeat(256));
        assert_eq!(parse(&long), Err(ProxyError::LoginLength));
    }
}
