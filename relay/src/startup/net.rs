//! Where the relay listens, and what address its links show.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd,
    time::Duration,
};

use msg_protocol::address::{RelayAddress, RelayHost};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket};

use crate::config::Config;

/// Questions that stay unanswered before a connection is given up, and the longest
/// time between two of them.
const PROBES: (u32, Duration) = (4, Duration::from_secs(15));
/// Ports below this one are the system's.
const FIRST_FREE_PORT: u16 = 1_024;

/// Why nobody can listen there.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub(crate) struct ListenError {
    /// Where.
    pub address: SocketAddr,
    /// Why not.
    pub source: io::Error,
}

impl ListenError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
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

/// Listens, with so many connections that may wait to be taken. In a runtime only.
pub(crate) fn listen(address: SocketAddr, backlog: u64) -> Result<TcpListener, ListenError> {
    let backlog = u32::try_from(backlog).unwrap_or(u32::MAX);
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // So that a restart need not wait for the last run's connections.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(backlog)
    };
    open().map_err(|source| ListenError { address, source })
}

/// Lets the system find out about ends that are gone without a word, after so many
/// seconds of silence; 0 for never.
pub(crate) fn keep_alive(stream: &impl AsFd, seconds: u64) -> io::Result<()> {
    let socket = SockRef::from(stream);
    if seconds == 0 {
        return socket.set_keepalive(false);
    }
    let silence = Duration::from_secs(seconds);
    let asks = TcpKeepalive::new().with_time(silence);
    socket.set_tcp_keepalive(&asks.with_interval(silence.min(PROBES.1)).with_retries(PROBES.0))
}

/// The address that links show: the operator's, or the one that is listened on.
/// Whoever listens on all addresses has none in particular: then the machine's
/// own name must do, and `false` says that it was taken.
pub(crate) fn public_address(config: &Config, bound: SocketAddr) -> (Option<RelayAddress>, bool) {
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
        let first = listen("127.0.0.1:0".parse().unwrap(), 8).unwrap();
        let error = listen(first.local_addr().unwrap(), 8).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(error.hint().unwrap().contains("-p PORT"));
    }

    #[tokio::test]
    async fn limit_backlog_is_how_many_wait_to_be_taken() {
        const TIME: Duration = Duration::from_millis(300);
        let listener = listen("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = listener.local_addr().unwrap();
        // Nobody takes them. The system lets one more wait than it was told.
        let come = |_| std::net::TcpStream::connect_timeout(&address, TIME).ok();
        let waiting: Vec<_> = (0..6).filter_map(come).collect();
        assert!((1..=3).contains(&waiting.len()), "{}", waiting.len());
    }

    #[tokio::test]
    async fn limit_keep_alive_s_reaches_the_system() {
        let listener = listen("127.0.0.1:0".parse().unwrap(), 8).unwrap();
        let address = listener.local_addr().unwrap();
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        keep_alive(&stream, 7).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(7));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(7));
        keep_alive(&stream, 0).unwrap();
        assert!(!socket.keepalive().unwrap());
    }
}
