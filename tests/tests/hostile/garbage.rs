//! Bytes that are no protocol: each gets one coded refusal or a cut, and nobody
//! else notices.

use msg_protocol::{
    error::Code,
    frame::ServerFrame,
    limits::{MAX_FRAME_BYTES, MAX_UNREADY_FRAME_BYTES},
    request::Ping,
    version::LinkKind,
};
use msg_tests::{
    relay::{Raw, deposit, envelope},
    seed,
};
use rand_core::Rng as _;
use tokio::{io::AsyncWriteExt as _, time::timeout};

use crate::{
    scene::{Fort, PATIENCE, Probe, ended, hello, last_word, request, signed_in, welcomed},
    tls::tls_1_2_hello,
};

/// A frame with that body.
fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, body].concat()
}

fn of_length(length: u32) -> Vec<u8> {
    length.to_be_bytes().to_vec()
}

fn as_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap()
}

/// What breaks the protocol in any state, with what it is.
fn malformed(cap: usize) -> Vec<(&'static str, Vec<u8>)> {
    let ping = request(7, Ping {});
    let body = ping[4..].to_vec();
    let nonsense = vec![0x5a; cap];
    vec![
        ("an empty frame", of_length(0)),
        ("a frame of one byte", frame(&[9])),
        ("a frame over the bound", of_length(as_u32(cap) + 1)),
        ("a frame of 2 GiB", of_length(1 << 31)),
        ("a frame of 4 GiB", of_length(u32::MAX)),
        ("a whole frame of nonsense", frame(&nonsense)),
        ("an unknown type of frame", frame(&[2, 7, 3, 0])),
        ("a type with a needless byte", frame(&[0x81, 0, 7, 3, 0])),
        ("an id with a needless byte", frame(&[1, 0x87, 0, 3, 0])),
        ("an id of 33 bits", frame(&[1, 0xff, 0xff, 0xff, 0xff, 0x1f, 3, 0])),
        ("a kind of 17 bits", frame(&[1, 7, 0xff, 0xff, 0x07, 0])),
        ("a byte after the request", frame(&[body.as_slice(), &[0]].concat())),
        ("a byte within its body", frame(&[1, 7, 3, 1, 0])),
        ("a request cut short", frame(&body[..body.len() - 1])),
        ("a body longer than its frame", frame(&[1, 7, 3, 0xff, 0x7f])),
        ("HTTP", b"GET / HTTP/1.1\r\nhost: relay\r\n\r\n".to_vec()),
    ]
}

async fn assert_ends(mut raw: Raw, bytes: &[u8], code: Code, what: &str) {
    // The relay may be gone before it has read the last byte.
    let _ = raw.send(bytes).await;
    let frames = timeout(PATIENCE, raw.frames_until_end()).await.expect(what);
    let words: Vec<_> = frames.iter().map(last_word).collect();
    assert_eq!(words, [Some(code)], "{what}: {frames:?}");
}

#[tokio::test]
async fn what_is_no_tls_is_cut() {
    let fort = Fort::start(&[]);
    let mut probe = Probe::new(&fort).await;
    let mut random = vec![0; 20_000];
    seed::rng(1).fill_bytes(&mut random);
    let hello = tls_1_2_hello();
    let cases = [
        ("nothing", Vec::new()),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ("a frame of ours", crate::scene::hello(LinkKind::Anonymous)),
        ("random bytes", random),
        ("TLS 1.2", hello.clone()),
        ("half a ClientHello", hello[..hello.len() / 2].to_vec()),
        ("a record of no type", [&[0], &hello[1..]].concat()),
        ("a record over the bound", [&[22, 3, 1, 0xff, 0xff], vec![1; 70_000].as_slice()].concat()),
        ("an alert", vec![21, 3, 3, 0, 2, 2, 40]),
        ("data before the handshake", [&[23, 3, 3, 1, 0], vec![5; 256].as_slice()].concat()),
    ];
    for (what, bytes) in cases {
        let mut stream = fort.from(1).dial().await.unwrap();
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        timeout(PATIENCE, ended(&mut stream)).await.expect(what);
        probe.round_trip().await;
    }
    probe.check(&fort).await;
    fort.assert_unharmed();
}

