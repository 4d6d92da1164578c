//! Garbage without end leaves nothing behind.

use std::net::Ipv4Addr;

use msg_protocol::{
    error::Code,
    frame::{RequestId, ServerFrame},
    request::Collect,
    version::LinkKind,
};
use msg_tests::{
    relay::{Endpoint, Raw},
    soak::{self, Found, Row},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
};

use crate::scene::{Fort, Probe, hello, last_word, request, welcomed};

/// Attackers at a time.
const HANDS: u64 = 16;
/// KiB by which the relay may have grown: what an allocator keeps, and no more.
const GROWTH_KIB: u64 = 32 * 1_024;

/// So many that a source's ports do not run out.
fn source(fort: &Fort, number: u64) -> Endpoint {
    let [.., third, fourth] = number.to_be_bytes();
    let third = 100 + third % 100;
    fort.relay.endpoint().dialled_from(Ipv4Addr::new(127, 0, third, fourth.max(1)))
}

/// Does something so many times, some at a time.
async fn many<F>(times: u64, mut one: impl FnMut(u64) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut hands = JoinSet::new();
    for number in 0..times {
        if number >= HANDS {
            hands.join_next().await.unwrap().unwrap();
        }
        hands.spawn(one(number));
    }
    while let Some(done) = hands.join_next().await {
        done.unwrap();
    }
}

/// A connection whose first bytes are no handshake.
async fn garbage(from: Endpoint, number: u64) {
    let mut stream = from.dial().await.unwrap();
    let bytes = [number.to_be_bytes().as_slice(), b"GET / HTTP/1.1\r\n\r\n"].concat();
    let _ = stream.write_all(&bytes).await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// A link that is ended for a frame that is none.
async fn bad_frame(from: Endpoint, number: u64) {
    let mut raw = Raw::open(&from).await.unwrap();
    let bytes = match number % 4 {
        0 => u32::MAX.to_be_bytes().to_vec(),
        1 => vec![0; 4],
        2 => [hello(LinkKind::Anonymous), hello(LinkKind::Anonymous)].concat(),
        _ => [hello(LinkKind::Anonymous), vec![0, 0, 0, 2, 9, 9]].concat(),
    };
    let _ = raw.send(&bytes).await;
    let frames = raw.frames_until_end().await;
    assert_eq!(frames.last().and_then(last_word), Some(Code::PROTOCOL));
}

/// A link on which much is asked that has no place there.
async fn refused_requests(from: Endpoint, count: u32) {
    let mut link = welcomed(&from).await;
    let ask = |id| request(id, Collect { after: 0, envelopes: 1, bytes: 1 });
    for batch in 0..count / 100 {
        let bytes: Vec<u8> = (0..100).flat_map(|id| ask(batch * 100 + id)).collect();
        link.send(&bytes).await.unwrap();
        for id in 0..100 {
            match link.frame().await {
                Some(ServerFrame::Refusal(RequestId(refused), refusal)) => {
                    assert_eq!((refused, refusal.code), (batch * 100 + id, Code::WRONG_LINK));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn rounds(fort: &Fort, times: u64) {
    let here = |number| source(fort, number);
    many(times, |number| garbage(here(number), number)).await;
    many(times / 20, |number| bad_frame(here(number), number)).await;
    many(times / 1_000, |number| refused_requests(here(number), 1_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_bad_frames_and_connections_leave_no_trace_in_memory() {
    let limits = ["openings-burst=10000000", "sources=65536"];
    let fort = Fort::start(&limits);
    let mut probe = Probe::new(&fort).await;
    rounds(&fort, 2_000).await;
    let before = fort.resident_kib();
    let mut row = Row::begin("garbage", soak::base(0));
    row.run(soak::base(0));
    let times = soak::times(49_000);
    rounds(&fort, times).await;
    probe.check(&fort).await;
    let after = fort.resident_kib();
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} KiB after");
    fort.assert_unharmed();
    row.holds(&Found {
        panics: Some(fort.relay.panics()),
        note: format!(
            "{before} KiB before, {after} KiB after {times} connections and as many frames"
        ),
        ..Found::default()
    });
}
