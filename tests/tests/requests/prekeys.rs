//! Prekeys: one-time pairs go to whoever has a right, each once; the last resort
//! is for everybody.

use std::collections::BTreeSet;

use msg_protocol::{
    bounded::List,
    error::Code,
    id::DeviceId,
    prekey::{PrekeyBundle, PrekeyId},
    push::Push,
    request::{Access, FetchPrekeys, PublishPrekeys},
    secret::Door,
};
use msg_tests::relay::{Identity, Peer};

use crate::scene::{Scene, answer, code, pairs_left};

fn fetch(from: &Identity, access: Access) -> FetchPrekeys {
    FetchPrekeys { account: from.account(), devices: List::empty(), access }
}

async fn bundle(link: &mut Peer, from: &Identity, access: Access) -> PrekeyBundle {
    answer!(link, fetch(from, access), Bundles).bundles[0].clone()
}

fn pair(bundle: &PrekeyBundle) -> Option<PrekeyId> {
    let pair = bundle.one_time.as_ref()?;
    Some(pair.peek_unverified().unwrap().id)
}

/// Bob with so many pairs at the relay, and his link.
async fn bob_with(scene: &Scene, pairs: u32) -> (Identity, Peer) {
    let mut bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    link.request(bob.prekeys(1)).await.unwrap();
    for first in (0..pairs).step_by(50) {
        link.request(bob.one_time(first..pairs.min(first + 50))).await.unwrap();
    }
    (bob, link)
}

#[tokio::test]
async fn each_pair_goes_to_one_caller_however_many_ask_at_once() {
    let scene = Scene::start();
    let (bob, mut link) = bob_with(&scene, 30).await;
    let mut callers = Vec::new();
    for _ in 0..4 {
        let (mut caller, bob) = (scene.anonymous().await, bob.clone());
        callers.push(tokio::spawn(async move {
            let mut pairs = Vec::new();
            for _ in 0..10 {
                let door = Access::Door(bob.door.clone());
                pairs.push(pair(&bundle(&mut caller, &bob, door).await));
            }
            pairs
        }));
    }
    let mut given = Vec::new();
    for caller in callers {
        given.extend(caller.await.unwrap());
    }
    let pairs: Vec<_> = given.iter().flatten().collect();
    let distinct: BTreeSet<_> = pairs.iter().collect();
    assert_eq!((pairs.len(), distinct.len()), (30, 30), "each once");
    assert_eq!(given.len() - pairs.len(), 10, "and the rest had the last resort alone");
    assert_eq!(pairs_left(&mut link).await, 0);
}

#[tokio::test]
async fn without_a_right_there_is_a_bundle_and_no_pair() {
    let scene = Scene::start();
    let (bob, mut link) = bob_with(&scene, 3).await;
    let mut stranger = scene.anonymous().await;
    let shown = bundle(&mut stranger, &bob, Access::None).await;
    assert_eq!(shown.one_time, None);
    shown.signed.verify(&bob.device().signing).unwrap();
    shown.last_resort.verify(&bob.device().signing).unwrap();
    let wrong = Access::Door(Door::new([1; 32]));
    assert_eq!(code(stranger.request(fetch(&bob, wrong)).await), Code::DENIED);
    assert_eq!(pairs_left(&mut link).await, 3, "nothing was taken");
}

#[tokio::test]
async fn bundles_are_of_the_devices_that_are_named_and_have_published() {
    let scene = Scene::start();
    let unpublished = scene.register(2).await;
    let (bob, mut link) = bob_with(&scene, 3).await;
    let mut alice = scene.anonymous().await;
    let none = answer!(alice, fetch(&unpublished, Access::None), Bundles);
    assert!(none.bundles.is_empty());
    let named = |device| FetchPrekeys {
        devices: List::new(vec![device]).unwrap(),
        ..fetch(&bob, Access::Door(bob.door.clone()))
    };
    let nobodys = answer!(alice, named(DeviceId([9; 16])), Bundles);
    assert!(nobodys.bundles.is_empty(), "and not those of all his devices");
    assert_eq!(pairs_left(&mut link).await, 3);
    let his = answer!(alice, named(bob.device_id()), Bundles);
    assert_eq!(his.bundles.len(), 1);
    assert_eq!(pairs_left(&mut link).await, 2);
    let unknown = fetch(&Identity::random(9), Access::None);
    assert_eq!(code(alice.request(unknown).await), Code::NOT_FOUND);
}

#[tokio::test]
async fn a_device_has_a_hundred_pairs_at_most_and_can_replace_them_all() {
    let scene = Scene::start();
    let (mut bob, mut link) = bob_with(&scene, 100).await;
    assert_eq!(code(link.request(bob.one_time([100])).await), Code::QUOTA);
    assert_eq!(pairs_left(&mut link).await, 100);
    link.request(bob.one_time(50..100)).await.expect("those that are there are done");
    assert_eq!(pairs_left(&mut link).await, 100);

    let replace = PublishPrekeys { replace: true, ..bob.one_time(200..203) };
    link.request(replace).await.unwrap();
    assert_eq!(pairs_left(&mut link).await, 3);
    let mut alice = scene.anonymous().await;
    let taken = bundle(&mut alice, &bob, Access::Door(bob.door.clone())).await;
    assert!(pair(&taken).unwrap() >= PrekeyId(200), "none of those before");
    assert_eq!(bob.sign_in(1).device, taken.device);
}

#[tokio::test]
async fn new_signed_prekeys_take_the_place_of_those_before() {
    let scene = Scene::start();
    let (mut bob, mut link) = bob_with(&scene, 2).await;
    let mut later = bob.prekeys(2);
    later.last_resort = None;
    link.request(later).await.unwrap();
    let shown = bundle(&mut scene.anonymous().await, &bob, Access::None).await;
    assert_eq!(shown.signed.peek_unverified().unwrap().id, PrekeyId(2));
    assert_eq!(shown.last_resort.peek_unverified().unwrap().id, PrekeyId(1), "as it was");
    assert_eq!(pairs_left(&mut link).await, 2);
}

#[tokio::test]
async fn what_another_key_has_signed_is_not_published() {
    let scene = Scene::start();
    let (bob, mut link) = bob_with(&scene, 1).await;
    let mut eve = Identity::random(2);
    let (mut mixed, foreign) = (eve.prekeys(7), eve.one_time(50..52));
    assert_eq!(code(link.request(foreign).await), Code::BAD_REQUEST);
    mixed.last_resort = None;
    mixed.one_time = bob.clone().one_time(60..62).one_time;
    assert_eq!(code(link.request(mixed).await), Code::BAD_REQUEST, "all of it or nothing");
    assert_eq!(pairs_left(&mut link).await, 1);
    let shown = bundle(&mut scene.anonymous().await, &bob, Access::None).await;
    assert_eq!(shown.signed.peek_unverified().unwrap().id, PrekeyId(1));
}

#[tokio::test]
async fn a_device_is_told_that_its_pairs_run_out() {
    let scene = Scene::with_limits(&["prekeys-low=2"]);
    let (bob, mut link) = bob_with(&scene, 4).await;
    let mut alice = scene.anonymous().await;
    for _ in 0..2 {
        bundle(&mut alice, &bob, Access::Door(bob.door.clone())).await;
    }
    let Push::PrekeysLow(low) = link.push().await.unwrap() else { panic!("another push") };
    assert_eq!(low.one_time, 2);
}