#[tokio::test]
async fn what_is_no_hello_gets_a_farewell() {
    let fort = Fort::start(&[]);
    let mut probe = Probe::new(&fort).await;
    let mut cases = malformed(MAX_UNREADY_FRAME_BYTES);
    cases.extend([
        ("a request before hello", request(0, Ping {})),
        ("hello of no kind", frame(&[0, 1, 1, 2])),
        ("a version of 17 bits", frame(&[0, 1, 0xff, 0xff, 0x07, 0])),
        ("hello and a byte", frame(&[0, 1, 1, 0, 0])),
    ]);
    for (what, bytes) in cases {
        let raw = Raw::open(&fort.from(1)).await.unwrap();
        assert_ends(raw, &bytes, Code::PROTOCOL, what).await;
    }
    probe.check(&fort).await;
    fort.assert_unharmed();
}

#[tokio::test]
async fn what_breaks_a_link_closes_it_with_a_word() {
    let fort = Fort::start(&[]);
    let mut probe = Probe::new(&fort).await;
    let bob = fort.register(1).await;
    let letter = deposit(&bob.door, &envelope(bob.mailbox(), 4_096, &mut seed::rng(1)));
    let mut cases = malformed(MAX_FRAME_BYTES);
    cases.push(("a second hello", hello(LinkKind::Anonymous)));
    for (what, bytes) in &cases {
        assert_ends(welcomed(&fort.from(1)).await, bytes, Code::PROTOCOL, what).await;
        assert_ends(signed_in(&fort.from(1), &bob).await, bytes, Code::PROTOCOL, what).await;
    }
    let twice = [request(5, letter.clone()), request(5, letter)].concat();
    let mut link = welcomed(&fort.from(1)).await;
    link.send(&twice).await.unwrap();
    let frames = timeout(PATIENCE, link.frames_until_end()).await.expect("an end");
    let words: Vec<_> = frames.iter().filter_map(last_word).collect();
    assert_eq!(words, [Code::PROTOCOL], "an id twice in flight: {frames:?}");
    probe.check(&fort).await;
    fort.assert_unharmed();
}

#[tokio::test]
async fn between_hello_and_sign_in_nothing_else_has_a_place() {
    let fort = Fort::start(&[]);
    let bob = fort.register(1).await;
    let mut cases = malformed(MAX_UNREADY_FRAME_BYTES);
    cases.extend([
        ("a question", request(0, Ping {})),
        ("a second hello", hello(LinkKind::SignedIn)),
    ]);
    for (what, bytes) in cases {
        let mut raw = Raw::open(&fort.from(1)).await.unwrap();
        raw.send(&hello(LinkKind::SignedIn)).await.unwrap();
        assert!(matches!(raw.frame().await, Some(ServerFrame::Welcome(_))));
        assert_ends(raw, &bytes, Code::PROTOCOL, what).await;
    }
    signed_in(&fort.from(1), &bob).await;
    fort.assert_unharmed();
}

#[tokio::test]
async fn a_stream_that_ends_within_a_frame_has_done_nothing() {
    let fort = Fort::start(&[]);
    let bob = fort.register(1).await;
    let letter = deposit(&bob.door, &envelope(bob.mailbox(), 4_096, &mut seed::rng(1)));
    let bytes = request(0, letter);
    for end in [1, 3, 4, 5, 20, 4_000, bytes.len() - 1] {
        let mut link = welcomed(&fort.from(1)).await;
        link.send(&bytes[..end]).await.unwrap();
        let mut stream = link.into_stream();
        stream.shutdown().await.unwrap();
        let (tcp, _) = stream.get_mut();
        ended(tcp).await;
    }
    let mut probe = Probe::new(&fort).await;
    let waiting = msg_tests::relay::Peer::sign_in(&fort.from(2), &bob).await.unwrap();
    assert_eq!(waiting.signed_in().envelopes, 0);
    probe.check(&fort).await;
    fort.assert_unharmed();
}

#[tokio::test]
async fn random_bytes_on_a_link_end_it() {
    let fort = Fort::start(&[]);
    let mut rng = seed::rng(2);
    let bob = fort.register(1).await;
    for round in 0..60_u8 {
        let mut bytes = vec![0; 600];
        rng.fill_bytes(&mut bytes);
        if round % 2 == 0 {
            // A length that fits, so that what follows is looked at.
            bytes[..4].copy_from_slice(&590_u32.to_be_bytes());
            bytes[4] = 1;
        }
        let mut raw = match round % 3 {
            0 => Raw::open(&fort.from(1)).await.unwrap(),
            1 => welcomed(&fort.from(1)).await,
            _ => signed_in(&fort.from(1), &bob).await,
        };
        let _ = raw.send(&bytes).await;
        let mut stream = raw.into_stream();
        let _ = stream.shutdown().await;
        ended(stream.get_mut().0).await;
    }
    Probe::new(&fort).await.check(&fort).await;
    fort.assert_unharmed();
}
