//! The directory's cards: each the successor of the one before, and all to be
//! had by anybody, but on a link that is signed in.

use msg_protocol::{
    error::Code,
    frame::ServerFrame,
    request::{FetchCards, PublishCard},
    secret::AccountCredential,
};
use msg_tests::relay::Identity;

use crate::scene::{Scene, cards, code};

fn publish(
    of: &Identity,
    card: &msg_protocol::signed::Verified<msg_protocol::card::Card>,
) -> PublishCard {
    PublishCard {
        card: card.as_signed().clone(),
        credential: of.account_credential.clone(),
        device: None,
    }
}

#[tokio::test]
async fn of_two_cards_on_one_the_first_that_comes_is_the_next() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    let first = bob.first_card();
    let second = bob.next_card(&first, vec![bob.device()]);
    let third = bob.next_card(&second, vec![bob.device()]);
    assert_eq!(code(link.request(publish(&bob, &third)).await), Code::CONFLICT, "one is skipped");
    link.request(publish(&bob, &second)).await.unwrap();
    link.request(publish(&bob, &second)).await.expect("the same again is done again");

    // The same version with another history, as a second device might make it.
    let elsewhere = bob.next_card(&first, vec![bob.device()]);
    let rival = bob.next_card(&elsewhere, vec![bob.device(), bob.with_new_device(9).device()]);
    assert_eq!(
        code(link.request(publish(&bob, &rival)).await),
        Code::BAD_REQUEST,
        "no credential comes with its device"
    );
    assert_eq!(code(link.request(publish(&bob, &first)).await), Code::CONFLICT, "backwards");
    let shown = cards(&mut scene.anonymous().await, &bob, Some(0)).await;
    assert_eq!(*shown.cards, [first.into_signed(), second.into_signed()]);
}

#[tokio::test]
async fn a_card_needs_the_account_credential_and_the_accounts_own_signature() {
    let scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&bob).await;
    let next = bob.next_card(&bob.first_card(), vec![bob.device()]);
    let guess = AccountCredential::new([1; 32]);
    let unpaid = PublishCard { credential: guess, ..publish(&bob, &next) };
    assert_eq!(code(link.request(unpaid).await), Code::DENIED);
    let forged = eve.clone().named(bob.name.as_str());
    let forged = forged.next_card(&bob.first_card(), vec![bob.device()]);
    assert_eq!(code(link.request(publish(&bob, &forged)).await), Code::BAD_REQUEST);
    let foreign = eve.next_card(&eve.first_card(), vec![eve.device()]);
    assert_eq!(code(link.request(publish(&bob, &foreign)).await), Code::BAD_REQUEST);

    let mut anybody = scene.anonymous().await;
    for owner in [&bob, &eve] {
        let shown = cards(&mut anybody, owner, Some(0)).await;
        assert_eq!(*shown.cards, [owner.first_card().into_signed()]);
    }
}

#[tokio::test]
async fn cards_come_by_version_in_pages_or_the_latest_alone() {
    let scene = Scene::with_limits(&["credential-burst=100"]);
    let bob = scene.register(1).await;
    let (mut link, mut anybody) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let mut history = vec![bob.first_card()];
    for _ in 0..39 {
        let next = bob.next_card(history.last().unwrap(), vec![bob.device()]);
        link.request(publish(&bob, &next)).await.unwrap();
        history.push(next);
    }
    let history: Vec<_> =
        history.into_iter().map(msg_protocol::signed::Verified::into_signed).collect();

    let page = cards(&mut anybody, &bob, Some(1)).await;
    assert!(page.more && page.cards.len() < 40);
    assert_eq!(*page.cards, history[..page.cards.len()]);
    let from = u32::try_from(page.cards.len()).unwrap() + 1;
    let rest = cards(&mut anybody, &bob, Some(from)).await;
    assert_eq!(*rest.cards, history[page.cards.len()..]);
    assert!(!rest.more);
    let beyond = cards(&mut anybody, &bob, Some(41)).await;
    assert!(beyond.cards.is_empty() && !beyond.more);
    let latest = cards(&mut anybody, &bob, None).await;
    assert_eq!(*latest.cards, history[39..]);
    assert!(!latest.more);
}

#[tokio::test]
async fn who_is_signed_in_is_shown_no_card_but_his_own() {
    let scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    assert_eq!(cards(&mut scene.sign_in(&bob).await, &bob, None).await.cards.len(), 1);

    let mut link = scene.signed_in_frames(&bob).await;
    let nobody = "nobody".parse().unwrap();
    for name in [eve.name.clone(), nobody] {
        match link.ask(FetchCards { name, from: None }).await {
            ServerFrame::Refusal(_, refusal) => assert_eq!(refusal.code, Code::WRONG_LINK),
            other => panic!("{other:?}"),
        }
    }
    let own = link.ask(FetchCards { name: bob.name.clone(), from: None }).await;
    assert!(matches!(own, ServerFrame::Response(..)), "the link goes on");
}
