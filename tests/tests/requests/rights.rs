//! What an account gives others: its door, and the tokens of contact links.

use msg_protocol::{
    bounded::List,
    error::Code,
    request::{Access, Deposit, FetchPrekeys, IssueToken, RevokeToken, SetDoor},
    secret::{Door, LinkToken},
};
use msg_tests::relay::{Identity, Peer, deposit, envelope};

use crate::scene::{Scene, answer, code, pairs_left};

fn by(scene: &mut Scene, to: &Identity, access: Access) -> Deposit {
    let envelope = envelope(to.mailbox(), 4_096, &mut scene.rng);
    Deposit { access, ..deposit(&to.door, &envelope) }
}

fn issue(link: &Peer, number: u8) -> (LinkToken, IssueToken) {
    let token = LinkToken::new([number; 32]);
    let issue = IssueToken::new(&token, [1; 16], link.welcome().time.plus_days(30));
    (token, issue)
}

#[tokio::test]
async fn a_door_is_good_until_it_is_changed_and_for_its_grace() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let (second, third) = (Door::new([2; 32]), Door::new([3; 32]));
    let request = by(&mut scene, &bob, Access::Door(second.clone()));
    assert_eq!(code(alice.request(request).await), Code::DENIED, "not a door yet");

    link.request(SetDoor { door: second.clone(), grace_s: 3_600 }).await.unwrap();
    for door in [&bob.door, &second] {
        let request = by(&mut scene, &bob, Access::Door(door.clone()));
        alice.request(request).await.unwrap();
    }
    link.request(SetDoor { door: second.clone(), grace_s: 0 }).await.expect("it is that door");
    let request = by(&mut scene, &bob, Access::Door(bob.door.clone()));
    alice.request(request).await.expect("asked again, the grace of the one before stays");

    link.request(SetDoor { door: third.clone(), grace_s: 0 }).await.unwrap();
    for door in [&bob.door, &second] {
        let request = by(&mut scene, &bob, Access::Door(door.clone()));
        assert_eq!(code(alice.request(request).await), Code::DENIED);
    }
    let request = by(&mut scene, &bob, Access::Door(third));
    alice.request(request).await.unwrap();
    assert_eq!(link.collect_all().await.len(), 4, "none of those refused");
}

#[tokio::test]
async fn a_door_opens_one_account() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.anonymous().await;
    let request = by(&mut scene, &bob, Access::Door(eve.door.clone()));
    assert_eq!(code(link.request(request).await), Code::DENIED);
    assert!(scene.sign_in(&bob).await.collect_all().await.is_empty());
}

#[tokio::test]
async fn a_token_is_good_for_one_fetch_of_pairs_and_eight_envelopes() {
    let mut scene = Scene::start();
    let mut bob = scene.register(1).await;
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    link.request(bob.prekeys(1)).await.unwrap();
    link.request(bob.one_time(0..3)).await.unwrap();
    let (token, issue) = issue(&link, 7);
    let access = Access::Token(token);
    let fetch =
        FetchPrekeys { account: bob.account(), devices: List::empty(), access: access.clone() };
    assert_eq!(code(alice.request(fetch.clone()).await), Code::DENIED, "not issued yet");
    link.request(issue.clone()).await.unwrap();
    link.request(issue.clone()).await.expect("issued again, there once");

    let first = answer!(alice, fetch.clone(), Bundles).bundles;
    assert!(first[0].one_time.is_some());
    let second = answer!(alice, fetch, Bundles).bundles;
    assert!(second[0].one_time.is_none());
    assert_eq!(pairs_left(&mut link).await, 2);
    for _ in 0..8 {
        let request = by(&mut scene, &bob, access.clone());
        alice.request(request).await.unwrap();
    }
    let ninth = by(&mut scene, &bob, access.clone());
    assert_eq!(code(alice.request(ninth).await), Code::DENIED);
    link.request(issue).await.expect("a token that is used up is not issued anew");
    let ninth = by(&mut scene, &bob, access);
    assert_eq!(code(alice.request(ninth).await), Code::DENIED);
    let rows = link.collect_all().await;
    assert_eq!(rows.len(), 8);
    assert!(rows.iter().all(|row| row.knock), "who comes without a door knocks");
}

#[tokio::test]
async fn a_token_that_is_revoked_is_good_for_nothing() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let (token, issue) = issue(&link, 7);
    link.request(issue.clone()).await.unwrap();
    let revoke = RevokeToken { hash: issue.hash };
    link.request(revoke.clone()).await.unwrap();
    link.request(revoke).await.expect("revoked again, done again");
    let request = by(&mut scene, &bob, Access::Token(token));
    assert_eq!(code(alice.request(request).await), Code::DENIED);
    assert!(link.collect_all().await.is_empty());
}

#[tokio::test]
async fn sixty_four_tokens_are_out_at_a_time_and_for_a_month() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&bob).await;
    let (late, mut request) = issue(&link, 100);
    request.expires = link.welcome().time.plus_days(40);
    assert_eq!(code(link.request(request).await), Code::TOO_LARGE);
    for number in 0..64 {
        let (_, request) = issue(&link, number);
        link.request(request).await.unwrap();
    }
    let (over, request) = issue(&link, 64);
    assert_eq!(code(link.request(request.clone()).await), Code::QUOTA);

    let mut alice = scene.anonymous().await;
    for token in [late, over.clone()] {
        let request = by(&mut scene, &bob, Access::Token(token));
        assert_eq!(code(alice.request(request).await), Code::DENIED);
    }
    let foreign = by(&mut scene, &eve, Access::Token(LinkToken::new([1; 32])));
    assert_eq!(code(alice.request(foreign).await), Code::DENIED, "a token opens one account");
    link.request(RevokeToken { hash: issue(&link, 0).1.hash }).await.unwrap();
    link.request(request).await.expect("one was given up");
    let request = by(&mut scene, &bob, Access::Token(over));
    alice.request(request).await.unwrap();
}
