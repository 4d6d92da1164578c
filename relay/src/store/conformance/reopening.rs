//! What outlives a process.

use msg_protocol::time::UnixSeconds;

use super::{
    Engine,
    laboratory::{
        BOB, CAROL, LATER, MANY, NOW, Person, by_door, chunk, hash, invite, knock, record_id,
        right, right_id,
    },
    world::World,
};
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Prekeys as _, Records as _, RelayTime, Rights as _,
    Upkeep as _,
    account::{AccountChange, Changed, DeviceChange, Whose},
    mailbox::{Acknowledged, Appended},
    prekey::Taking,
    right::RightKind,
    upkeep::BETWEEN_SWEEPS,
};

/// All that can be read about somebody, and about the store.
async fn everything<E: Engine>(
    world: &World<E>,
    person: Person,
) -> impl PartialEq + std::fmt::Debug + use<E> {
    let (store, id) = (&world.store, person.id());
    let of_account = (
        store.account(Whose::Id(id)).await,
        store.account(Whose::Name(&person.name())).await,
        store.account(Whose::Mailbox(person.mailbox(0))).await,
        store.device(id, person.device_id(0)).await,
        store.cards(id, 0, 99).await,
        store.prekey_stock(id, person.device_id(0)).await,
        store.tokens(id, NOW).await,
        store.records(id, None, 99, usize::MAX).await,
        store.holdings(id, 99, NOW).await,
        store.collect(person.mailbox(0), 0, 99, usize::MAX, NOW).await,
    );
    let of_store = (
        store.invites(NOW).await,
        store.accounts(None, 99).await,
        store.chunk(super::laboratory::blob_id(person.0), 0, NOW).await,
        store.figures().await.map(|figures| {
            let envelopes = (figures.envelopes, figures.envelope_bytes);
            (figures.accounts, figures.devices, envelopes, figures.blobs, figures.blob_bytes)
        }),
    );
    (of_account, of_store)
}

async fn fill<E: Engine>(world: &World<E>, person: Person) {
    let (store, id, device) = (&world.store, person.id(), person.device_id(0));
    let card = Box::new(person.next_card(&person.first_card(), &[0, 1]));
    let add = DeviceChange::Add(person.device_id(1), hash(1));
    for change in [
        AccountChange::Card(card, add),
        AccountChange::Credential(hash(2)),
        AccountChange::Door(hash(3), LATER),
        AccountChange::Suspended(true),
        AccountChange::Administrator(true),
    ] {
        assert_eq!(store.change_account(id, None, change).await, Ok(Changed::Done));
    }
    store.raise_counter(id, device, 12).await.unwrap();
    store.publish_prekeys(id, device, person.prekeys(0, 1..9)).await.unwrap();
    store.take_prekeys(id, vec![device], Taking::Door, NOW).await.unwrap();
    store.add_right(id, right_id(1), right(RightKind::Token, 8), 9, NOW).await.unwrap();
    for number in 1..5 {
        world.append(by_door(person.mailbox(0), number)).await;
    }
    world.append(knock(person.mailbox(0), 9, right_id(1))).await;
    let second = world.rows(person.mailbox(0)).await[1].sequence;
    store.acknowledge(person.mailbox(0), Acknowledged::One(second)).await.unwrap();
    store.put_record(id, record_id(1), 0, vec![1; 10], MANY).await.unwrap();
    store.put_chunk(chunk(person, person.0, 70_000, 0)).await.unwrap();
}

pub(crate) async fn everything_is_there_after_a_restart<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    world.store.add_invite(right_id(1), invite(3), 9, NOW).await.unwrap();
    for person in [BOB, CAROL] {
        fill(&world, person).await;
    }
    world.store.sweep(RelayTime(NOW.0 + 7)).await.unwrap();
    let before = (everything(&world, BOB).await, everything(&world, CAROL).await);
    let world = world.reopen().await;
    assert_eq!((everything(&world, BOB).await, everything(&world, CAROL).await), before);
    let (time, swept) = (world.store.time(UnixSeconds(5)).await.unwrap(), NOW.plus_s(7));
    assert!(swept <= time && time <= swept.plus_s(BETWEEN_SWEEPS.as_secs()));

    let again = world.store.append(by_door(BOB.mailbox(0), 1)).await;
    assert_eq!(again, Ok(Appended::Duplicate), "envelopes are known by their ids");
    world.append(by_door(BOB.mailbox(0), 2)).await;
    let taken = world.store.take_prekeys(BOB.id(), Vec::new(), Taking::Door, NOW).await;
    let pair = taken.unwrap().unwrap().remove(0).bundle.one_time.unwrap();
    assert_eq!(pair.peek_unverified().unwrap().id.0, 2, "the first was handed out before");
}

pub(crate) async fn a_restart_keeps_the_secret<E: Engine>() {
    let mut world = World::<E>::new().await;
    let secret = world.store.secret();
    assert_ne!(secret, [0; 32]);
    for _ in 0..3 {
        world = world.reopen().await;
        assert_eq!(world.store.secret(), secret);
    }
}

pub(crate) async fn sequence_numbers_go_on_rising<E: Engine>() {
    let mut world = World::<E>::with(BOB).await;
    let mut last = 0;
    for number in 1..4 {
        world.append(by_door(BOB.mailbox(0), number)).await;
        let rows = world.rows(BOB.mailbox(0)).await;
        assert_eq!(rows.len(), 1);
        assert!(rows[0].sequence > last);
        last = rows[0].sequence;
        world.store.acknowledge(BOB.mailbox(0), Acknowledged::UpTo(last)).await.unwrap();
        world = world.reopen().await;
    }
}
