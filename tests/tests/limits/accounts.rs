//! How many accounts, and who may make one.

use msg_protocol::{
    card::Card,
    error::Code,
    request::PublishCard,
    secret::{Invite, SaltedHash},
    signed::Verified,
    time::UnixDay,
    version::Registration,
};
use msg_relay::store::{
    RelayTime, Rights as _,
    right::{RightId, StoredInvite},
};
use msg_tests::relay::Identity;

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn limit_accounts_refuses_for_now() {
    let world = World::with(|limits| limits.accounts = 2);
    world.register(1).await;
    world.register(2).await;
    let third = Identity::random(3).registration(None);
    assert_eq!(world.ask(1, third).await, Err(Code::RELAY_FULL));
}

#[tokio::test(start_paused = true)]
async fn limit_cards_is_how_often_an_account_may_change_its_card() {
    let world = World::with(|limits| limits.cards = 2);
    let bob = world.register(1).await;
    let second = bob.next_card(&bob.first_card(), vec![bob.device()]);
    let third = bob.next_card(&second, vec![bob.device()]);
    let publish = |card: &Verified<Card>| PublishCard {
        card: card.as_signed().clone(),
        credential: bob.account_credential.clone(),
        device: None,
    };
    world.ask_as(&bob, publish(&second)).await.unwrap();
    assert_eq!(world.ask_as(&bob, publish(&third)).await, Err(Code::QUOTA));
}

#[tokio::test(start_paused = true)]
async fn limit_links_per_device_closes_the_oldest() {
    let world = World::with(|_| ());
    let bob = world.register(1).await;
    let mut links: Vec<_> = (0..3).map(|_| world.presence.enter()).collect();
    for link in &mut links {
        link.sign_in(bob.mailbox(), 2);
    }
    let closed: Vec<bool> = links
        .iter()
        .map(|link| link.inbox().take(std::task::Waker::noop()).closing.is_some())
        .collect();
    assert_eq!(closed, [true, false, false]);
    drop(links);
    assert_eq!((world.presence.devices(), world.presence.links()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_invitation_is_good_once_and_the_same_registration_again_needs_none() {
    let world = World::under(Registration::Invited, |_| ());
    let invite = Invite::new([7; 20]);
    let stored = StoredInvite {
        hash: SaltedHash::of(&invite, [1; 16]),
        uses: 1,
        expires: RelayTime(2_000_000),
        created: UnixDay(1),
        note: String::new(),
    };
    let id = RightId(*stored.hash.digest());
    assert!(world.service.store().add_invite(id, stored, 10, RelayTime(0)).await.unwrap());

    let bob = Identity::random(1);
    assert_eq!(world.ask(1, bob.registration(None)).await, Err(Code::NOT_OPEN));
    let wrong = Some(Invite::new([8; 20]));
    assert_eq!(world.ask(1, bob.registration(wrong)).await, Err(Code::DENIED));
    world.ask(1, bob.registration(Some(invite.clone()))).await.unwrap();
    world.ask(1, bob.registration(Some(invite.clone()))).await.unwrap();
    let eve = Identity::random(2);
    assert_eq!(world.ask(1, eve.registration(Some(invite))).await, Err(Code::DENIED));
}

#[tokio::test(start_paused = true)]
async fn a_closed_relay_takes_nobody_and_a_taken_name_nobody_else() {
    let world = World::under(Registration::Closed, |_| ());
    let bob = Identity::random(1).registration(None);
    assert_eq!(world.ask(1, bob).await, Err(Code::NOT_OPEN));

    let world = World::with(|_| ());
    world.register(1).await;
    let impostor = Identity::random(2).named("peer-1").registration(None);
    assert_eq!(world.ask(1, impostor).await, Err(Code::CONFLICT));
}
