//! Accounts, their cards and devices.

use msg_protocol::{
    card::{Card, CardHash},
    id::AccountId,
    signed::Verified,
};

use super::{
    Engine,
    laboratory::{
        BOB, CAROL, LATER, MANY, NOW, Person, blob_id, by_door, chunk, hash, record_id, right,
        right_id,
    },
    world::World,
};
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Prekeys as _, Records as _, Rights as _,
    Upkeep as _,
    account::{
        AccountChange, CardPage, Changed, Creation, DeviceChange, DoorHashes, NewAccount, Quota,
        Whose,
    },
    mailbox::Appended,
    prekey::Taking,
    right::{Added, RightKind},
};

const NOBODY: AccountId = AccountId([0; 16]);

pub(crate) async fn an_account_is_found_by_name_id_and_mailbox<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let name = BOB.name();
    let found = world.store.account(Whose::Name(&name)).await.unwrap().unwrap();
    let registered = BOB.registration();
    assert_eq!((found.id, &found.name), (BOB.id(), &name));
    assert_eq!(&found.card, registered.card.as_signed());
    assert_eq!(found.credential, registered.credential);
    assert_eq!(found.door, DoorHashes { current: registered.door, previous: None });
    assert_eq!(found.created, registered.created);
    assert!(!found.suspended);
    assert_eq!(found.quota, Quota::default());

    for whose in [Whose::Id(BOB.id()), Whose::Mailbox(BOB.mailbox(0))] {
        assert_eq!(world.store.account(whose).await.unwrap().as_ref(), Some(&found));
    }
    let device = world.store.device(BOB.id(), BOB.device_id(0)).await.unwrap().unwrap();
    assert_eq!((device.credential, device.counter), (registered.device_credential, 0));

    let stranger = CAROL.name();
    for whose in [Whose::Name(&stranger), Whose::Id(CAROL.id()), Whose::Mailbox(BOB.mailbox(1))] {
        assert_eq!(world.store.account(whose).await, Ok(None));
    }
    assert_eq!(world.store.device(BOB.id(), BOB.device_id(1)).await, Ok(None));
    assert_eq!(world.store.device(CAROL.id(), BOB.device_id(0)).await, Ok(None));
}

pub(crate) async fn a_name_and_an_identity_are_taken_once<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let before = world.store.account(Whose::Id(BOB.id())).await;

    let namesake = NewAccount { card: CAROL.card_as(BOB.name()), ..CAROL.registration() };
    let renamed = NewAccount { card: BOB.card_as(CAROL.name()), ..BOB.registration() };
    for taken in [BOB.registration(), namesake, renamed] {
        assert_eq!(world.store.create_account(taken, NOW).await, Ok(Creation::Taken));
    }
    assert_eq!(world.store.account(Whose::Id(BOB.id())).await, before);
    assert_eq!(world.store.account(Whose::Id(CAROL.id())).await, Ok(None));
    assert_eq!(world.store.account(Whose::Name(&CAROL.name())).await, Ok(None));
}

pub(crate) async fn a_card_is_taken_only_as_the_successor<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let publish = async |card| {
        let change = AccountChange::Card(Box::new(card), DeviceChange::None);
        world.store.change_account(BOB.id(), Some(BOB.credential()), change).await.unwrap()
    };
    let first = BOB.first_card();
    let second = BOB.next_card(&first, &[0]);
    let third = BOB.next_card(&second, &[0]);
    let mut other = Card::clone(&second);
    other.created.0 += 1;
    let fork = BOB.sign_card(&other);
    other.previous = CardHash([6; 32]);
    let orphan = BOB.sign_card(&other);
    let foreign = CAROL.next_card(&CAROL.card_as(BOB.name()), &[0]);

    assert_eq!(publish(third.clone()).await, Changed::Stale, "one between is missing");
    assert_eq!(publish(orphan).await, Changed::Stale, "it follows another card");
    assert_eq!(publish(foreign).await, Changed::Stale, "it is of another identity");
    assert_eq!(publish(first.clone()).await, Changed::Done, "the same once more");
    assert_eq!(publish(second.clone()).await, Changed::Done);
    assert_eq!(publish(second.clone()).await, Changed::Done, "the same once more");
    assert_eq!(publish(fork).await, Changed::Stale, "a version has one form");
    assert_eq!(publish(first.clone()).await, Changed::Stale, "it goes back");
    assert_eq!(publish(third.clone()).await, Changed::Done);

    let account = world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap();
    assert_eq!(&account.card, third.as_signed());
    let page = world.store.cards(BOB.id(), 1, 10).await.unwrap();
    assert_eq!(page.cards, [first, second, third].map(Verified::into_signed));
}

