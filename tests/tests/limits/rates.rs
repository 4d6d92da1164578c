//! How often: requests, bytes, links, registrations, sign-ins.

use std::time::Duration;

use msg_protocol::{
    error::Code,
    request::{
        ChangeCredential, DeleteAccount, Ping, PublishCard, Register, RemoveDevice, Request, SignIn,
    },
    response::Response,
    secret::AccountCredential,
};
use msg_tests::relay::Identity;
use tokio::time::Instant;

use crate::world::{World, pass, source};

#[tokio::test(start_paused = true)]
async fn limit_requests_burst_is_for_each_source_and_each_device() {
    let world = World::with(|limits| (limits.requests_burst, limits.requests_per_hour) = (5, 0));
    let bob = world.register(1).await;
    for _ in 0..5 {
        world.ask(1, Ping {}).await.unwrap();
        world.ask_as(&bob, Ping {}).await.unwrap();
    }
    assert_eq!(world.ask(1, Ping {}).await, Err(Code::RATE_LIMITED));
    assert_eq!(world.ask_as(&bob, Ping {}).await, Err(Code::RATE_LIMITED));
    world.ask(2, Ping {}).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_requests_per_hour_gives_requests_back() {
    let world = World::with(|limits| (limits.requests_burst, limits.requests_per_hour) = (1, 60));
    world.ask(1, Ping {}).await.unwrap();
    assert_eq!(world.ask(1, Ping {}).await, Err(Code::RATE_LIMITED));
    pass(60).await;
    world.ask(1, Ping {}).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_deposit_burst_bytes_counts_bodies() {
    let world = World::with(|limits| limits.deposit_burst_bytes = 12_288);
    let bob = world.register(1).await;
    world.deposit(&bob, 8_192).await.unwrap();
    world.deposit(&bob, 4_096).await.unwrap();
    // At 4 GiB an hour these are back after 4 milliseconds.
    assert_eq!(world.deposit(&bob, 4_096).await, Err(Code::RATE_LIMITED));
}

#[tokio::test(start_paused = true)]
async fn limit_deposit_bytes_per_hour_gives_bytes_back() {
    let world = World::with(|limits| {
        (limits.deposit_burst_bytes, limits.deposit_bytes_per_hour) = (4_096, 4_096);
    });
    let bob = world.register(1).await;
    world.deposit(&bob, 4_096).await.unwrap();
    pass(3_599).await;
    assert_eq!(world.deposit(&bob, 4_096).await, Err(Code::RATE_LIMITED));
    pass(1).await;
    world.deposit(&bob, 4_096).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_openings_burst_and_openings_per_hour_are_for_each_source() {
    let world = World::with(|limits| (limits.openings_burst, limits.openings_per_hour) = (2, 60));
    let opens = |place| world.service.admit_link(source(place));
    assert!(opens(1) && opens(1) && !opens(1) && opens(2));
    pass(60).await;
    assert!(opens(1) && !opens(1));
}

#[tokio::test(start_paused = true)]
async fn limit_registrations_burst_and_registrations_per_hour_are_for_each_source() {
    let world = World::with(|limits| {
        (limits.registrations_burst, limits.registrations_per_hour) = (3, 3);
    });
    let register =
        async |place, seed| world.ask(place, Identity::random(seed).registration(None)).await;
    for seed in 0..3 {
        register(1, seed).await.unwrap();
    }
    assert_eq!(register(1, 3).await, Err(Code::RATE_LIMITED));
    register(2, 3).await.unwrap();
    register(1, 2).await.expect("the same registration again costs nothing");
    pass(1_200).await;
    register(1, 4).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_all_registrations_per_hour_is_for_everybody_together() {
    let world = World::with(|limits| limits.all_registrations_per_hour = 2);
    let register = async |place: u8| {
        let identity = Identity::random(place.into());
        world.ask(place, identity.registration(None)).await
    };
    register(1).await.unwrap();
    register(2).await.unwrap();
    assert_eq!(register(3).await, Err(Code::RATE_LIMITED));
    pass(1_800).await;
    register(3).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_sign_in_failures_makes_a_source_wait_and_never_the_account() {
    let world = World::with(|limits| {
        limits.sign_in_failures = 2;
        limits.sign_in_penalty_s = 15;
        limits.sign_in_penalty_max_s = 40;
    });
    let bob = world.register(1).await;
    let right = bob.sign_in(1);
    let wrong = world.register(2).await.sign_in(1);
    let wrong = SignIn { name: right.name.clone(), ..wrong };
    let check = async |place, sign_in| {
        world.service.check_device(source(place), sign_in).await.map_err(|refusal| refusal.code)
    };
    assert_eq!(check(1, &wrong).await, Err(Code::DENIED));
    assert_eq!(check(1, &wrong).await, Err(Code::DENIED));
    assert_eq!(check(1, &wrong).await, Err(Code::RATE_LIMITED));
    assert_eq!(check(2, &wrong).await, Err(Code::DENIED));
    check(1, &right).await.expect("its owner may share the address with who guesses");
    pass(15).await;
    assert_eq!(check(1, &wrong).await, Err(Code::DENIED));
}

#[tokio::test(start_paused = true)]
async fn limit_sign_in_penalty_s_doubles_up_to_sign_in_penalty_max_s() {
    let world = World::with(|limits| {
        limits.sign_in_failures = 1;
        limits.sign_in_penalty_s = 15;
        limits.sign_in_penalty_max_s = 40;
    });
    let nobody = Identity::random(1).sign_in(1);
    let check = async || world.service.check_device(source(1), &nobody).await.unwrap_err();
    let mut waits = Vec::new();
    for _ in 0..4 {
        assert_eq!(check().await.code, Code::DENIED);
        let wait = check().await.retry_after_s.unwrap();
        waits.push(wait);
        pass(wait.into()).await;
    }
    assert_eq!(waits, [15, 30, 40, 40]);
}

#[tokio::test(start_paused = true)]
async fn limit_sources_bounds_what_is_remembered_and_shuts_nobody_out() {
    let world = World::with(|limits| limits.sources = 8);
    for place in 0..=255 {
        world.ask(place, Ping {}).await.unwrap();
        assert!(world.service.remembered_sources() <= 8);
    }
}

#[tokio::test(start_paused = true)]
async fn this_machine_is_exempt_from_limits_of_a_source() {
    let world = World::with(|limits| (limits.requests_burst, limits.requests_per_hour) = (1, 0));
    let source = msg_relay::source::Source::of(std::net::Ipv4Addr::LOCALHOST.into());
    let caller = msg_relay::service::Caller { source, device: None };
    for _ in 0..10 {
        world.service.handle(&caller, Ping {}.into()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_names_devices_and_credentials_are_refused_alike_and_at_the_same_moment() {
    let world = World::with(|_| ());
    let (bob, eve) = (world.register(1).await, world.register(2).await);
    let right = bob.sign_in(1);
    let tries = [
        SignIn { name: "nobody".parse().unwrap(), ..right.clone() },
        SignIn { device: eve.device_id(), ..right.clone() },
        SignIn { credential: eve.device_credential.clone(), ..right.clone() },
    ];
    let mut seen = Vec::new();
    for sign_in in &tries {
        let begun = Instant::now();
        let refusal = world.service.check_device(source(1), sign_in).await.unwrap_err();
        seen.push((refusal, begun.elapsed()));
    }
    assert_eq!(seen[0].0.code, Code::DENIED);
    assert!(seen[0].1 >= Duration::from_millis(100));
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    world.service.check_device(source(1), &right).await.unwrap();
}

/// Every request by which a thief of somebody's device may try what a password
/// makes. What is asked over a link on which nobody signs in stands first.
fn tries(of: &Identity, guess: &AccountCredential) -> [Request; 6] {
    let (credential, junk) = (guess.clone(), AccountCredential::new([1; 32]));
    let card = of.first_card().into_signed();
    [
        Register { account_credential: guess.clone(), ..of.registration(None) }.into(),
        ChangeCredential { old: guess.clone(), new: junk.clone() }.into(),
        ChangeCredential { old: junk, new: guess.clone() }.into(),
        PublishCard { card: card.clone(), credential: guess.clone(), device: None }.into(),
        RemoveDevice { device: of.device_id(), card, credential: guess.clone() }.into(),
        DeleteAccount { credential }.into(),
    ]
}

async fn steal(world: &World, of: &Identity, attempt: &Request) -> Result<Response, Code> {
    match attempt {
        Request::Register(_) => world.ask(3, attempt.clone()).await,
        _ => world.ask_as(of, attempt.clone()).await,
    }
}

#[tokio::test(start_paused = true)]
async fn limit_credential_burst_and_credential_per_hour_slow_down_guesses() {
    for way in 0..6 {
        let world = World::with(|limits| {
            (limits.credential_burst, limits.credential_per_hour) = (3, 60);
        });
        let bob = world.register(1).await;
        let mut learnt = 0;
        for wrong in 2..12 {
            let guess = AccountCredential::new([wrong; 32]);
            match steal(&world, &bob, &tries(&bob, &guess)[way]).await {
                Err(Code::DENIED | Code::CONFLICT) => learnt += 1,
                refused => assert_eq!(refused, Err(Code::RATE_LIMITED), "way {way}"),
            }
        }
        assert!((1..=3).contains(&learnt), "way {way}: {learnt} guesses were answered");
        let right = tries(&bob, &bob.account_credential);
        for other in &right {
            let refused = steal(&world, &bob, other).await;
            assert_eq!(refused, Err(Code::RATE_LIMITED), "after way {way}: {other:?}");
        }
        pass(180).await;
        steal(&world, &bob, &right[way]).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_none_of_the_devices_uses_up_none_of_its_guesses() {
    let world = World::with(|limits| {
        (limits.credential_burst, limits.credential_per_hour) = (1, 0);
    });
    let (bob, eve) = (world.register(1).await, world.register(2).await);
    for account_credential in [&bob.account_credential, &eve.account_credential] {
        let stranger = Register {
            account_credential: account_credential.clone(),
            device_credential: eve.device_credential.clone(),
            ..bob.registration(None)
        };
        assert_eq!(world.ask(3, stranger).await, Err(Code::CONFLICT));
    }
    let again = bob.registration(None);
    world.ask(3, again).await.expect("the same registration once more");
}
