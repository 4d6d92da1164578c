//! Every limit of links, reached. One test for each, under its name.

use std::time::Duration;

use msg_protocol::{
    error::Code,
    frame::ServerFrame,
    link::RequestError,
    request::{Credit, EndBatch, Ping},
    version::LinkKind,
};
use msg_tests::{
    relay::{Peer, PeerError, Raw, deposit, envelope},
    seed,
};
use tokio::time::timeout;

use crate::scene::{
    Fort, PATIENCE, builder, ended, eventually, last_word, request, signed_in, welcomed,
};

/// Whether a link from there is let in.
async fn lets_in(fort: &Fort, source: u8) -> bool {
    Peer::anonymous(&fort.from(source)).await.is_ok()
}

#[tokio::test]
async fn limit_links_is_for_all_together() {
    let fort = Fort::start(&["links=3"]);
    let mut there = Vec::new();
    for source in 1..=3 {
        there.push(Peer::anonymous(&fort.from(source)).await.unwrap());
    }
    assert!(!lets_in(&fort, 4).await);
    for link in &mut there {
        link.request(Ping {}).await.expect("those that are there stay");
    }
    there.pop();
    eventually(async || lets_in(&fort, 4).await).await;
}

#[tokio::test]
async fn limit_links_per_source_is_for_each_source() {
    let fort = Fort::start(&["links-per-source=2"]);
    let first = Peer::anonymous(&fort.from(1)).await.unwrap();
    let mut second = Peer::anonymous(&fort.from(1)).await.unwrap();
    assert!(!lets_in(&fort, 1).await);
    assert!(lets_in(&fort, 2).await);
    second.request(Ping {}).await.unwrap();
    drop(first);
    eventually(async || lets_in(&fort, 1).await).await;
}

#[tokio::test]
async fn limit_unready_links_bounds_those_who_say_nothing() {
    let fort = Fort::start(&["unready-links=2"]);
    let mut ready = Peer::anonymous(&fort.from(1)).await.unwrap();
    let first = fort.from(2).dial().await.unwrap();
    let _second = Raw::open(&fort.from(3)).await.unwrap();
    assert!(!lets_in(&fort, 4).await);
    ready.request(Ping {}).await.expect("a link that is ready does not count");
    drop(first);
    eventually(async || lets_in(&fort, 4).await).await;
}

#[tokio::test]
async fn limit_ready_s_cuts_who_is_not_ready_by_then() {
    let fort = Fort::start(&["ready-s=1"]);
    let mut ready = Peer::anonymous(&fort.from(1)).await.unwrap();
    let mut silent = fort.from(2).dial().await.unwrap();
    let mut handshaken = Raw::open(&fort.from(3)).await.unwrap();
    let mut undecided = Raw::open(&fort.from(4)).await.unwrap();
    undecided.send(&crate::scene::hello(LinkKind::SignedIn)).await.unwrap();
    // Well before the protocol's own bound, on a machine that is not stalled.
    ended(&mut silent).await;
    timeout(PATIENCE, handshaken.frames_until_end()).await.unwrap();
    timeout(PATIENCE, undecided.frames_until_end()).await.unwrap();
    ready.request(Ping {}).await.unwrap();
}

#[tokio::test]
async fn limit_idle_s_closes_a_silent_link_and_says_so() {
    let fort = Fort::start(&["idle-s=1"]);
    let mut silent = welcomed(&fort.from(1)).await;
    let frames = timeout(PATIENCE, silent.frames_until_end()).await.unwrap();
    let words: Vec<_> = frames.iter().map(last_word).collect();
    assert_eq!(words, [Some(Code::TIMEOUT)]);
}

#[tokio::test]
async fn limit_frame_bytes_ends_a_link_with_a_longer_frame() {
    let fort = Fort::start(&["frame-bytes=8KiB"]);
    let bob = fort.register(1).await;
    let mut link = welcomed(&fort.from(2)).await;
    let mut rng = seed::rng(1);
    let small = deposit(&bob.door, &envelope(bob.mailbox(), 4_096, &mut rng));
    let large = deposit(&bob.door, &envelope(bob.mailbox(), 8_192, &mut rng));
    link.send(&request(0, small)).await.unwrap();
    assert!(matches!(link.frame().await, Some(ServerFrame::Response(..))));
    link.send(&request(1, large)).await.unwrap();
    let words: Vec<_> = link.frames_until_end().await.iter().map(last_word).collect();
    assert_eq!(words, [Some(Code::PROTOCOL)]);
    let waiting = Peer::sign_in(&fort.from(3), &bob).await.unwrap().signed_in().envelopes;
    assert_eq!(waiting, 1);
}

