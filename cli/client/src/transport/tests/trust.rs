//! Whom a dialer trusts, and what it says of the others.

use rustls::{NamedGroup, ProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

fn error(dialled: Result<TlsStream<TcpStream>, DialError>) -> DialError {
    dialled.map(|_| ()).expect_err("nobody to be trusted")
}

/// What is dialled is a server that says just these bytes.
async fn said(bytes: &'static [u8]) -> DialError {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = RelayAddress::new("127.0.0.1".parse().unwrap(), port).unwrap();
    let says = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 16 * 1024];
        assert!(tcp.read(&mut hello).await.unwrap() > 0);
        tcp.write_all(bytes).await.unwrap();
        // Reading to the end keeps the kernel from cutting off what was said.
        tcp.shutdown().await.unwrap();
        while tcp.read(&mut hello).await.is_ok_and(|read| read > 0) {}
    };
    let dialer = dialer(None, Roots::Given(Vec::new()));
    let (dialled, ()) = tokio::join!(dialer.secured(&address, Some(Pin::new([0; 32])), ""), says);
    error(dialled)
}

#[tokio::test]
async fn a_pin_is_all_that_a_relay_needs() {
    let shown = Shown::by_itself();
    let server = Server::new(&shown).await;
    let stream = server.meet(&Dialer::default(), "127.0.0.1", Some(shown.pin)).await.unwrap();
    let (tcp, tls) = stream.get_ref();
    assert!(tcp.nodelay().unwrap());
    assert_eq!(tls.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = tls.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_though_an_authority_vouches_for_it() {
    let authority = Authority::new();
    let shown = authority.vouch("localhost", ALWAYS);
    let server = Server::new(&shown).await;
    let expected = Pin::new([7; 32]);
    let dialled = server.meet(&authority.dialer(), "localhost", Some(expected)).await;
    assert_eq!(error(dialled), DialError::PinMismatch { expected, presented: shown.pin });
}

#[tokio::test]
async fn who_shows_the_pinned_certificate_must_hold_its_key() {
    let shown = Shown::by_itself();
    let thief = Shown { key: KeyPair::generate().unwrap().serialize_der(), ..shown };
    let server = Server::new(&thief).await;
    let dialled = server.meet(&Dialer::default(), "127.0.0.1", Some(thief.pin)).await;
    let error = error(dialled);
    assert_eq!(error, DialError::Tls(TlsFault::Invalid));
    assert!(error.is_distrust());
}

#[tokio::test]
async fn an_authority_vouches_for_a_name_or_an_address() {
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        let server = Server::new(&authority.vouch(host, ALWAYS)).await;
        server.meet(&authority.dialer(), host, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_relay_that_nobody_vouches_for_is_shown_by_its_pin() {
    let authority = Authority::new();
    let cases = [
        (Authority::new().vouch("localhost", ALWAYS), Distrust::Issuer),
        (Authority::named("another").vouch("localhost", ALWAYS), Distrust::Issuer),
        (authority.vouch("localhost", (2020, 2021)), Distrust::Expired),
        (authority.vouch("localhost", (4095, 4096)), Distrust::NotYet),
        (authority.vouch("elsewhere.example", ALWAYS), Distrust::Host),
        (authority.vouch("*.localhost", ALWAYS), Distrust::Host),
    ];
    for (shown, why) in cases {
        let server = Server::new(&shown).await;
        let error = error(server.meet(&authority.dialer(), "localhost", None).await);
        assert_eq!(error, DialError::Unknown { pin: shown.pin, why });
        assert!(error.is_distrust());
    }
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_trusted_by_pin_only() {
    let shown = Shown::by_itself();
    let server = Server::new(&shown).await;
    for roots in [Roots::System, Roots::Given(vec![Authority::new().certificate])] {
        let error = error(server.meet(&dialer(None, roots), "localhost", None).await);
        assert!(matches!(error, DialError::Unknown { pin, .. } if pin == shown.pin), "{error}");
    }
    let nobody = dialer(None, Roots::Given(Vec::new()));
    let error = error(server.meet(&nobody, "localhost", None).await);
    assert_eq!(error, DialError::Unknown { pin: shown.pin, why: Distrust::NoAuthorities });
}

#[tokio::test]
async fn a_server_of_something_else_is_no_relay() {
    let shown = Shown::by_itself();
    for protocols in [&[][..], &[&b"http/1.1"[..]], &[&b"msg/2"[..]]] {
        let server = Server::with(shown.config(protocols)).await;
        let dialled = server.meet(&Dialer::default(), "127.0.0.1", Some(shown.pin)).await;
        assert_eq!(error(dialled), DialError::Tls(TlsFault::Protocol));
    }
}

#[tokio::test]
async fn no_older_tls_is_spoken() {
    let alert = said(b"\x15\x03\x03\x00\x02\x02\x46").await;
    assert_eq!(alert, DialError::Tls(TlsFault::Version));
    // A server's hello of TLS 1.2 with the suite ECDHE-RSA-AES128-GCM-SHA256.
    let hello = said(
        b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03\
          0123456789abcdef0123456789abcdef\x00\xc0\x2f\x00",
    )
    .await;
    assert_eq!(hello, DialError::Tls(TlsFault::Version));
    assert!(hello.is_distrust());
}

#[tokio::test]
async fn what_is_not_tls_is_told_apart_from_what_ends() {
    let http = said(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b[2J").await;
    assert_eq!(http, DialError::Tls(TlsFault::NotTls));
    assert_eq!(said(b"").await, DialError::Tls(TlsFault::Ended));
    assert_eq!(said(b"\x16\x03\x03").await, DialError::Tls(TlsFault::Ended));
    assert_eq!(said(b"\x15\x03\x03\x00\x02\x02\x50").await, DialError::Tls(TlsFault::Alert(80)));
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_differ() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let address = RelayAddress::new("127.0.0.1".parse().unwrap(), port).unwrap();
    let settings =
        DialSettings { tls_timeout: Duration::from_millis(50), ..DialSettings::default() };
    let dialer = Dialer::new(settings);
    let pin = Some(Pin::new([0; 32]));
    assert_eq!(error(dialer.secured(&address, pin, "").await), DialError::TlsTimeout);
    drop(silent);
    let refused = error(dialer.secured(&address, pin, "").await);
    assert_eq!(refused, DialError::Connect(std::io::ErrorKind::ConnectionRefused));
    assert!(!refused.is_distrust());
}

#[tokio::test]
async fn no_resolver_is_asked_for_an_onion() {
    for host in ["x.onion", "X.ONION"] {
        let address = RelayAddress::new(host.parse().unwrap(), 1).unwrap();
        let dialled = Dialer::default().secured(&address, Some(Pin::new([0; 32])), "").await;
        assert_eq!(error(dialled), DialError::Onion);
    }
}
