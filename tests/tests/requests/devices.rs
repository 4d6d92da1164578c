//! An account with more than one device.

use msg_protocol::{
    bounded::List,
    card::Card,
    error::Code,
    link::Closure,
    request::{Access, FetchPrekeys, NewDevice, PublishCard, RemoveDevice},
    secret::AccountCredential,
    signed::Verified,
};
use msg_tests::relay::{Identity, Peer, PeerError, deposit, envelope};

use crate::scene::{Scene, answer, cards, code};

/// Bob, the second device of his account, and the card that lists both.
struct Two {
    bob: Identity,
    second: Identity,
    card: Verified<Card>,
}

async fn two(scene: &Scene) -> Two {
    let bob = scene.register(1).await;
    let second = bob.with_new_device(2);
    let card = bob.next_card(&bob.first_card(), vec![bob.device(), second.device()]);
    let mut link = scene.sign_in(&bob).await;
    link.request(add(&second, &card)).await.unwrap();
    Two { bob, second, card }
}

fn add(second: &Identity, card: &Verified<Card>) -> PublishCard {
    let credential = second.device_credential.clone();
    PublishCard {
        card: card.as_signed().clone(),
        credential: second.account_credential.clone(),
        device: Some(NewDevice { device: second.device_id(), credential }),
    }
}

fn remove(two: &Two) -> (RemoveDevice, Verified<Card>) {
    let card = two.bob.next_card(&two.card, vec![two.bob.device()]);
    let remove = RemoveDevice {
        device: two.second.device_id(),
        card: card.as_signed().clone(),
        credential: two.bob.account_credential.clone(),
    };
    (remove, card)
}

#[tokio::test]
async fn a_second_device_has_its_own_mailbox_credential_and_prekeys() {
    let mut scene = Scene::start();
    let Two { mut bob, mut second, .. } = two(&scene).await;
    let (mut one, mut other) = (scene.sign_in(&bob).await, scene.sign_in(&second).await);
    one.request(bob.prekeys(1)).await.unwrap();
    other.request(second.prekeys(1)).await.unwrap();
    other.request(second.one_time(0..3)).await.unwrap();
    let mut alice = scene.anonymous().await;
    let sent = alice.deposit(second.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();

    assert!(one.collect_all().await.is_empty(), "each device has its own mail");
    assert_eq!(other.collect_all().await[0].envelope, sent);
    let access = Access::Door(bob.door.clone());
    let fetch = FetchPrekeys { account: bob.account(), devices: List::empty(), access };
    let bundles = answer!(alice, fetch, Bundles).bundles;
    let devices: Vec<_> = bundles.iter().map(|bundle| bundle.device).collect();
    assert_eq!(devices, [bob.device_id(), second.device_id()]);
    let pairs: Vec<_> = bundles.iter().map(|bundle| bundle.one_time.is_some()).collect();
    assert_eq!(pairs, [false, true]);
}

#[tokio::test]
async fn a_device_is_added_by_its_account_alone_with_its_credential() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    let (second, third) = (bob.with_new_device(2), bob.with_new_device(3));
    let card = bob.next_card(&bob.first_card(), vec![bob.device(), second.device()]);
    let guess = AccountCredential::new([1; 32]);
    let denied = PublishCard { credential: guess, ..add(&second, &card) };
    assert_eq!(code(link.request(denied).await), Code::DENIED);
    let without = PublishCard { device: None, ..add(&second, &card) };
    assert_eq!(code(link.request(without).await), Code::BAD_REQUEST);
    assert_eq!(code(link.request(add(&third, &card)).await), Code::BAD_REQUEST, "another device");
    let both = vec![bob.device(), second.device(), third.device()];
    let crowd = bob.next_card(&bob.first_card(), both);
    assert_eq!(code(link.request(add(&second, &crowd)).await), Code::BAD_REQUEST);
    let alone = bob.next_card(&bob.first_card(), vec![second.device()]);
    assert_eq!(code(link.request(add(&second, &alone)).await), Code::BAD_REQUEST, "one is lost");

    for device in [&second, &third] {
        assert_eq!(scene.refused_sign_in(device.sign_in(1)).await.code, Code::DENIED);
    }
    let shown = cards(&mut scene.anonymous().await, &bob, Some(0)).await;
    assert_eq!(*shown.cards, [bob.first_card().into_signed()]);
}

#[tokio::test]
async fn a_device_that_is_removed_loses_mail_credential_prekeys_and_link() {
    let mut scene = Scene::start();
    let mut two = two(&scene).await;
    let mut one = scene.sign_in(&two.bob).await;
    let mut lost = scene.sign_in(&two.second).await;
    lost.request(two.second.prekeys(1)).await.unwrap();
    lost.request(two.second.one_time(0..3)).await.unwrap();
    let (mailbox, door) = (two.second.mailbox(), two.bob.door.clone());
    let mut alice = scene.anonymous().await;
    alice.deposit(mailbox, &door, 4_096, &mut scene.rng).await.unwrap();
    let (remove, card) = remove(&two);

    let wrong = RemoveDevice { credential: AccountCredential::new([1; 32]), ..remove.clone() };
    assert_eq!(code(one.request(wrong).await), Code::DENIED);
    let other = RemoveDevice { device: two.bob.device_id(), ..remove.clone() };
    assert_eq!(code(one.request(other).await), Code::BAD_REQUEST);
    assert_eq!(lost.collect_all().await.len(), 1, "a refusal takes nothing");

    one.request(remove.clone()).await.unwrap();
    let closed = lost.closed().await;
    let PeerError::Closed(Closure::Closing(reason)) = closed else { panic!("{closed}") };
    assert_eq!(reason.code, Code::DENIED);
    one.request(remove).await.expect("asked again, done again");
    assert_eq!(scene.refused_sign_in(two.second.sign_in(1)).await.code, Code::DENIED);
    let late = envelope(mailbox, 4_096, &mut scene.rng);
    assert_eq!(code(alice.request(deposit(&door, &late)).await), Code::NOT_FOUND);
    let access = Access::Door(door);
    let devices = List::new(vec![two.second.device_id()]).unwrap();
    let fetch = FetchPrekeys { account: two.bob.account(), devices, access };
    assert!(answer!(alice, fetch, Bundles).bundles.is_empty());

    // The same device on a later card begins with nothing.
    let again = two.bob.next_card(&card, vec![two.bob.device(), two.second.device()]);
    one.request(add(&two.second, &again)).await.unwrap();
    let back = Peer::sign_in(&scene.endpoint(), &two.second).await.unwrap();
    let signed_in = back.signed_in();
    assert_eq!((signed_in.envelopes, signed_in.one_time, signed_in.counter), (0, 0, 0));
}
