//! What holds for all requests: versions, kinds of links, kinds from later, and
//! what a relay says of itself.

use msg_protocol::{
    error::Code,
    frame::{ClientFrame, RequestId, ServerFrame},
    id::BlobId,
    request::{
        AcknowledgeUpTo, AskWork, Collect, CountPrekeys, Credit, DeleteAccount, EndBatch,
        FetchBlob, ListRecords, Ping, Request, SignIn,
    },
    response::Response,
    secret::BlobCapability,
    version::{Hello, LinkKind, MAX_VERSION, Registration},
};
use msg_tests::relay::{Identity, Raw, deposit, envelope};

use crate::{
    blobs::piece,
    scene::{Frames, Scene},
};

async fn assert_refused(link: &mut Frames, requests: Vec<Request>, code: Code) {
    for request in requests {
        let told = format!("{request:?}");
        match link.ask(request).await {
            ServerFrame::Refusal(_, refusal) => assert_eq!(refusal.code, code, "{told}"),
            other => panic!("{told}: {other:?}"),
        }
    }
    let goes_on = link.ask(Ping {}).await;
    assert!(matches!(goes_on, ServerFrame::Response(_, Response::Done(_))), "{goes_on:?}");
}

#[tokio::test]
async fn nobody_asks_for_what_belongs_to_a_device() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.frames(LinkKind::Anonymous).await;
    let requests = vec![
        bob.sign_in(1).into(),
        Collect { after: 0, envelopes: 1, bytes: 1 }.into(),
        Credit { envelopes: 1, after: 0 }.into(),
        AcknowledgeUpTo { sequence: u64::MAX }.into(),
        CountPrekeys {}.into(),
        ListRecords { after: None }.into(),
        piece(BlobId([1; 32]), 1, 0, b"x").into(),
        DeleteAccount { credential: bob.account_credential.clone() }.into(),
    ];
    assert_refused(&mut link, requests, Code::WRONG_LINK).await;
    scene.sign_in(&bob).await;
}

#[tokio::test]
async fn who_is_signed_in_deposits_and_asks_nothing_of_others() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.signed_in_frames(&bob).await;
    let letter = envelope(eve.mailbox(), 4_096, &mut scene.rng);
    let requests = vec![
        bob.sign_in(1).into(),
        Identity::random(3).registration(None).into(),
        deposit(&eve.door, &letter).into(),
        EndBatch {}.into(),
        AskWork { target: eve.account() }.into(),
        FetchBlob { capability: BlobCapability::new([1; 32]), index: 0 }.into(),
    ];
    assert_refused(&mut link, requests, Code::WRONG_LINK).await;
    assert!(scene.sign_in(&eve).await.collect_all().await.is_empty());
    let nobody = scene.refused_sign_in(Identity::random(3).sign_in(1)).await;
    assert_eq!(nobody.code, Code::DENIED, "no account was made");
}

#[tokio::test]
async fn a_request_from_later_is_refused_and_the_link_goes_on() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    for mut link in [scene.frames(LinkKind::Anonymous).await, scene.signed_in_frames(&bob).await] {
        for (kind, body) in [(0, b"".as_slice()), (4, b"x"), (115, &[9; 4_000]), (u16::MAX, b"?")] {
            assert_eq!(link.ask_unknown(kind, body).await.code, Code::UNKNOWN_REQUEST);
        }
        assert_refused(&mut link, Vec::new(), Code::UNKNOWN_REQUEST).await;
    }
}

#[tokio::test]
async fn the_newest_version_of_both_is_spoken_and_without_one_there_is_a_farewell() {
    let scene = Scene::start();
    let answer = async |min, max| {
        let mut raw = Raw::open(&scene.endpoint()).await.unwrap();
        let hello = ClientFrame::Hello(Hello { min, max, kind: LinkKind::Anonymous });
        raw.send(&hello.encode().unwrap()).await.unwrap();
        (raw.frame().await, raw)
    };
    let (first, _raw) = answer(1, 300).await;
    let Some(ServerFrame::Welcome(welcome)) = first else { panic!("{first:?}") };
    assert_eq!(welcome.version, MAX_VERSION);
    for (min, max) in [(MAX_VERSION + 1, 300), (0, 0), (3, 2), (u16::MAX, u16::MAX)] {
        let (first, mut raw) = answer(min, max).await;
        let Some(ServerFrame::Farewell(farewell)) = first else { panic!("{first:?}") };
        assert_eq!(farewell.code, Code::NO_COMMON_VERSION);
        assert_eq!((farewell.min, farewell.max), (1, MAX_VERSION));
        assert_eq!(raw.frame().await, None, "and it hangs up");
    }
}

#[tokio::test]
async fn a_relay_says_what_it_grants() {
    let scene = Scene::with_limits(&["requests=9", "idle-s=77", "mailbox-envelopes=5"]);
    let link = scene.anonymous().await;
    let terms = &link.welcome().terms;
    assert_eq!((terms.requests, terms.idle_s, terms.mailbox_envelopes), (9, 77, 5));
    assert_eq!(terms.registration, Registration::Open, "as on any loopback address");
}

#[tokio::test]
async fn sign_in_may_leave_together_with_hello() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut raw = Raw::open(&scene.endpoint()).await.unwrap();
    let hello = ClientFrame::Hello(Hello::new(LinkKind::SignedIn)).encode().unwrap();
    let sign_in: SignIn = bob.sign_in(4);
    let sign_in = ClientFrame::Request(RequestId(0), sign_in.into()).encode().unwrap();
    let ping = ClientFrame::Request(RequestId(1), Ping {}.into()).encode().unwrap();
    raw.send(&[hello, sign_in, ping].concat()).await.unwrap();
    let frames = [raw.frame().await, raw.frame().await, raw.frame().await];
    let [Some(ServerFrame::Welcome(_)), Some(signed_in), Some(answer)] = frames else {
        panic!("{frames:?}")
    };
    assert!(matches!(signed_in, ServerFrame::Response(RequestId(0), Response::SignedIn(_))));
    assert!(matches!(answer, ServerFrame::Response(RequestId(1), Response::Done(_))));
}

#[tokio::test]
async fn each_run_of_a_relay_is_an_epoch() {
    let mut scene = Scene::start();
    let epoch = scene.anonymous().await.welcome().epoch;
    assert_eq!(scene.anonymous().await.welcome().epoch, epoch, "the same in one run");
    assert!(scene.relay.stop().success());
    scene.relay.restart();
    let next = scene.anonymous().await.welcome().epoch;
    assert_ne!(next, epoch);
    scene.relay.kill();
    scene.relay.restart();
    assert_ne!(scene.anonymous().await.welcome().epoch, next);
}

#[tokio::test]
async fn an_id_may_be_used_again_when_it_has_been_answered() {
    let scene = Scene::start();
    let mut raw = scene.frames(LinkKind::Anonymous).await.raw;
    let ping = ClientFrame::Request(RequestId(5), Ping {}.into()).encode().unwrap();
    for _ in 0..3 {
        raw.send(&ping).await.unwrap();
        let answer = raw.frame().await;
        assert!(matches!(answer, Some(ServerFrame::Response(RequestId(5), _))), "{answer:?}");
    }
}
