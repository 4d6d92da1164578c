//! Where the relay listens, and what address its links show.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use msg_protocol::address::{RelayAddress, RelayHost};
use tokio::net::{TcpListener, TcpSocket};

use crate::config::Config;

/// Connections that wait to be taken; the system may allow fewer.
const BACKLOG: u32 = 4_096;
/// Ports below this one are the system's.
const FIRST_FREE_PORT: u16 = 1_024;

/// Why nobody can listen there.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ListenError {
    /// Where.
    pub address: SocketAddr,
    /// Why not.
    pub source: io::Error,
}

impl ListenError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self.source.kind() {
            io::ErrorKind::AddrInUse => {
                Some("another program listens there; choose another port with -p PORT".to_owned())
            }
            io::ErrorKind::AddrNotAvailable => Some(
                "this machine has no such address; -a 0.0.0.0 listens on all it has".to_owned(),
            ),
            io::ErrorKind::PermissionDenied if self.address.port() < FIRST_FREE_PORT => Some(
                "ports below 1024 need a privilege; choose another one with -p PORT".to_owned(),
            ),
            _ => None,
        }
    }
}

/// Listens. In a runtime only.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // So that a restart need not wait for the last run's connections.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|source| ListenError { address, source })
}

/// The address that links show: the operator's, or the one that is listened on.
/// Whoever listens on all addresses has none in particular: then the machine's
/// own name must do, and `false` says that it was taken.
pub fn public_address(config: &Config, bound: SocketAddr) -> (Option<RelayAddress>, bool) {
    if let Some(public) = &config.public {
        return (Some(public.clone()), true);
    }
    let known = !bound.ip().is_unspecified();
    let host = if known { host(bound.ip()) } else { machine() };
    (host.and_then(|host| RelayAddress::new(host, bound.port())), known)
}

fn host(address: IpAddr) -> Option<RelayHost> {
    let text = match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    text.parse().ok()
}

fn machine() -> Option<RelayHost> {
    rustix::system::uname().nodename().to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags};

    fn config(pairs: &[(&str, &str)]) -> Config {
        let environment: Environment =
            pairs.iter().copied().chain([("HOME", "/nonexistent")]).collect();
        Config::load(&Flags::default(), &environment).unwrap()
    }

    #[test]
    fn links_show_what_the_operator_says_or_what_is_listened_on() {
        let text = |config: &Config, bound: &str| {
            let (address, known) = public_address(config, bound.parse().unwrap());
            (address.unwrap().with_port().to_string(), known)
        };
        let plain = config(&[]);
        assert_eq!(text(&plain, "127.0.0.1:5"), ("127.0.0.1:5".into(), true));
        assert_eq!(text(&plain, "[::1]:5"), ("[::1]:5".into(), true));
        assert!(!public_address(&plain, "0.0.0.0:5".parse().unwrap()).1);
        let named = config(&[("MSG_RELAY_PUBLIC", "relay.example")]);
        assert_eq!(text(&named, "0.0.0.0:5"), ("relay.example:7777".into(), true));
    }

    #[tokio::test]
    async fn an_address_in_use_is_said_so() {
        let first = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = listen(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(error.hint().unwrap().contains("-p PORT"));
    }
}