pub(crate) async fn cards_come_in_pages<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let mut cards = vec![BOB.first_card()];
    for _ in 0..6 {
        let next = BOB.next_card(cards.last().unwrap(), &[0]);
        let change = AccountChange::Card(Box::new(next.clone()), DeviceChange::None);
        assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
        cards.push(next);
    }
    let versions = async |from, limit| {
        let page = world.store.cards(BOB.id(), from, limit).await.unwrap();
        let versions = page.cards.iter().map(|card| card.peek_unverified().unwrap().version);
        (versions.collect::<Vec<_>>(), page.more)
    };
    assert_eq!(versions(0, 3).await, (vec![1, 2, 3], true));
    assert_eq!(versions(4, 3).await, (vec![4, 5, 6], true));
    assert_eq!(versions(5, 3).await, (vec![5, 6, 7], false));
    assert_eq!(versions(7, 3).await, (vec![7], false));
    assert_eq!(versions(8, 3).await, (vec![], false));
    assert_eq!(world.store.cards(CAROL.id(), 1, 3).await, Ok(CardPage::default()));
}

pub(crate) async fn a_device_comes_and_goes_with_its_card<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let (store, second) = (&world.store, BOB.next_card(&BOB.first_card(), &[0, 1]));
    let third = BOB.next_card(&second, &[0]);
    let add = DeviceChange::Add(BOB.device_id(1), hash(5));
    let remove = DeviceChange::Remove(BOB.device_id(1));
    assert_eq!(store.append(by_door(BOB.mailbox(1), 1)).await, Ok(Appended::NotFound));

    let change = AccountChange::Card(Box::new(second), add);
    assert_eq!(store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
    let device = store.device(BOB.id(), BOB.device_id(1)).await.unwrap().unwrap();
    assert_eq!((device.credential, device.counter), (hash(5), 0));
    world.append(by_door(BOB.mailbox(0), 1)).await;
    world.append(by_door(BOB.mailbox(1), 1)).await;
    store.publish_prekeys(BOB.id(), BOB.device_id(1), BOB.prekeys(1, 1..3)).await.unwrap();

    let change = AccountChange::Card(Box::new(third), remove);
    for _ in 0..2 {
        let changed = store.change_account(BOB.id(), None, change.clone()).await;
        assert_eq!(changed, Ok(Changed::Done));
    }
    assert_eq!(store.device(BOB.id(), BOB.device_id(1)).await, Ok(None));
    assert_eq!(store.prekey_stock(BOB.id(), BOB.device_id(1)).await, Ok(None));
    let taken = store.take_prekeys(BOB.id(), vec![BOB.device_id(1)], Taking::Door, NOW).await;
    assert_eq!(taken, Ok(Some(Vec::new())));
    assert_eq!(store.account(Whose::Mailbox(BOB.mailbox(1))).await, Ok(None));
    assert_eq!(store.append(by_door(BOB.mailbox(1), 2)).await, Ok(Appended::NotFound));
    assert!(world.rows(BOB.mailbox(1)).await.is_empty());
    assert_eq!(world.rows(BOB.mailbox(0)).await.len(), 1, "the other device keeps its mail");
    assert_eq!(store.figures().await.unwrap().envelopes, 1);
}

