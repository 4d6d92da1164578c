//! Who asks for too much is told to wait, and nobody else waits with him.

use msg_protocol::{
    bounded::List,
    error::{Code, Refusal},
    frame::ServerFrame,
    request::{Access, FetchCards, FetchPrekeys, SignIn},
    response::{Bundles, Response},
};
use msg_tests::{
    relay::{Endpoint, Identity, Peer, deposit, envelope},
    seed,
};

use crate::scene::{Fort, hello, request};
use msg_protocol::version::LinkKind;

fn assert_told_when(refusal: Refusal) {
    assert_eq!(refusal.code, Code::RATE_LIMITED);
    assert!(refusal.keep && refusal.retry_after_s.is_some_and(|wait| wait > 0), "{refusal:?}");
}

#[tokio::test]
async fn a_flood_of_registrations_makes_three_accounts_and_shuts_out_no_other_source() {
    let fort = Fort::start(&[]);
    let mut flood = Peer::anonymous(&fort.from(1)).await.unwrap();
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for seed in 0..20 {
        let identity = Identity::random(1_000 + seed);
        match flood.request(identity.registration(None)).await {
            Ok(_) => made.push(identity),
            Err(refusal) => {
                assert_told_when(refusal);
                refused.push(identity);
            }
        }
    }
    assert_eq!((made.len(), refused.len()), (3, 17));
    for identity in refused {
        let fetch = FetchCards { name: identity.name.clone(), from: None };
        assert_eq!(flood.request(fetch).await.unwrap_err().code, Code::NOT_FOUND);
    }
    Peer::register(&fort.from(2), &Identity::random(2)).await.unwrap();
}

/// What the relay answers to a sign-in.
async fn try_sign_in(from: &Endpoint, sign_in: SignIn) -> Result<(), Refusal> {
    let mut raw = msg_tests::relay::Raw::open(from).await.unwrap();
    let words = [hello(LinkKind::SignedIn), request(0, sign_in)].concat();
    raw.send(&words).await.unwrap();
    for frame in raw.frames_until_answer().await {
        match frame {
            ServerFrame::Response(..) => return Ok(()),
            ServerFrame::Refusal(_, refusal) => return Err(refusal),
            _ => {}
        }
    }
    panic!("no answer to a sign-in");
}

#[tokio::test]
async fn who_guesses_waits_and_the_owner_signs_in_from_anywhere() {
    let fort = Fort::start(&[]);
    let bob = fort.register(1).await;
    let (guesser, home) = (fort.from(1), fort.from(2));
    let mut there = Peer::sign_in(&home, &bob).await.unwrap();
    let guess = |number: u64| SignIn {
        credential: Identity::random(100 + number).device_credential,
        ..bob.sign_in(1)
    };
    for number in 0..5 {
        assert_eq!(try_sign_in(&guesser, guess(number)).await.unwrap_err().code, Code::DENIED);
    }
    for number in 5..8 {
        assert_told_when(try_sign_in(&guesser, guess(number)).await.unwrap_err());
    }
    try_sign_in(&guesser, bob.sign_in(1)).await.expect("who knows need not guess");
    Peer::sign_in(&home, &bob).await.expect("the account is never locked");
    there.collect_all().await;
}

#[tokio::test]
async fn draining_prekeys_from_one_place_leaves_pairs_for_another_and_the_last_resort_for_all() {
    let fort = Fort::start(&[]);
    let mut bob = fort.register(1).await;
    let mut link = Peer::sign_in(&fort.from(1), &bob).await.unwrap();
    link.request(bob.prekeys(1)).await.unwrap();
    link.request(bob.one_time(0..50)).await.unwrap();
    link.request(bob.one_time(50..100)).await.unwrap();
    let fetch = || FetchPrekeys {
        account: bob.account(),
        devices: List::empty(),
        access: Access::Door(bob.door.clone()),
    };
    let pair = async |link: &mut Peer| match link.request(fetch()).await {
        Ok(Response::Bundles(Bundles { bundles })) => bundles[0].one_time.is_some(),
        other => panic!("a bundle there is always: {other:?}"),
    };
    let mut drain = Peer::anonymous(&fort.from(2)).await.unwrap();
    let mut taken = 0;
    for _ in 0..200 {
        taken += u32::from(pair(&mut drain).await);
    }
    assert!((6..=8).contains(&taken), "six, and what minutes have given back: {taken}");
    let mut honest = Peer::anonymous(&fort.from(3)).await.unwrap();
    assert!(pair(&mut honest).await, "another source has its own");
}

#[tokio::test]
async fn a_flood_of_letters_from_one_source_stops_no_other_and_drops_nothing() {
    let limits = ["deposit-burst-bytes=1MiB", "deposit-bytes-per-hour=1MiB"];
    let fort = Fort::start(&limits);
    let bob = fort.register(1).await;
    let mut rng = seed::rng(1);
    let mut flood = Peer::anonymous(&fort.from(1)).await.unwrap();
    let (mut kept, mut refused) = (Vec::new(), 0);
    for _ in 0..100 {
        let letter = envelope(bob.mailbox(), 32_768, &mut rng);
        match flood.request(deposit(&bob.door, &letter)).await {
            Ok(_) => kept.push(letter),
            Err(refusal) => {
                assert_told_when(refusal);
                refused += 1;
            }
        }
    }
    assert!(kept.len() >= 32 && refused >= 60, "{} kept, {refused} refused", kept.len());
    let mut friend = Peer::anonymous(&fort.from(2)).await.unwrap();
    kept.push(friend.deposit(bob.mailbox(), &bob.door, 32_768, &mut rng).await.unwrap());
    let rows = Peer::sign_in(&fort.from(3), &bob).await.unwrap().collect_all().await;
    let rows: Vec<_> = rows.into_iter().map(|row| row.envelope).collect();
    assert!(rows == kept, "what was taken, and nothing of what was refused");
}

#[tokio::test]
async fn a_flood_of_links_from_one_source_leaves_the_door_open_for_others() {
    let fort = Fort::start(&["openings-burst=50", "openings-per-hour=1"]);
    let mut opened = 0;
    for _ in 0..100 {
        opened += u32::from(Peer::anonymous(&fort.from(1)).await.is_ok());
    }
    assert_eq!(opened, 50);
    Peer::anonymous(&fort.from(2)).await.unwrap();
    fort.assert_unharmed();
}
