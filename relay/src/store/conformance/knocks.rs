//! Envelopes that come without the door.

use super::{
    Engine,
    laboratory::{BOB, NOW, WIDE, by_door, hash, knock, right, right_id},
    world::World,
};
use crate::store::{
    Accounts as _, Mailboxes as _, Rights as _,
    account::{AccountChange, Changed, DeviceChange},
    mailbox::{Acknowledged, Appended, MailboxLimits, NewEnvelope},
    right::{Added, RightKind},
};

const FEW: MailboxLimits = MailboxLimits { knocks: 4, ticket_knocks: 2, ..WIDE };

/// A store in which right 1 is a ticket and right 2 a token, good for so many.
async fn with_rights<E: Engine>(knocks: u8) -> World<E> {
    let world = World::<E>::with(BOB).await;
    for (number, kind) in [(1, RightKind::Ticket), (2, RightKind::Token)] {
        let right = right(kind, knocks);
        let added = world.store.add_right(BOB.id(), right_id(number), right, 9, NOW).await;
        assert_eq!(added, Ok(Added::Done));
    }
    world
}

async fn append<E: Engine>(
    world: &World<E>,
    number: u32,
    right: u8,
    limits: MailboxLimits,
) -> Appended {
    let new = NewEnvelope { limits, ..knock(BOB.mailbox(0), number, right_id(right)) };
    world.store.append(new).await.unwrap()
}

async fn knocks_left<E: Engine>(world: &World<E>, right: u8) -> u8 {
    world.store.right(BOB.id(), right_id(right), NOW).await.unwrap().unwrap().knocks
}

pub(crate) async fn tickets_are_refused_before_tokens<E: Engine>() {
    let world = with_rights::<E>(9).await;
    assert_eq!(append(&world, 1, 1, FEW).await, Appended::Stored);
    assert_eq!(append(&world, 2, 1, FEW).await, Appended::Stored);
    assert_eq!(append(&world, 3, 1, FEW).await, Appended::KnocksFull);
    assert_eq!(append(&world, 3, 2, FEW).await, Appended::Stored);
    assert_eq!(append(&world, 4, 2, FEW).await, Appended::Stored);
    assert_eq!(append(&world, 5, 2, FEW).await, Appended::KnocksFull);
    let by_door = NewEnvelope { limits: FEW, ..by_door(BOB.mailbox(0), 6) };
    world.append(by_door).await;
    let waiting = world.store.waiting(BOB.mailbox(0)).await.unwrap();
    assert_eq!((waiting.envelopes, waiting.knocks), (5, 4));

    let rows = world.rows(BOB.mailbox(0)).await;
    let knocks: Vec<bool> = rows.iter().map(|row| row.knock).collect();
    assert_eq!(knocks, [true, true, true, true, false]);
    let first = Acknowledged::One(rows[0].sequence);
    world.store.acknowledge(BOB.mailbox(0), first).await.unwrap();
    assert_eq!(append(&world, 7, 1, FEW).await, Appended::KnocksFull, "three wait");
    assert_eq!(append(&world, 7, 2, FEW).await, Appended::Stored);
    let most = Acknowledged::UpTo(rows[2].sequence);
    world.store.acknowledge(BOB.mailbox(0), most).await.unwrap();
    assert_eq!(append(&world, 8, 1, FEW).await, Appended::KnocksFull, "two wait, whoever sent");
    let all = Acknowledged::UpTo(rows[3].sequence);
    world.store.acknowledge(BOB.mailbox(0), all).await.unwrap();
    assert_eq!(append(&world, 8, 1, FEW).await, Appended::Stored);
}

pub(crate) async fn a_knock_spends_its_right<E: Engine>() {
    let world = with_rights::<E>(2).await;
    assert_eq!(append(&world, 1, 1, WIDE).await, Appended::Stored);
    assert_eq!(knocks_left(&world, 1).await, 1);
    assert_eq!(append(&world, 2, 1, WIDE).await, Appended::Stored);
    assert_eq!(append(&world, 3, 1, WIDE).await, Appended::RightSpent);
    assert_eq!(append(&world, 3, 7, WIDE).await, Appended::RightSpent, "there is none");
    assert_eq!((knocks_left(&world, 1).await, knocks_left(&world, 2).await), (0, 2));
    world.store.acknowledge(BOB.mailbox(0), Acknowledged::UpTo(u64::MAX)).await.unwrap();
    assert_eq!(append(&world, 3, 1, WIDE).await, Appended::RightSpent, "spent is spent");
    assert!(world.rows(BOB.mailbox(0)).await.is_empty());
}

pub(crate) async fn a_duplicate_spends_nothing<E: Engine>() {
    let world = with_rights::<E>(2).await;
    world.append(by_door(BOB.mailbox(0), 9)).await;
    assert_eq!(append(&world, 1, 1, FEW).await, Appended::Stored);
    assert_eq!(append(&world, 1, 1, FEW).await, Appended::Duplicate);
    assert_eq!(append(&world, 1, 2, FEW).await, Appended::Duplicate);
    assert_eq!(append(&world, 9, 1, FEW).await, Appended::Duplicate);
    assert_eq!((knocks_left(&world, 1).await, knocks_left(&world, 2).await), (1, 2));
    assert_eq!(append(&world, 2, 1, FEW).await, Appended::Stored);
    assert_eq!(append(&world, 2, 1, FEW).await, Appended::Duplicate, "though its right is spent");
    let full = MailboxLimits { envelopes: 3, knocks: 1, ..WIDE };
    assert_eq!(append(&world, 2, 7, full).await, Appended::Duplicate, "though all is full");
    assert_eq!(world.store.waiting(BOB.mailbox(0)).await.unwrap().knocks, 2);
}

pub(crate) async fn a_knock_that_is_refused_spends_nothing<E: Engine>() {
    let world = with_rights::<E>(3).await;
    let no_room = MailboxLimits { envelopes: 0, ..WIDE };
    let no_bytes = MailboxLimits { bytes: 4_096, ..WIDE };
    let no_knocks = MailboxLimits { knocks: 0, ..WIDE };
    assert_eq!(append(&world, 1, 1, no_room).await, Appended::MailboxFull);
    assert_eq!(append(&world, 1, 1, no_bytes).await, Appended::MailboxFull);
    assert_eq!(append(&world, 1, 1, no_knocks).await, Appended::KnocksFull);
    assert_eq!(append(&world, 1, 2, no_knocks).await, Appended::KnocksFull);
    assert_eq!((knocks_left(&world, 1).await, knocks_left(&world, 2).await), (3, 3));
    assert!(world.rows(BOB.mailbox(0)).await.is_empty());
}

pub(crate) async fn a_ticket_knocks_at_each_device<E: Engine>() {
    let world = with_rights::<E>(3).await;
    let card = BOB.next_card(&BOB.first_card(), &[0, 1]);
    let add = DeviceChange::Add(BOB.device_id(1), hash(5));
    let change = AccountChange::Card(Box::new(card), add);
    assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
    for device in [0, 1] {
        world.append(knock(BOB.mailbox(device), 1, right_id(1))).await;
    }
    assert_eq!(knocks_left(&world, 1).await, 1);
    for device in [0, 1] {
        assert_eq!(world.store.waiting(BOB.mailbox(device)).await.unwrap().knocks, 1);
    }
}
