//! Tickets and tokens as they are kept.

use super::{
    Engine,
    laboratory::{BOB, CAROL, LATER, NOW, knock, right, right_id},
    world::World,
};
use crate::store::{
    Mailboxes as _, RelayTime, Rights as _,
    mailbox::Appended,
    prekey::{Prekeys as _, Taking},
    right::{Added, KnockRight, RightKind},
};

pub(crate) async fn a_right_is_kept_once<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let ticket = right(RightKind::Ticket, 1);
    let add = async |account: super::laboratory::Person| {
        let again = right(RightKind::Ticket, 8);
        world.store.add_right(account.id(), right_id(1), again, 9, NOW).await.unwrap()
    };
    assert_eq!(add(CAROL).await, Added::NotFound);
    assert_eq!(world.store.right(BOB.id(), right_id(1), NOW).await, Ok(None));
    let added = world.store.add_right(BOB.id(), right_id(1), ticket, 9, NOW).await;
    assert_eq!(added, Ok(Added::Done));
    assert_eq!(world.store.right(BOB.id(), right_id(1), NOW).await, Ok(Some(ticket)));
    assert_eq!(add(BOB).await, Added::Exists);

    world.append(knock(BOB.mailbox(0), 1, right_id(1))).await;
    let fetch = Taking::Right(right_id(1));
    world.store.take_prekeys(BOB.id(), Vec::new(), fetch, NOW).await.unwrap();
    let used = KnockRight { fetch: false, knocks: 0, ..ticket };
    assert_eq!(world.store.right(BOB.id(), right_id(1), NOW).await, Ok(Some(used)));
    assert_eq!(add(BOB).await, Added::Exists, "a challenge buys one ticket");
    assert_eq!(world.store.right(BOB.id(), right_id(1), NOW).await, Ok(Some(used)));
}

pub(crate) async fn rights_are_counted_by_kind_until_they_expire<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let add = async |number, kind, expires, now| {
        let right = KnockRight { expires, ..right(kind, 8) };
        world.store.add_right(BOB.id(), right_id(number), right, 2, now).await.unwrap()
    };
    let soon = NOW.plus_s(10);
    assert_eq!(add(1, RightKind::Token, soon, NOW).await, Added::Done);
    assert_eq!(add(2, RightKind::Token, LATER, NOW).await, Added::Done);
    assert_eq!(add(3, RightKind::Token, LATER, NOW).await, Added::TooMany);
    assert_eq!(add(4, RightKind::Ticket, LATER, NOW).await, Added::Done);
    let one = async |number, now| world.store.right(BOB.id(), right_id(number), now).await.unwrap();
    assert_eq!(one(3, NOW).await, None);

    let just = RelayTime(soon.0 - 1);
    assert_eq!(add(3, RightKind::Token, LATER, just).await, Added::TooMany);
    assert!(one(1, just).await.is_some());
    assert!(one(1, soon).await.is_none());
    assert_eq!(add(3, RightKind::Token, LATER, soon).await, Added::Done);
    assert_eq!(add(1, RightKind::Token, LATER, soon).await, Added::TooMany);

    assert_eq!(add(5, RightKind::Ticket, LATER.plus_s(1), soon).await, Added::Done);
    assert_eq!(add(6, RightKind::Ticket, LATER.plus_s(2), soon).await, Added::Done);
    assert!(one(4, soon).await.is_none(), "it would have expired first");
    assert!(one(5, soon).await.is_some() && one(6, soon).await.is_some());
    assert!(one(3, soon).await.is_some(), "tokens are not touched");
}

pub(crate) async fn a_token_is_listed_and_revoked<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let token = right(RightKind::Token, 1);
    let short = KnockRight { expires: NOW.plus_s(10), ..token };
    let ticket = right(RightKind::Ticket, 8);
    for (number, right) in [(3, short), (1, token), (2, ticket)] {
        let added = world.store.add_right(BOB.id(), right_id(number), right, 64, NOW).await;
        assert_eq!(added, Ok(Added::Done));
    }
    world.append(knock(BOB.mailbox(0), 1, right_id(1))).await;
    let used = KnockRight { knocks: 0, ..token };
    let tokens = async |now| world.store.tokens(BOB.id(), now).await.unwrap();
    assert_eq!(tokens(NOW).await, [(right_id(1), used), (right_id(3), short)]);
    assert_eq!(tokens(NOW.plus_s(10)).await, [(right_id(1), used)]);
    assert_eq!(world.store.tokens(CAROL.id(), NOW).await, Ok(Vec::new()));

    let revoke = async |number| world.store.revoke_token(BOB.id(), right_id(number)).await.unwrap();
    assert_eq!(world.store.revoke_token(CAROL.id(), right_id(3)).await, Ok(false));
    assert!(revoke(3).await);
    assert!(!revoke(3).await);
    assert!(!revoke(2).await, "a ticket is no token");
    assert_eq!(tokens(NOW).await, [(right_id(1), used)]);
    let refused = world.store.append(knock(BOB.mailbox(0), 2, right_id(3))).await;
    assert_eq!(refused, Ok(Appended::RightSpent));
    assert!(world.store.right(BOB.id(), right_id(2), NOW).await.unwrap().is_some());
}

pub(crate) async fn a_right_is_good_at_its_account_alone<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let ticket = right(RightKind::Ticket, 8);
    world.store.add_right(CAROL.id(), right_id(1), ticket, 9, NOW).await.unwrap();
    assert_eq!(world.store.right(BOB.id(), right_id(1), NOW).await, Ok(None));
    let elsewhere = world.store.append(knock(BOB.mailbox(0), 1, right_id(1))).await;
    assert_eq!(elsewhere, Ok(Appended::RightSpent));
    let added = world.store.add_right(BOB.id(), right_id(1), ticket, 9, NOW).await;
    assert_eq!(added, Ok(Added::Done), "each account has its own");
    world.append(knock(BOB.mailbox(0), 1, right_id(1))).await;
    assert_eq!(world.store.right(CAROL.id(), right_id(1), NOW).await, Ok(Some(ticket)));
}
