//! How many accounts, and who may make one.

use msg_protocol::{
    error::Code,
    secret::{Invite, SaltedHash},
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
