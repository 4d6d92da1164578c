//! A link from its opening to its end.

use std::{collections::BTreeSet, sync::Mutex};

use msg_protocol::{frame::ClientFrame, link::Closure};
use tokio::time::Instant;

use super::{far::chunk_of, *};

#[tokio::test]
async fn a_link_over_tls_signs_in_asks_and_says_farewell() {
    let shown = Shown::by_itself();
    let server = Server::new(&shown).await;
    let address = server.address("127.0.0.1");
    let relay = tokio::spawn(async move {
        let stream = server.accept().await.unwrap();
        serve(stream, Terms::default(), |id, request| vec![(id, Ok(far::answer(&request)))]).await
    });
    let dialer = Dialer::default();
    let (link, counted) =
        Link::sign_in(&dialer, &address, Some(shown.pin), "", sign_in()).await.unwrap();
    assert_eq!(counted, signed_in());
    assert_eq!(link.welcome().terms, Terms::default());
    assert_eq!(link.ask(CountPrekeys {}).await.unwrap().one_time, 42);
    assert_eq!(link.ask(Ping {}).await, Ok(Done {}));
    link.close().await;
    assert_eq!(relay.await.unwrap(), Closure::Ended, "with TLS's own farewell");
}

#[tokio::test]
async fn another_relay_than_the_pinned_one_learns_nothing() {
    let server = Server::new(&Shown::by_itself()).await;
    let address = server.address("127.0.0.1");
    let pin = Pin::new([7; 32]);
    let dialer = Dialer::default();
    let (link, accepted) =
        tokio::join!(Link::sign_in(&dialer, &address, Some(pin), "", sign_in()), async {
            let mut stream = server.accept().await?;
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.map(|_| bytes)
        });
    assert_eq!(link.map(|_| ()).unwrap_err().fault(), Fault::Untrusted);
    assert!(accepted.is_err(), "{accepted:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_find_their_askers_in_any_order() {
    let link = anonymous(|stream| async {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        let mut kept = Vec::new();
        for _ in 0..100 {
            kept.push(far.request().await);
        }
        for (id, request) in kept.into_iter().rev() {
            far.say(&ServerFrame::Response(id, far::answer(&request))).await;
        }
        far.outlast().await;
    })
    .await;
    let answers = link.ask_all((0..100).map(chunk)).await;
    let lengths: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().length).collect();
    assert_eq!(lengths, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn no_more_is_in_flight_than_the_relay_grants() {
    let most = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&most);
    let link = anonymous(|stream| async move {
        let terms = Terms { requests: 4, ..Terms::default() };
        let mut far = Far::opened(stream, false, terms).await;
        for round in 0..10 {
            // Whoever sends a fifth does so before the first is answered.
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(far.request().await);
            }
            let fifth = timeout(Duration::from_secs(5), far.frame()).await;
            assert!(fifth.is_err(), "in round {round}: {fifth:?}");
            *seen.lock().unwrap() = held.len();
            for (id, request) in held {
                far.say(&ServerFrame::Response(id, far::answer(&request))).await;
            }
        }
        far.outlast().await;
    })
    .await;
    let answers = link.ask_all((0..40).map(chunk)).await;
    let lengths: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().length).collect();
    assert_eq!(lengths, (0..40).collect::<Vec<_>>());
    assert_eq!(*most.lock().unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_asker_that_goes_takes_nobody_along() {
    let link = anonymous(|stream| async {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(far.request().await.0);
        }
        for (index, id) in (0..).zip(held) {
            far.say(&ServerFrame::Response(id, chunk_of(index))).await;
        }
        far.outlast().await;
    })
    .await;
    let impatient = timeout(Duration::from_secs(1), link.ask(chunk(0))).await;
    assert!(impatient.is_err());
    drop(link.send(chunk(1)).await.unwrap());
    assert_eq!(link.ask(chunk(2)).await.unwrap().length, 2);
}

