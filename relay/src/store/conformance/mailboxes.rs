//! Mailboxes, and envelopes that come by the door.

use msg_protocol::response::Row;

use super::{
    Engine,
    laboratory::{BOB, CAROL, LATER, NOW, WIDE, by_door, envelope, envelope_of},
    world::World,
};
use crate::store::{
    Mailboxes as _, RelayTime,
    mailbox::{
        Acknowledged, Appended, ENVELOPE_OVERHEAD_BYTES, MailboxLimits, NewEnvelope, RowPage,
        Waiting,
    },
};

fn numbers(rows: &[Row]) -> Vec<u8> {
    rows.iter().map(|row| row.envelope.id.0[3]).collect()
}

/// A store in which Bob's mailbox has envelopes 1 to `count`.
async fn filled<E: Engine>(count: u32) -> World<E> {
    let world = World::<E>::with(BOB).await;
    for number in 1..=count {
        world.append(by_door(BOB.mailbox(0), number)).await;
    }
    world
}

pub(crate) async fn envelopes_come_in_their_order<E: Engine>() {
    let world = filled::<E>(5).await;
    let rows = world.rows(BOB.mailbox(0)).await;
    assert_eq!(numbers(&rows), [1, 2, 3, 4, 5]);
    assert!(rows.is_sorted_by(|one, next| one.sequence < next.sequence));
    assert!(rows[0].sequence > 0, "0 is before the first");
    for (row, number) in rows.iter().zip(1..) {
        assert_eq!(row.envelope, envelope(BOB.mailbox(0), number));
        assert!(!row.knock);
    }
    let after = rows[2].sequence;
    let page = world.store.collect(BOB.mailbox(0), after, 99, usize::MAX, NOW).await.unwrap();
    assert_eq!(numbers(&page.rows), [4, 5]);
    let end = rows[4].sequence;
    let page = world.store.collect(BOB.mailbox(0), end, 99, usize::MAX, NOW).await;
    assert_eq!(page, Ok(RowPage::default()));
}

pub(crate) async fn an_envelope_is_stored_once<E: Engine>() {
    let world = filled::<E>(2).await;
    world.register(CAROL).await;
    let before = world.rows(BOB.mailbox(0)).await;
    let other = NewEnvelope {
        envelope: envelope_of(BOB.mailbox(0), 1, 8_192),
        ..by_door(BOB.mailbox(0), 1)
    };
    for again in [by_door(BOB.mailbox(0), 1), other] {
        assert_eq!(world.store.append(again).await, Ok(Appended::Duplicate));
    }
    assert_eq!(world.rows(BOB.mailbox(0)).await, before);
    assert_eq!(world.store.waiting(BOB.mailbox(0)).await.unwrap().envelopes, 2);
    world.append(by_door(CAROL.mailbox(0), 1)).await;
}

pub(crate) async fn a_mailbox_is_full_at_its_envelopes<E: Engine>() {
    let world = filled::<E>(3).await;
    let limits = MailboxLimits { envelopes: 3, ..WIDE };
    let append = async |number| {
        let envelope = NewEnvelope { limits, ..by_door(BOB.mailbox(0), number) };
        world.store.append(envelope).await.unwrap()
    };
    assert_eq!(append(4).await, Appended::MailboxFull);
    assert_eq!(append(3).await, Appended::Duplicate, "what is there is there");
    let first = world.rows(BOB.mailbox(0)).await[0].sequence;
    world.store.acknowledge(BOB.mailbox(0), Acknowledged::One(first)).await.unwrap();
    assert_eq!(append(4).await, Appended::Stored);
    assert_eq!(append(5).await, Appended::MailboxFull);
    assert_eq!(numbers(&world.rows(BOB.mailbox(0)).await), [2, 3, 4]);
}

pub(crate) async fn a_mailbox_is_full_at_its_bytes_with_their_overhead<E: Engine>() {
    let world = filled::<E>(1).await;
    let both = 4_096 + 8_192 + 2 * ENVELOPE_OVERHEAD_BYTES;
    let append = async |bytes| {
        let envelope = envelope_of(BOB.mailbox(0), 2, 8_192);
        let limits = MailboxLimits { bytes, ..WIDE };
        let new = NewEnvelope { envelope, limits, ..by_door(BOB.mailbox(0), 2) };
        world.store.append(new).await.unwrap()
    };
    assert_eq!(append(both - 1).await, Appended::MailboxFull);
    assert_eq!(append(both).await, Appended::Stored);
    let waiting = world.store.waiting(BOB.mailbox(0)).await.unwrap();
    assert_eq!(waiting, Waiting { envelopes: 2, bytes: both, knocks: 0 });
}