/// Answers in the order in which they come, to `deposits` of that size and then
/// a question that is answered at once.
async fn answers(fort: &Fort, deposits: u32, size: usize) -> Vec<u32> {
    let bob = fort.register(1).await;
    let mut rng = seed::rng(1);
    let mut link = welcomed(&fort.from(2)).await;
    let letters = (0..deposits).map(|id| {
        let letter = envelope(bob.mailbox(), size, &mut rng);
        request(id, deposit(&bob.door, &letter))
    });
    let bytes: Vec<u8> = letters.chain([request(deposits, Ping {})]).flatten().collect();
    link.send(&bytes).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..=deposits {
        match link.frame().await {
            Some(ServerFrame::Response(id, _)) => ids.push(id.0),
            other => panic!("{other:?}"),
        }
    }
    ids
}

#[tokio::test]
async fn limit_requests_holds_back_what_comes_after() {
    let fort = Fort::start(&["requests=1"]);
    let mut polite = Peer::anonymous(&fort.from(3)).await.unwrap();
    assert_eq!(polite.welcome().terms.requests, 1, "the client is told");
    polite.send(Ping {}).unwrap();
    let over = polite.send(EndBatch {});
    assert!(matches!(over, Err(PeerError::Request(RequestError::Full))));
    let ids = answers(&fort, 20, 4_096).await;
    assert_eq!(ids, (0..=20).collect::<Vec<_>>(), "one after the other, however many come");
}

#[tokio::test]
async fn limit_request_bytes_holds_back_what_comes_after() {
    let fort = Fort::start(&["request-bytes=72KiB"]);
    let link = Peer::anonymous(&fort.from(3)).await.unwrap();
    assert_eq!(link.welcome().terms.request_bytes, 73_728, "the client is told");
    let ids = answers(&fort, 20, 65_536).await;
    let ping = ids.iter().position(|id| *id == 20).unwrap();
    assert!(ping >= 19, "no question passes two deposits that fill the room: {ids:?}");
}

#[tokio::test]
async fn limit_all_request_bytes_stops_reading_who_holds_much_until_others_hold_less() {
    let fort = Fort::start(&["all-request-bytes=1MiB", "request-bytes=72KiB", "idle-s=0"]);
    let bob = fort.register(1).await;
    let mut asker = welcomed(&fort.from(1)).await;
    let mut rng = seed::rng(1);
    let mut passes = async || {
        let letter = deposit(&bob.door, &envelope(bob.mailbox(), 65_536, &mut rng));
        let mut link = welcomed(&fort.from(3)).await;
        link.send(&request(0, letter)).await.unwrap();
        timeout(Duration::from_secs(1), link.frame()).await.is_ok()
    };
    let mut hogs = Vec::new();
    for _ in 0..20 {
        hogs.push(welcomed(&fort.from(2)).await);
    }
    for hog in &mut hogs {
        let begun = [&73_728_u32.to_be_bytes(), vec![1; 73_000].as_slice()].concat();
        // More than the mark is not read.
        let _ = timeout(Duration::from_millis(500), hog.send(&begun)).await;
    }
    // What the hogs have said has to be read before it counts.
    eventually(async || !passes().await).await;
    asker.send(&request(0, Ping {})).await.unwrap();
    let answer = timeout(PATIENCE, asker.frame()).await.expect("who asks little is heard");
    assert!(matches!(answer, Some(ServerFrame::Response(..))));
    drop(hogs);
    eventually(async || passes().await).await;
}

#[tokio::test]
async fn limit_drain_s_cuts_who_does_not_take_what_is_his() {
    let mut fort = Fort::start(&["drain-s=1"]);
    let bob = fort.register(1).await;
    let mut friend = Peer::anonymous(&fort.from(2)).await.unwrap();
    let mut rng = seed::rng(1);
    for _ in 0..200 {
        friend.deposit(bob.mailbox(), &bob.door, 65_536, &mut rng).await.unwrap();
    }
    let mut deaf = signed_in(&fort.from(3), &bob).await;
    deaf.send(&request(1, Credit { envelopes: 1_000, after: 0 })).await.unwrap();
    friend.request(Ping {}).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(fort.relay.stop().success());
    // A link that had ended by its own bound of a write would not have been cut.
    assert!(fort.relay.log().contains("had to be cut"), "{}", fort.relay.log());
}

#[tokio::test]
async fn limit_invites_counts_the_one_of_the_first_start_too() {
    let first_invitation = |limit: &str| {
        let relay = builder(&[limit]).arg("--registration").arg("invited").start();
        relay.link().invite.clone()
    };
    assert_eq!(first_invitation("invites=0"), None);
    assert!(first_invitation("invites=1").is_some());
}