pub(crate) async fn a_device_that_comes_back_begins_anew<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let mut card = BOB.first_card();
    let (id, mailbox) = (BOB.device_id(1), BOB.mailbox(1));
    let mut last = 0;
    for round in 0..3 {
        card = BOB.next_card(&card, &[0, 1]);
        let add = DeviceChange::Add(id, hash(round));
        let change = AccountChange::Card(Box::new(card.clone()), add);
        assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
        let device = world.store.device(BOB.id(), id).await.unwrap().unwrap();
        assert_eq!((device.credential, device.counter), (hash(round), 0));
        assert_eq!(world.store.prekey_stock(BOB.id(), id).await.unwrap().unwrap().one_time, 0);
        assert!(world.rows(mailbox).await.is_empty());

        world.append(by_door(mailbox, 1)).await;
        let sequence = world.rows(mailbox).await[0].sequence;
        assert!(sequence > last, "the numbers of a mailbox rise");
        last = sequence;
        world.store.raise_counter(BOB.id(), id, 9).await.unwrap();
        world.store.publish_prekeys(BOB.id(), id, BOB.prekeys(1, 1..3)).await.unwrap();

        card = BOB.next_card(&card, &[0]);
        let change = AccountChange::Card(Box::new(card.clone()), DeviceChange::Remove(id));
        assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
    }
}

pub(crate) async fn a_change_needs_the_credential_it_names<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let before = world.store.account(Whose::Id(BOB.id())).await;
    let card = Box::new(BOB.next_card(&BOB.first_card(), &[0]));
    let changes = [
        AccountChange::Card(card, DeviceChange::None),
        AccountChange::Credential(hash(1)),
        AccountChange::Door(hash(2), LATER),
        AccountChange::Suspended(true),
        AccountChange::Administrator(true),
        AccountChange::Quota(Quota { mailbox_envelopes: Some(1), ..Quota::default() }),
    ];
    for change in &changes {
        let by = Some(hash(404));
        let stale = world.store.change_account(BOB.id(), by, change.clone()).await;
        assert_eq!(stale, Ok(Changed::Stale));
        let nobody = world.store.change_account(NOBODY, None, change.clone()).await;
        assert_eq!(nobody, Ok(Changed::NotFound));
    }
    assert_eq!(world.store.account(Whose::Id(BOB.id())).await, before);

    let swap = async |by, to| {
        let change = AccountChange::Credential(hash(to));
        world.store.change_account(BOB.id(), by, change).await
    };
    assert_eq!(swap(Some(BOB.credential()), 1).await, Ok(Changed::Done));
    assert_eq!(swap(Some(BOB.credential()), 2).await, Ok(Changed::Stale));
    assert_eq!(swap(Some(hash(1)), 3).await, Ok(Changed::Done));
    assert_eq!(swap(None, 4).await, Ok(Changed::Done));
    let account = world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap();
    assert_eq!(account.credential, hash(4));
}

pub(crate) async fn the_door_before_is_kept_with_its_end<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let first = BOB.registration().door;
    let doors = async |door, grace| {
        let change = AccountChange::Door(door, grace);
        assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
        world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap().door
    };
    let once = DoorHashes { current: hash(1), previous: Some((first, LATER)) };
    assert_eq!(doors(hash(1), LATER).await, once);
    assert_eq!(doors(hash(1), LATER).await, once, "the same call again loses no grace");
    let twice = DoorHashes { current: hash(2), previous: Some((hash(1), NOW)) };
    assert_eq!(doors(hash(2), NOW).await, twice);
}

pub(crate) async fn suspension_quota_and_mark_are_kept<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let quota =
        Quota { mailbox_envelopes: Some(5), mailbox_bytes: None, blob_bytes: Some(1 << 40) };
    for change in [
        AccountChange::Suspended(true),
        AccountChange::Quota(quota),
        AccountChange::Administrator(true),
    ] {
        assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
    }
    let account = world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap();
    assert!(account.suspended && account.administrator);
    assert_eq!(account.quota, quota);
    let back = AccountChange::Suspended(false);
    assert_eq!(world.store.change_account(BOB.id(), None, back).await, Ok(Changed::Done));
    let account = world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap();
    assert!(!account.suspended && account.administrator);
    let none = AccountChange::Administrator(false);
    assert_eq!(world.store.change_account(BOB.id(), None, none).await, Ok(Changed::Done));
    assert!(!world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap().administrator);
}

pub(crate) async fn a_counter_only_rises<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let raise = async |counter| {
        world.store.raise_counter(BOB.id(), BOB.device_id(0), counter).await.unwrap()
    };
    assert_eq!(raise(5).await, Some(0));
    assert_eq!(raise(5).await, Some(5));
    assert_eq!(raise(3).await, Some(5));
    assert_eq!(raise(u64::MAX).await, Some(5));
    assert_eq!(raise(0).await, Some(u64::MAX));
    assert_eq!(world.store.raise_counter(BOB.id(), BOB.device_id(1), 1).await, Ok(None));
    assert_eq!(world.store.raise_counter(CAROL.id(), BOB.device_id(0), 1).await, Ok(None));
}