#[tokio::test(start_paused = true)]
async fn many_wait_at_once_on_one_link() {
    let link = Arc::new(anonymous(serve_all).await);
    let askers = (0..50).map(|index| {
        let link = Arc::clone(&link);
        tokio::spawn(async move { link.ask(chunk(index)).await.unwrap().length })
    });
    for (index, asker) in (0..).zip(askers.collect::<Vec<_>>()) {
        assert_eq!(asker.await.unwrap(), index);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_link_leaves_nothing_running() {
    let (ended, end) = oneshot::channel();
    let link = anonymous(|stream| async {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        far.request().await;
        far.outlast().await;
        ended.send(()).unwrap();
    })
    .await;
    let pending = link.send(chunk(0)).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    drop(link);
    assert_eq!(pending.await, Err(LinkError::Here));
    end.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_is_dropped_leaves_nothing_running() {
    let (here, there) = duplex(PIPE_BYTES);
    let opening = Link::open(here, ClientLink::anonymous(Moment(0)));
    assert!(timeout(Duration::from_secs(1), opening).await.is_err());
    let mut far = Far::new(there);
    assert!(far.frame().await.is_some(), "the hello");
    assert_eq!(far.frame().await, None);
}

#[tokio::test(start_paused = true)]
async fn closing_writes_what_was_sent() {
    let (told, heard) = oneshot::channel();
    let link = anonymous(|stream| async {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        sleep(Duration::from_secs(1)).await;
        let mut indices = Vec::new();
        while let Some(frame) = far.frame().await {
            let ClientFrame::Request(_, Request::FetchBlob(fetch)) = frame else {
                panic!("{frame:?}");
            };
            indices.push(fetch.index);
        }
        told.send(indices).unwrap();
    })
    .await;
    for index in 0..600 {
        drop(link.send(chunk(index)).await.unwrap());
    }
    link.close().await;
    assert_eq!(heard.await.unwrap(), (0..600).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_relay_that_does_not_read() {
    let link = anonymous(|stream| async {
        let far = Far::opened(stream, false, Terms::default()).await;
        sleep(Duration::from_hours(24)).await;
        drop(far);
    })
    .await;
    for number in 0..10 {
        drop(link.send(deposit(number)).await.unwrap());
    }
    let began = Instant::now();
    link.close().await;
    assert!(began.elapsed() <= 2 * LEAVING_TIMEOUT, "of the paused clock");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_link_stays_alive() {
    for idle_s in [2, 120, 4_000] {
        let link = own(move |stream| async move {
            let terms = Terms { idle_s, ..Terms::default() };
            serve(stream, terms, |id, request| vec![(id, Ok(far::answer(&request)))]).await;
        })
        .await;
        let quiet = timeout(Duration::from_hours(3), link.next_push()).await;
        assert!(quiet.is_err(), "{quiet:?}");
        assert_eq!(link.ask(CountPrekeys {}).await.unwrap().one_time, 42);
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_vanishes_is_missed_though_it_asks_for_no_sign_of_life() {
    let link = own(|stream| async {
        let terms = Terms { idle_s: 0, ..Terms::default() };
        let mut far = Far::opened(stream, true, terms).await;
        assert!(matches!(far.request().await, (_, Request::Ping(_))));
        far.outlast().await;
    })
    .await;
    let lost = Err(LinkError::Lost(Closure::Slow(Slow::Answer)));
    assert_eq!(link.next_push().await, lost);
    assert_eq!(link.ask(Ping {}).await.map(|_| ()), lost.map(|_: Push| ()));
}

#[tokio::test(start_paused = true)]
async fn pushes_come_by_leave_and_before_the_end() {
    let link = own(|stream| async {
        let mut far = Far::opened(stream, true, Terms::default()).await;
        let (id, _) = far.request().await;
        far.say(&ServerFrame::Response(id, Done {}.into())).await;
        for sequence in 1..=3 {
            far.say(&ServerFrame::Push(arrived(sequence))).await;
        }
        let reason = Refusal::for_now(Code::UNAVAILABLE, 7);
        far.say(&ServerFrame::Push(Closing { reason }.into())).await;
    })
    .await;
    link.ask(Credit { envelopes: 3, after: 0 }).await.unwrap();
    let reason = link.closed().await;
    for sequence in 1..=3 {
        assert_eq!(link.next_push().await, Ok(arrived(sequence)));
    }
    assert_eq!(link.next_push().await, Err(reason.clone()));
    assert_eq!(reason, LinkError::Closing(Refusal::for_now(Code::UNAVAILABLE, 7)));
    assert_eq!(reason.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!((reason.fault(), reason.is_passing()), (Fault::Refused, true));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_closes_answers_what_it_has_taken() {
    let reason = Refusal::for_now(Code::UNAVAILABLE, 1);
    let link = anonymous(move |stream| async move {
        let mut far = Far::opened(stream, false, Terms::default()).await;
        let (first, _) = far.request().await;
        far.say(&ServerFrame::Push(Closing { reason }.into())).await;
        sleep(Duration::from_secs(1)).await;
        far.say(&ServerFrame::Response(first, chunk_of(0))).await;
        // It says that it closes, and never does.
        far.outlast().await;
    })
    .await;
    let first = link.send(chunk(0)).await.unwrap();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(link.ask(chunk(1)).await.map(|_| ()), Err(LinkError::Closing(reason)));
    assert_eq!(first.await.unwrap().length, 0);
    assert_eq!(link.closed().await, LinkError::Closing(reason));
    assert_eq!(link.closure(), Some(LinkError::Closing(reason)));
}

#[tokio::test(start_paused = true)]
async fn a_request_on_the_wrong_kind_of_link_never_leaves() {
    let link = own(serve_all).await;
    let wrong = Err(LinkError::Request(RequestError::WrongLink));
    assert_eq!(link.ask(deposit(1)).await.map(|_| ()), wrong);
    let link = anonymous(serve_all).await;
    assert_eq!(link.ask(CountPrekeys {}).await.map(|_| ()), wrong);
    let collect = Collect { after: 0, envelopes: 1, bytes: 1 };
    assert_eq!(link.ask(collect).await.map(|_| ()), wrong);
    assert_eq!(link.ask(AskBlob { blob: BlobId([9; 32]) }).await.map(|_| ()), wrong);
    assert_eq!(link.ask(Ping {}).await, Ok(Done {}));
}

#[test]
fn every_request_of_an_open_link_can_be_asked() {
    let asks: BTreeSet<_> = ask::ASKS.iter().copied().collect();
    let kinds = Request::KINDS.iter().map(|(_, name)| *name);
    let kinds: BTreeSet<_> = kinds.filter(|name| *name != "SignIn").collect();
    assert_eq!(asks, kinds);
}
