//! A proxy that does as it is told, and one that does not.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    task::JoinHandle,
};

use super::*;

/// What a proxy was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    login: Option<(String, String)>,
    target: String,
}

/// How a proxy answers.
#[derive(Clone, Copy)]
struct Manner {
    method: u8,
    login: u8,
    reply: u8,
    bound: &'static [u8],
}

const WILLING: Manner =
    Manner { method: 2, login: 0, reply: 0, bound: b"\x01\x7f\x00\x00\x01\0\0" };

async fn read_part(stream: &mut TcpStream) -> Vec<u8> {
    let mut part = vec![0; usize::from(stream.read_u8().await.unwrap())];
    stream.read_exact(&mut part).await.unwrap();
    part
}

async fn read_text(stream: &mut TcpStream) -> String {
    String::from_utf8(read_part(stream).await).unwrap()
}

/// The proxy's side of one connection; a willing one connects to that port.
async fn attend(stream: &mut TcpStream, manner: Manner, port: u16) -> Asked {
    assert_eq!(stream.read_u8().await.unwrap(), 5);
    let offered = read_part(stream).await;
    let method = if offered.contains(&manner.method) { manner.method } else { 0xff };
    stream.write_all(&[5, method]).await.unwrap();
    let mut login = None;
    if method == 2 {
        assert_eq!(stream.read_u8().await.unwrap(), 1);
        login = Some((read_text(stream).await, read_text(stream).await));
        stream.write_all(&[1, manner.login]).await.unwrap();
    }
    let mut target = String::new();
    let mut head = [0; 4];
    if stream.read_exact(&mut head).await.is_ok() {
        assert_eq!(head[..3], [5, 1, 0]);
        let host = match head[3] {
            1 => Ipv4Addr::from(stream.read_u32().await.unwrap()).to_string(),
            3 => read_text(stream).await,
            4 => std::net::Ipv6Addr::from(stream.read_u128().await.unwrap()).to_string(),
            other => panic!("address of kind {other}"),
        };
        let asked = stream.read_u16().await.unwrap();
        target =
            format!("{host} {}", if asked == port { "port".into() } else { asked.to_string() });
        let reply = [&[5, manner.reply, 0], manner.bound].concat();
        stream.write_all(&reply).await.unwrap();
    }
    Asked { login, target }
}

/// A proxy for one connection, and what it was asked for.
async fn proxy(manner: Manner, port: u16) -> (u16, JoinHandle<Asked>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy_port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = attend(&mut stream, manner, port).await;
        if manner.reply == 0 && !asked.target.is_empty() {
            let mut relay = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut stream, &mut relay).await });
        }
        asked
    });
    (proxy_port, task)
}

/// Dials a relay by that name through a proxy.
async fn through(
    manner: Manner,
    scheme: &str,
    login: &str,
    host: &str,
    isolation: &str,
) -> (Result<(), DialError>, Asked) {
    let shown = Shown::by_itself();
    let server = Server::new(&shown).await;
    let (port, asked) = proxy(manner, server.port()).await;
    let proxy = format!("{scheme}://{login}127.0.0.1:{port}").parse().unwrap();
    let dialer = dialer(Some(proxy), Roots::Given(Vec::new()));
    let address = server.address(host);
    let accepting = tokio::spawn(async move { server.accept().await });
    let dialled = dialer.secured(&address, Some(shown.pin), isolation).await;
    let result = (dialled.map(|_| ()), asked.await.unwrap());
    accepting.abort();
    result
}

fn asked(login: Option<(&str, &str)>, target: &str) -> Asked {
    let login = login.map(|(user, password)| (user.into(), password.into()));
    Asked { login, target: target.into() }
}

#[tokio::test]
async fn the_proxy_finds_the_host_and_sees_the_isolation() {
    for isolation in ["bob", "carol"] {
        let (dialled, seen) = through(WILLING, "socks5h", "", "relay.onion", isolation).await;
        dialled.unwrap();
        assert_eq!(seen, asked(Some((isolation, isolation)), "relay.onion port"));
    }
}

#[tokio::test]
async fn a_proxy_without_logins_needs_none() {
    for isolation in ["", "bob"] {
        let manner = Manner { method: 0, ..WILLING };
        let (dialled, seen) = through(manner, "socks5h", "", "relay.example", isolation).await;
        dialled.unwrap();
        assert_eq!(seen, asked(None, "relay.example port"));
    }
}

#[tokio::test]
async fn a_login_of_the_address_comes_before_the_isolation() {
    let (dialled, seen) = through(WILLING, "socks5h", "ann:p%40ss@", "relay.example", "bob").await;
    dialled.unwrap();
    assert_eq!(seen, asked(Some(("ann", "p@ss")), "relay.example port"));
    let manner = Manner { method: 0, ..WILLING };
    let (dialled, seen) = through(manner, "socks5h", "ann:pw@", "relay.example", "").await;
    assert_eq!(dialled, Err(DialError::Proxy(SocksFault::NoMethod)), "never without the login");
    assert_eq!(seen, asked(None, ""));
}

