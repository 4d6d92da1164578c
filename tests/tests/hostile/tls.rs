//! What a handshake with the relay shows.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use data_encoding::BASE32_NOPAD;
use msg_tests::relay::{ALPN, Endpoint, trusting, trusting_by};
use rustls::{
    ClientConfig, HandshakeKind, NamedGroup, ProtocolVersion,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
    server::ParsedCertificate,
};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::scene::{Fort, hello};
use msg_protocol::version::LinkKind;

/// RFC 8446, section 6.
const ALERT: u8 = 21;
const PROTOCOL_VERSION: u8 = 70;

async fn handshake(to: &Endpoint, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::from(to.address.ip());
    let mut stream = TlsConnector::from(config).connect(name, to.dial().await?).await?;
    // The relay's refusal may come after this end is done with its handshake.
    stream.write_all(&hello(LinkKind::Anonymous)).await?;
    stream.read_u8().await?;
    Ok(stream)
}

#[tokio::test]
async fn a_handshake_is_tls_1_3_and_hybrid_and_shows_the_pinned_key() {
    let fort = Fort::start(&[]);
    let to = fort.from(1);
    let stream = handshake(&to, trusting(to.pin, &[ALPN])).await.unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(session.alpn_protocol(), Some(ALPN));
    let group = session.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519MLKEM768);

    let shown = &session.peer_certificates().unwrap()[0];
    let key = ParsedCertificate::try_from(shown).unwrap().subject_public_key_info();
    let digest = BASE32_NOPAD.encode(&Sha256::digest(&key)).to_lowercase();
    let link = fort.relay.link().to_secret_text();
    assert!(link.contains(&format!("pin={digest}")), "{link}");
}

#[tokio::test]
async fn a_client_without_the_hybrid_group_is_served_too() {
    let fort = Fort::start(&[]);
    let to = fort.from(1);
    let kx_groups = vec![aws_lc_rs::kx_group::X25519];
    let provider = CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() };
    let config = trusting_by(to.pin, &[ALPN], provider);
    let stream = handshake(&to, config).await.unwrap();
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519);
}

#[tokio::test]
async fn who_names_no_protocol_or_another_is_refused() {
    let fort = Fort::start(&[]);
    let to = fort.from(1);
    let offers: [&[&[u8]]; 4] = [&[], &[b"h2"], &[b"msg/2"], &[b"http/1.1", b"msg"]];
    for offer in offers {
        let refused = handshake(&to, trusting(to.pin, offer)).await.map(drop);
        assert!(refused.is_err(), "{offer:?}");
    }
    handshake(&to, trusting(to.pin, &[b"h2", ALPN])).await.expect("one of several is enough");
    fort.assert_unharmed();
}

#[tokio::test]
async fn tls_1_2_is_refused_by_its_name() {
    let fort = Fort::start(&[]);
    let mut stream = fort.from(1).dial().await.unwrap();
    stream.write_all(&tls_1_2_hello()).await.unwrap();
    let mut answer = Vec::new();
    // Reset instead of closed is as good an end, once the alert has come.
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer.len(), 7, "one alert: {answer:?}");
    assert_eq!((answer[0], answer[6]), (ALERT, PROTOCOL_VERSION));
}

/// A ClientHello that offers TLS 1.2 at most, with our protocol's name: RFC 5246,
/// section 7.4.1.2.
pub(crate) fn tls_1_2_hello() -> Vec<u8> {
    fn behind_length(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }
    let name = [&[u8::try_from(ALPN.len()).unwrap()], ALPN].concat();
    let extensions = [
        [vec![0, 16], behind_length(&behind_length(&name))].concat(),
        // Groups: x25519. Signatures: ed25519, ecdsa_secp256r1_sha256.
        vec![0, 10, 0, 4, 0, 2, 0, 29],
        vec![0, 13, 0, 6, 0, 4, 8, 7, 4, 3],
    ]
    .concat();
    let body = [
        vec![3, 3],
        vec![7; 32],
        vec![0],
        // ECDHE with AES-128-GCM, by ECDSA and by RSA.
        vec![0, 4, 0xc0, 0x2b, 0xc0, 0x2f],
        vec![1, 0],
        behind_length(&extensions),
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let handshake = [&[1], &length[1..], &body].concat();
    [vec![22, 3, 1], behind_length(&handshake)].concat()
}

/// Counts what a relay gives for a later resumption.
#[derive(Debug, Default)]
struct Tickets(AtomicUsize);

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

#[tokio::test]
async fn no_ticket_ties_one_link_to_the_next() {
    let fort = Fort::start(&[]);
    let to = fort.from(1);
    let tickets = Arc::new(Tickets::default());
    let mut config = ClientConfig::clone(&trusting(to.pin, &[ALPN]));
    config.resumption = Resumption::store(Arc::clone(&tickets) as _);
    let config = Arc::new(config);
    for _ in 0..2 {
        let stream = handshake(&to, Arc::clone(&config)).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
    }
    assert_eq!(tickets.0.load(Ordering::Relaxed), 0);
}
