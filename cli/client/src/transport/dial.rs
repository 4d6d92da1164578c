//! TCP to a relay or to a proxy: every address that the name has is tried, a
//! short while after the one before or as soon as that has failed, and the first
//! to answer is taken (RFC 8305, §5).

use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};

use msg_protocol::address::RelayAddress;
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    DialError, DialSettings, SocksFault,
    proxy::Proxy,
    socks::{self, Target},
};

/// How long an address has for itself.
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 16;

/// Addresses that a proxy is asked for in turn.
const MAX_PROXIED_ADDRESSES: usize = 4;

/// A connection to the relay, with nothing said on it.
pub(super) async fn connect(
    settings: &DialSettings,
    relay: &RelayAddress,
    isolation: &str,
) -> Result<TcpStream, DialError> {
    let finds_hosts = settings.proxy.as_ref().is_some_and(|proxy| proxy.finds_hosts);
    if !finds_hosts && is_onion(relay) {
        return Err(DialError::Onion);
    }
    match &settings.proxy {
        None => timeout(settings.connect_timeout, direct(relay))
            .await
            .map_err(|_| DialError::ConnectTimeout)?
            .map_err(|error| match error {
                NoConnection::Resolve => DialError::Resolve,
                NoConnection::Connect(kind) => DialError::Connect(kind),
            }),
        Some(proxy) => through(proxy, settings, relay, isolation).await,
    }
}

/// Asking a resolver would tell it where one is about to go (RFC 7686).
fn is_onion(relay: &RelayAddress) -> bool {
    let host = relay.host.to_dial_text();
    host.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("onion"))
}

enum NoConnection {
    Resolve,
    Connect(io::ErrorKind),
}

async fn direct(address: &RelayAddress) -> Result<TcpStream, NoConnection> {
    let addresses = resolve(address).await.ok_or(NoConnection::Resolve)?;
    let stream = race(addresses).await.map_err(NoConnection::Connect)?;
    // Frames are whole messages: waiting to fill a packet would only cost time.
    stream.set_nodelay(true).map_err(|error| NoConnection::Connect(error.kind()))?;
    Ok(stream)
}

/// The addresses of a name, those of both families in turn; `None` without any.
async fn resolve(address: &RelayAddress) -> Option<VecDeque<SocketAddr>> {
    let host = address.host.to_dial_text();
    let found = lookup_host((host, address.port())).await.ok()?;
    let addresses = in_turn(found.take(MAX_ADDRESSES).collect());
    (!addresses.is_empty()).then_some(addresses)
}

/// Begins with the resolver's favourite, then takes a family after the other.
fn in_turn(found: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut these, mut others): (VecDeque<_>, VecDeque<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut addresses = VecDeque::new();
    while !these.is_empty() || !others.is_empty() {
        addresses.extend(these.pop_front());
        addresses.extend(others.pop_front());
    }
    addresses
}

async fn race(mut addresses: VecDeque<SocketAddr>) -> Result<TcpStream, io::ErrorKind> {
    let mut attempts = JoinSet::new();
    let mut last = io::ErrorKind::NotConnected;
    loop {
        if let Some(address) = addresses.pop_front() {
            attempts.spawn(TcpStream::connect(address));
        }
        tokio::select! {
            ended = attempts.join_next() => match ended {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => last = error.kind(),
                None if addresses.is_empty() => return Err(last),
                Some(Err(_)) | None => {}
            },
            () = sleep(STAGGER), if !addresses.is_empty() => {}
        }
    }
}

async fn through(
    proxy: &Proxy,
    settings: &DialSettings,
    relay: &RelayAddress,
    isolation: &str,
) -> Result<TcpStream, DialError> {
    let login = socks::Offer::new(proxy, isolation)?;
    let targets = if proxy.finds_hosts {
        vec![Target::of(relay)]
    } else {
        let found = timeout(settings.connect_timeout, resolve(relay))
            .await
            .map_err(|_| DialError::ConnectTimeout)?
            .ok_or(DialError::Resolve)?;
        found.into_iter().take(MAX_PROXIED_ADDRESSES).map(Target::Address).collect()
    };
    let mut last = DialError::Resolve;
    for target in targets {
        let mut stream = to_proxy(proxy, settings).await?;
        let asked = timeout(settings.proxy_timeout, socks::connect(&mut stream, &target, &login));
        match asked.await.unwrap_or(Err(SocksFault::Timeout)) {
            Ok(()) => return Ok(stream),
            Err(fault) => last = fault.into(),
        }
    }
    Err(last)
}

async fn to_proxy(proxy: &Proxy, settings: &DialSettings) -> Result<TcpStream, DialError> {
    timeout(settings.connect_timeout, direct(&proxy.address))
        .await
        .map_err(|_| DialError::ProxyConnectTimeout)?
        .map_err(|error| match error {
            NoConnection::Resolve => DialError::ProxyResolve,
            NoConnection::Connect(kind) => DialError::ProxyConnect(kind),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_are_tried_in_turn() {
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"];
        let found = found.map(|text| text.parse().unwrap());
        let turns: Vec<_> = in_turn(found.to_vec()).iter().map(ToString::to_string).collect();
        assert_eq!(turns, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
    }

    #[tokio::test]
    async fn a_dead_address_does_not_hide_a_living_one() {
        let living = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let living = living.local_addr().map(|address| (living, address)).unwrap();
        let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let stream = race(VecDeque::from([dead, dead, living.1])).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), living.1);
        let error = race(VecDeque::from([dead, dead])).await.unwrap_err();
        assert_eq!(error, io::ErrorKind::ConnectionRefused);
    }
}