pub(crate) async fn pages_are_bounded_and_give_one_at_least<E: Engine>() {
    let world = filled::<E>(4).await;
    let page = async |envelopes, bytes| {
        let page = world.store.collect(BOB.mailbox(0), 0, envelopes, bytes, NOW).await.unwrap();
        (page.rows.len(), page.more)
    };
    assert_eq!(page(2, usize::MAX).await, (2, true));
    assert_eq!(page(4, usize::MAX).await, (4, false));
    assert_eq!(page(99, 3 * 4_096).await, (3, true));
    assert_eq!(page(99, 3 * 4_096 - 1).await, (2, true));
    assert_eq!(page(99, 4 * 4_096).await, (4, false));
    assert_eq!(page(99, 1).await, (1, true), "one at least");
}

pub(crate) async fn what_is_acknowledged_is_forgotten<E: Engine>() {
    let world = filled::<E>(5).await;
    world.register(CAROL).await;
    world.append(by_door(CAROL.mailbox(0), 1)).await;
    let rows = world.rows(BOB.mailbox(0)).await;
    let left = async |which| {
        world.store.acknowledge(BOB.mailbox(0), which).await.unwrap();
        numbers(&world.rows(BOB.mailbox(0)).await)
    };
    for _ in 0..2 {
        assert_eq!(left(Acknowledged::One(rows[3].sequence)).await, [1, 2, 3, 5]);
    }
    for _ in 0..2 {
        assert_eq!(left(Acknowledged::UpTo(rows[1].sequence)).await, [3, 5]);
    }
    assert_eq!(left(Acknowledged::One(rows[0].sequence)).await, [3, 5]);
    assert_eq!(left(Acknowledged::UpTo(0)).await, [3, 5]);
    assert_eq!(world.store.waiting(BOB.mailbox(0)).await.unwrap().envelopes, 2);

    world.append(by_door(BOB.mailbox(0), 1)).await;
    let again = world.rows(BOB.mailbox(0)).await;
    assert_eq!(numbers(&again), [3, 5, 1], "what is forgotten may come once more");
    assert!(again[2].sequence > rows[4].sequence);
    assert!(left(Acknowledged::UpTo(u64::MAX)).await.is_empty());
    assert_eq!(world.store.waiting(BOB.mailbox(0)).await, Ok(Waiting::default()));
    assert_eq!(world.rows(CAROL.mailbox(0)).await.len(), 1);
}

pub(crate) async fn an_envelope_expires_on_time<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let soon = NOW.plus_s(60);
    for (number, expires) in [(1, LATER), (2, soon), (3, LATER)] {
        world.append(NewEnvelope { expires, ..by_door(BOB.mailbox(0), number) }).await;
    }
    let at = async |now, envelopes| {
        let page = world.store.collect(BOB.mailbox(0), 0, envelopes, usize::MAX, now).await;
        let page = page.unwrap();
        (numbers(&page.rows), page.more)
    };
    assert_eq!(at(RelayTime(soon.0 - 1), 9).await, (vec![1, 2, 3], false));
    assert_eq!(at(soon, 9).await, (vec![1, 3], false));
    assert_eq!(at(soon, 2).await, (vec![1, 3], false), "what is over makes no page");
    assert_eq!(at(RelayTime(LATER.0 - 1), 1).await, (vec![1], true));
    assert_eq!(at(LATER, 9).await, (vec![], false));
}

pub(crate) async fn an_append_wakes<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let mut woken = 0;
    for number in 1..4 {
        world.append(by_door(BOB.mailbox(0), number)).await;
        woken = world.wakes.after(BOB.mailbox(0), woken).await;
    }
    assert_eq!(world.wakes.count(CAROL.mailbox(0)), 0);
}

pub(crate) async fn a_mailbox_that_is_not_there_holds_nothing<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let nowhere = CAROL.mailbox(0);
    assert_eq!(world.store.append(by_door(nowhere, 1)).await, Ok(Appended::NotFound));
    assert!(world.rows(nowhere).await.is_empty());
    assert_eq!(world.store.waiting(nowhere).await, Ok(Waiting::default()));
    assert_eq!(world.store.acknowledge(nowhere, Acknowledged::UpTo(9)).await, Ok(()));
    assert_eq!(world.store.acknowledge(nowhere, Acknowledged::One(9)).await, Ok(()));
    world.register(CAROL).await;
    assert!(world.rows(nowhere).await.is_empty(), "what was refused is not there later");
}
