//! The peer against the other half of the protocol's state machine, over real TLS
//! and without a relay's store: what it is asked it answers, and that is all.

use std::sync::Arc;

use msg_protocol::{
    address::Pin,
    error::Code,
    id::RelayEpoch,
    link::{Offer, ServerEvent, ServerLink},
    push::{Closing, PrekeysLow},
    request::{CountPrekeys, Ping, PublishPrekeys, SetDoor},
    response::{Done, PrekeysLeft},
    secret::Door,
    time::UnixSeconds,
    version::Terms,
};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer, version::TLS13};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A listener for one link, and the task that serves it.
async fn host() -> Endpoint {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        if let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(tcp).await {
            serve(stream).await;
        }
    });
    Endpoint { address, pin: Pin::of(&key.subject_public_key_info()), from: None }
}

async fn serve(mut stream: tokio_rustls::server::TlsStream<TcpStream>) {
    let terms = Terms { idle_s: 0, ..Terms::default() };
    let offer = Offer { epoch: RelayEpoch([1; 16]), time: UnixSeconds(1), terms };
    let mut link = ServerLink::new(offer, Moment(0));
    let mut buffer = vec![0; READ_BYTES];
    loop {
        while let Some(frame) = link.poll_output(Moment(0)) {
            stream.write_all(&frame).await.unwrap();
        }
        stream.flush().await.unwrap();
        if link.closure().is_some() {
            return;
        }
        let Ok(read) = stream.read(&mut buffer).await else { return };
        let mut input = &buffer[..read];
        if read == 0 {
            return;
        }
        while let Some(event) = link.handle_bytes(&mut input, Moment(0)) {
            handle(&mut link, event);
        }
    }
}

/// Signs everybody in; pushes as often as there is credit; refuses to change doors.
fn handle(link: &mut ServerLink, event: ServerEvent) {
    let now = Moment(0);
    match event {
        ServerEvent::SignIn(sign_in) => {
            let signed_in = SignedIn { counter: sign_in.counter, envelopes: 3, one_time: 4 };
            link.accept_sign_in(signed_in, now).unwrap();
        }
        ServerEvent::Request(id, Request::SetDoor(_)) => {
            link.answer(id, Err(Refusal::for_good(Code::DENIED)), now).unwrap();
        }
        ServerEvent::Request(id, Request::CountPrekeys(_)) => {
            link.drain(Refusal::for_good(Code::UNAVAILABLE), now);
            link.answer(id, Ok(PrekeysLeft { one_time: 7 }.into()), now).unwrap();
        }
        ServerEvent::Request(id, request) => {
            link.answer(id, Ok(Done {}.into()), now).unwrap();
            if let Request::Credit(credit) = request {
                for one_time in 0..credit.envelopes {
                    link.push(PrekeysLow { one_time }.into(), now).unwrap();
                }
            }
        }
        ServerEvent::Closed(_) => {}
    }
}

#[tokio::test]
async fn answers_find_their_requests_in_any_order_of_waiting() {
    let mut peer = Peer::sign_in(&host().await, &Identity::random(1)).await.unwrap();
    assert_eq!(peer.signed_in().envelopes, 3);
    let door = SetDoor { door: Door::new([1; 32]), grace_s: 0 };
    let (first, second) = (peer.send(Ping {}).unwrap(), peer.send(door).unwrap());
    let refused = peer.wait(second).await.unwrap();
    assert_eq!(refused, Err(Refusal::for_good(Code::DENIED)));
    assert_eq!(peer.wait(first).await.unwrap(), Ok(Done {}.into()));
}

#[tokio::test]
async fn much_more_than_the_sockets_hold_is_written_while_answers_are_read() {
    let mut identity = Identity::random(1);
    let mut peer = Peer::sign_in(&host().await, &identity).await.unwrap();
    let upload = identity.one_time(1..45);
    let request = || PublishPrekeys { replace: true, ..upload.clone() };
    let ids: Vec<_> = (0..100).map(|_| peer.send(request()).unwrap()).collect();
    for id in ids {
        assert_eq!(peer.wait(id).await.unwrap(), Ok(Done {}.into()));
    }
}

#[tokio::test]
async fn pushes_wait_in_their_order() {
    let mut peer = Peer::sign_in(&host().await, &Identity::random(1)).await.unwrap();
    peer.credit(3, 0).await;
    for one_time in 0..3 {
        assert_eq!(peer.push().await.unwrap(), PrekeysLow { one_time }.into());
    }
    assert!(peer.pushes().is_empty());
}

#[tokio::test]
async fn a_key_that_is_not_pinned_gets_no_word() {
    let endpoint = Endpoint { pin: Pin::new([0; 32]), ..host().await };
    let result = Peer::anonymous(&endpoint).await;
    assert!(matches!(result, Err(PeerError::Io(_))));
}

#[tokio::test]
async fn a_link_that_the_relay_closes_says_so() {
    let mut peer = Peer::sign_in(&host().await, &Identity::random(1)).await.unwrap();
    let left = peer.request(CountPrekeys {}).await;
    assert_eq!(left, Ok(PrekeysLeft { one_time: 7 }.into()));
    let reason = Refusal::for_good(Code::UNAVAILABLE);
    let closed = peer.closed().await;
    assert!(matches!(closed, PeerError::Closed(Closure::Closing(told)) if told == reason));
    assert_eq!(peer.pushes(), [Closing { reason }.into()]);
}