#[tokio::test]
async fn an_address_is_asked_for_as_one() {
    for (scheme, host, target) in [
        ("socks5h", "10.1.2.3", "10.1.2.3 port"),
        ("socks5h", "[2001:db8::7]", "2001:db8::7 port"),
        ("socks5", "10.1.2.3", "10.1.2.3 port"),
    ] {
        let (dialled, seen) = through(WILLING, scheme, "", host, "x").await;
        dialled.unwrap();
        assert_eq!(seen.target, target);
    }
    let (dialled, seen) = through(WILLING, "socks5", "", "localhost", "x").await;
    dialled.unwrap();
    assert!(["127.0.0.1 port", "::1 port"].contains(&seen.target.as_str()), "{seen:?}");
}

#[tokio::test]
async fn where_the_proxy_connects_from_is_read_whatever_it_is() {
    for bound in [&b"\x03\x05proxy\0\0"[..], b"\x03\x00\0\0", b"\x040123456789abcdef\0\0"] {
        let manner = Manner { bound, ..WILLING };
        through(manner, "socks5h", "", "relay.example", "x").await.0.unwrap();
    }
    let manner = Manner { bound: b"\x02", ..WILLING };
    let (dialled, _) = through(manner, "socks5h", "", "relay.example", "x").await;
    assert_eq!(dialled, Err(DialError::Proxy(SocksFault::NotSocks)));
}

#[tokio::test]
async fn each_refusal_has_its_name() {
    for (reply, fault) in [
        (1, SocksFault::General),
        (2, SocksFault::NotAllowed),
        (3, SocksFault::NetworkUnreachable),
        (4, SocksFault::HostUnreachable),
        (5, SocksFault::Refused),
        (6, SocksFault::Expired),
        (7, SocksFault::NoConnect),
        (8, SocksFault::AddressKind),
        (9, SocksFault::Other(9)),
        (0xf0, SocksFault::Other(0xf0)),
    ] {
        let manner = Manner { reply, ..WILLING };
        let (dialled, _) = through(manner, "socks5h", "", "relay.example", "x").await;
        assert_eq!(dialled, Err(DialError::Proxy(fault)));
    }
    let manner = Manner { login: 1, ..WILLING };
    let (dialled, _) = through(manner, "socks5h", "ann:pw@", "relay.example", "").await;
    assert_eq!(dialled, Err(DialError::Proxy(SocksFault::Login)));
    let long = "x".repeat(256);
    let proxy: Proxy = "socks5h://127.0.0.1:1".parse().unwrap();
    let dialled = dialer(Some(proxy), Roots::System)
        .secured(&"relay.example".parse().unwrap(), Some(Pin::new([0; 32])), &long)
        .await;
    assert_eq!(dialled.map(|_| ()), Err(DialError::Proxy(SocksFault::Isolation)));
}

/// What is dialled through is a server that says just that, then ends or stays.
async fn through_garbage(said: &'static [u8], stays: bool) -> DialError {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(said).await.unwrap();
        if !stays {
            stream.shutdown().await.unwrap();
        }
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let proxy = Some(format!("socks5h://127.0.0.1:{port}").parse().unwrap());
    let proxy_timeout = Duration::from_millis(if stays { 50 } else { 60_000 });
    let dialer = Dialer::new(DialSettings { proxy, proxy_timeout, ..DialSettings::default() });
    let address = "relay.example".parse().unwrap();
    let dialled = dialer.secured(&address, Some(Pin::new([0; 32])), "x").await;
    task.await.unwrap();
    dialled.map(|_| ()).expect_err("no proxy")
}

#[tokio::test]
async fn a_proxy_that_speaks_otherwise_is_none() {
    for (said, fault) in [
        (&b""[..], SocksFault::Ended),
        (b"\x05", SocksFault::Ended),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", SocksFault::NotSocks),
        (b"\x04\x00", SocksFault::NotSocks),
        (b"\x05\x01", SocksFault::NotSocks),
        (b"\x05\xff", SocksFault::NoMethod),
        (b"\x05\x02\x05\x00", SocksFault::NotSocks),
        (b"\x05\x00\x04\x00\x00\x01", SocksFault::NotSocks),
        (b"\x05\x00\x05\x00\x00\x03\xff", SocksFault::Ended),
    ] {
        assert_eq!(through_garbage(said, false).await, DialError::Proxy(fault), "{said:?}");
    }
    for said in [&b""[..], b"\x05\x00", b"\x05\x00\x05\x00\x00\x03\xffabc"] {
        assert_eq!(through_garbage(said, true).await, DialError::Proxy(SocksFault::Timeout));
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_apart_from_a_relay_that_is_not() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let proxy = format!("socks5h://127.0.0.1:{port}").parse().unwrap();
    let dialled = dialer(Some(proxy), Roots::System)
        .secured(&"relay.example".parse().unwrap(), Some(Pin::new([0; 32])), "")
        .await;
    let refused = std::io::ErrorKind::ConnectionRefused;
    assert_eq!(dialled.map(|_| ()), Err(DialError::ProxyConnect(refused)));
}