pub(crate) async fn accounts_are_listed_by_name<E: Engine>() {
    let world = World::<E>::new().await;
    for number in [3, 1, 4, 2, 5] {
        world.register(Person(number)).await;
    }
    let list = async |after: Option<Person>, limit| {
        let after = after.map(Person::name);
        let accounts = world.store.accounts(after.as_ref(), limit).await.unwrap();
        accounts.into_iter().map(|account| account.name).collect::<Vec<_>>()
    };
    let names = |numbers: &[u8]| numbers.iter().map(|n| Person(*n).name()).collect::<Vec<_>>();
    assert_eq!(list(None, 2).await, names(&[1, 2]));
    assert_eq!(list(Some(Person(2)), 2).await, names(&[3, 4]));
    assert_eq!(list(Some(Person(4)), 2).await, names(&[5]));
    assert_eq!(list(Some(Person(5)), 2).await, names(&[]));
    assert_eq!(world.store.delete_account(Person(2).id(), None).await, Ok(Changed::Done));
    assert_eq!(list(Some(Person(2)), 1).await, names(&[3]), "a name that is gone is a place too");
}

pub(crate) async fn a_deleted_account_leaves_nothing<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let store = &world.store;
    for person in [BOB, CAROL] {
        let (id, device) = (person.id(), person.device_id(0));
        world.append(by_door(person.mailbox(0), 1)).await;
        store.publish_prekeys(id, device, person.prekeys(0, 1..4)).await.unwrap();
        store.put_record(id, record_id(1), 0, vec![1; 10], MANY).await.unwrap();
        store.put_chunk(chunk(person, person.0, 70_000, 0)).await.unwrap();
        let token = right(RightKind::Token, 8);
        assert_eq!(store.add_right(id, right_id(1), token, 64, NOW).await, Ok(Added::Done));
    }
    assert_eq!(store.delete_account(BOB.id(), Some(hash(404))).await, Ok(Changed::Stale));
    assert!(store.account(Whose::Id(BOB.id())).await.unwrap().is_some());
    let by = Some(BOB.credential());
    assert_eq!(store.delete_account(BOB.id(), by).await, Ok(Changed::Done));
    assert_eq!(store.delete_account(BOB.id(), by).await, Ok(Changed::NotFound));

    assert_eq!(store.holdings(BOB.id(), 10, NOW).await, Ok(None));
    assert_eq!(store.account(Whose::Name(&BOB.name())).await, Ok(None));
    assert_eq!(store.account(Whose::Mailbox(BOB.mailbox(0))).await, Ok(None));
    assert!(store.cards(BOB.id(), 1, 10).await.unwrap().cards.is_empty());
    assert_eq!(store.chunk(blob_id(BOB.0), 0, NOW).await, Ok(None));
    assert_eq!(store.append(by_door(BOB.mailbox(0), 2)).await, Ok(Appended::NotFound));
    assert!(world.rows(BOB.mailbox(0)).await.is_empty());
    let figures = store.figures().await.unwrap();
    let left = (figures.accounts, figures.devices, figures.envelopes, figures.blobs);
    assert_eq!(left, (1, 1, 1, 1), "what is left is the other account's");

    world.register(BOB).await;
    let holdings = store.holdings(BOB.id(), 10, NOW).await.unwrap().unwrap();
    assert_eq!(holdings.mailboxes[0].waiting.envelopes, 0);
    assert!(holdings.records.is_empty() && holdings.blobs.is_empty());
    assert!(holdings.rights.is_empty());
    assert_eq!(store.right(BOB.id(), right_id(1), NOW).await, Ok(None));
    let stock = store.prekey_stock(BOB.id(), BOB.device_id(0)).await.unwrap().unwrap();
    assert!(stock.signed.is_none() && stock.one_time == 0);
    assert_eq!(store.cards(BOB.id(), 1, 10).await.unwrap().cards.len(), 1);
    assert!(world.rows(BOB.mailbox(0)).await.is_empty());
    assert!(store.chunk(blob_id(CAROL.0), 0, NOW).await.unwrap().is_some());
}
