//! A connection that is cut after every byte: of the network's stream in both
//! directions, and of the frames inside it.

use msg_protocol::{
    envelope::Envelope,
    frame::{ClientFrame, RequestId},
    id::RecordId,
    request::{AcknowledgeUpTo, PutRecord, Request},
    version::{Hello, LinkKind},
};
use msg_tests::{
    relay::{Endpoint, Identity, Peer, PeerError, Raw, deposit, envelope},
    seed,
};

use crate::{
    proxy::{Proxy, Way},
    scene::{Scene, relay},
};

/// Every one of the first places, some of those after, and all of the last ones.
fn places(length: usize) -> impl Iterator<Item = usize> {
    const FIRST: usize = 200;
    const STRIDE: usize = 61;
    const LAST: usize = 8;
    let last = length.saturating_sub(LAST);
    (0..=length).filter(move |place| {
        *place < FIRST || *place >= last || (place - FIRST).is_multiple_of(STRIDE)
    })
}

/// One whole deposit on a connection of its own.
async fn deposit_at(
    endpoint: &Endpoint,
    to: &Identity,
    envelope: &Envelope,
) -> Result<(), PeerError> {
    let mut peer = Peer::anonymous(endpoint).await?;
    let request = peer.send(deposit(&to.door, envelope))?;
    peer.wait(request).await?.expect("a deposit that nothing is wrong with");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_whose_connection_is_cut_at_any_byte_is_sent_again_and_stored_once() {
    let mut rng = seed::rng(3);
    let scene = Scene::new(relay(), 1).await;
    let (endpoint, bob) = (scene.endpoint(), &scene.people[0]);
    let mailbox = bob.mailbox();
    let mut sender = Peer::anonymous(&endpoint).await.unwrap();
    let mut device = Peer::sign_in(&endpoint, bob).await.unwrap();

    let whole = Proxy::cutting(endpoint, Way::Up, usize::MAX).await;
    let first = envelope(mailbox, 4_096, &mut rng);
    scene.ledger.sends(&first);
    deposit_at(whole.endpoint(), bob, &first).await.unwrap();
    scene.ledger.answered(first.id);
    let (up, down) = whole.ended().await;
    assert!(up > 4_096 && down > 500, "{up} bytes up, {down} down");

    let mut cut_off = 0;
    for (way, length) in [(Way::Up, up), (Way::Down, down)] {
        for after in places(length) {
            let proxy = Proxy::cutting(endpoint, way, after).await;
            let envelope = envelope(mailbox, 4_096, &mut rng);
            scene.ledger.sends(&envelope);
            let cut = deposit_at(proxy.endpoint(), bob, &envelope).await.is_err();
            cut_off += usize::from(cut);
            proxy.ended().await;
            scene.ledger.sends(&envelope);
            sender.request(deposit(&bob.door, &envelope)).await.unwrap();
            scene.ledger.answered(envelope.id);
            let rows = device.collect_all().await;
            scene.ledger.sees_all(mailbox, &rows);
            let stored = rows.iter().filter(|row| row.envelope.id == envelope.id).count();
            assert_eq!(stored, 1, "cut after {after} bytes {way:?}");
            let last = rows.last().unwrap().sequence;
            device.acknowledge(last).await;
            scene.ledger.forgets(mailbox, rows.iter().map(|row| row.sequence));
        }
    }
    let sums = scene.balance().await;
    assert!(cut_off > 300, "only {cut_off} were cut off");
    eprintln!("{up} bytes up, {down} down, {cut_off} cut off; {sums:?}");
}

/// What a client says first on a link, up to the end of one request.
fn words(identity: Option<&Identity>, request: impl Into<Request>) -> Vec<u8> {
    let kind = if identity.is_some() { LinkKind::SignedIn } else { LinkKind::Anonymous };
    let sign_in = identity.map(|one| ClientFrame::Request(RequestId(0), one.sign_in(1).into()));
    let frames = [Some(ClientFrame::Hello(Hello::new(kind))), sign_in];
    let request = ClientFrame::Request(RequestId(1), request.into());
    let frames = frames.into_iter().flatten().chain([request]);
    frames.flat_map(|frame| frame.encode().unwrap()).collect()
}

/// Says so many first bytes, and hangs up.
async fn say(endpoint: &Endpoint, words: &[u8]) {
    let mut raw = Raw::open(endpoint).await.unwrap();
    raw.send(words).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_cut_at_any_byte_has_no_effect() {
    let mut rng = seed::rng(4);
    let scene = Scene::new(relay(), 1).await;
    let (endpoint, bob) = (scene.endpoint(), &scene.people[0]);
    // Each look is on a link of its own: one that is left alone for long may end.
    let device = async || Peer::sign_in(&endpoint, bob).await.unwrap();
    let cut = async |words: Vec<u8>| {
        for length in places(words.len() - 1) {
            say(&endpoint, &words[..length]).await;
        }
    };

    let never = envelope(bob.mailbox(), 4_096, &mut rng);
    cut(words(None, deposit(&bob.door, &never))).await;
    assert_eq!(device().await.collect_all().await, [], "a deposit");

    let value = vec![7; 64].as_slice().try_into().unwrap();
    let put = PutRecord { id: RecordId([1; 32]), expected: 0, value };
    cut(words(Some(bob), put.clone())).await;
    device().await.request(put).await.expect("a record that is there already would be a conflict");

    scene.send(bob, 4_096, 3, &mut rng).await;
    let last = device().await.collect_all().await.last().unwrap().sequence;
    let acknowledge = AcknowledgeUpTo { sequence: last };
    cut(words(Some(bob), acknowledge.clone())).await;
    assert_eq!(device().await.collect_all().await.len(), 3, "an acknowledgement");

    // The same bytes to the end do it.
    let mut raw = Raw::open(&endpoint).await.unwrap();
    raw.send(&words(Some(bob), acknowledge)).await.unwrap();
    for _ in ["welcome", "signed in", "done"] {
        raw.frame().await.unwrap();
    }
    assert_eq!(device().await.collect_all().await, []);
}
