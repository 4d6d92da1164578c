//! Invitations, and registrations that use them up.

use super::{
    Engine,
    laboratory::{BOB, CAROL, LATER, NOW, Person, invite, right_id},
    world::World,
};
use crate::store::{
    Accounts as _, RelayTime, Rights as _,
    account::{Creation, NewAccount, Whose},
    right::{RightId, StoredInvite},
};

fn invited(person: Person, by: RightId) -> NewAccount {
    NewAccount { invite: Some(by), ..person.registration() }
}

async fn uses<E: Engine>(world: &World<E>, now: RelayTime) -> Vec<u32> {
    let invites = world.store.invites(now).await.unwrap();
    invites.iter().map(|(_, invite)| invite.uses).collect()
}

pub(crate) async fn an_invitation_is_used_up_with_the_registration<E: Engine>() {
    let world = World::<E>::new().await;
    assert_eq!(world.store.add_invite(right_id(1), invite(2), 9, NOW).await, Ok(true));
    let register = async |number| {
        world.store.create_account(invited(Person(number), right_id(1)), NOW).await.unwrap()
    };
    assert_eq!(register(1).await, Creation::Created);
    assert_eq!(uses(&world, NOW).await, [1]);
    assert_eq!(register(1).await, Creation::Taken, "the same again");
    assert_eq!(uses(&world, NOW).await, [1]);
    assert_eq!(register(2).await, Creation::Created);
    assert!(uses(&world, NOW).await.is_empty());
    assert_eq!(register(2).await, Creation::Taken, "though its invitation is used up");
    assert_eq!(register(3).await, Creation::NoInvite);
    assert_eq!(world.store.account(Whose::Id(Person(3).id())).await, Ok(None));
}

pub(crate) async fn a_registration_that_fails_uses_nothing_up<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    assert_eq!(world.store.add_invite(right_id(1), invite(1), 9, NOW).await, Ok(true));
    let namesake = NewAccount { card: CAROL.card_as(BOB.name()), ..invited(CAROL, right_id(1)) };
    assert_eq!(world.store.create_account(namesake, NOW).await, Ok(Creation::Taken));
    let unknown = invited(CAROL, right_id(2));
    assert_eq!(world.store.create_account(unknown, NOW).await, Ok(Creation::NoInvite));
    assert_eq!(uses(&world, NOW).await, [1]);
    assert_eq!(world.store.account(Whose::Name(&CAROL.name())).await, Ok(None));
}

pub(crate) async fn an_invitation_expires_on_time<E: Engine>() {
    let world = World::<E>::new().await;
    let before = RelayTime(LATER.0 - 1);
    assert_eq!(world.store.add_invite(right_id(1), invite(2), 9, NOW).await, Ok(true));
    assert_eq!(uses(&world, before).await, [2]);
    assert!(uses(&world, LATER).await.is_empty());
    let create = |person| world.store.create_account(invited(person, right_id(1)), before);
    assert_eq!(create(BOB).await, Ok(Creation::Created));
    let late = world.store.create_account(invited(CAROL, right_id(1)), LATER).await;
    assert_eq!(late, Ok(Creation::NoInvite));
}

pub(crate) async fn invitations_are_limited_listed_and_revoked<E: Engine>() {
    let world = World::<E>::new().await;
    let short = StoredInvite { expires: NOW.plus_s(5), ..invite(1) };
    let add = async |number, new: &StoredInvite, now| {
        world.store.add_invite(right_id(number), new.clone(), 2, now).await.unwrap()
    };
    assert!(add(2, &short, NOW).await);
    assert!(add(1, &invite(3), NOW).await);
    assert!(!add(3, &invite(1), NOW).await, "there are two");
    assert!(add(1, &invite(3), NOW).await, "this one is there");
    let listed = world.store.invites(NOW).await.unwrap();
    assert_eq!(listed, [(right_id(1), invite(3)), (right_id(2), short)]);

    let after = NOW.plus_s(5);
    assert!(add(3, &invite(1), after).await, "one has expired");
    assert!(!add(4, &invite(1), after).await);
    assert_eq!(world.store.revoke_invite(right_id(1)).await, Ok(true));
    assert_eq!(world.store.revoke_invite(right_id(1)).await, Ok(false));
    assert!(add(4, &invite(1), after).await);
    let refused = world.store.create_account(invited(BOB, right_id(1)), after).await;
    assert_eq!(refused, Ok(Creation::NoInvite));

    let used = world.store.create_account(invited(BOB, right_id(3)), after).await;
    assert_eq!(used, Ok(Creation::Created));
    assert_eq!(world.store.revoke_invite(right_id(3)).await, Ok(false), "it is used up");
    assert!(add(5, &invite(1), after).await, "which makes room");
}
