//! Moving stores: what was there is there, whatever cuts the move off.

use std::{collections::HashMap, sync::Arc};

use msg_protocol::time::UnixSeconds;

use super::{
    Engine,
    laboratory::{BOB, CAROL, MANY, NOW, by_door, chunk, invite, record_id, right, right_id},
    operation::{Choices, Operation},
    random::{compare, seeds},
    world::{Wakes, World},
};
use crate::store::{
    Accounts as _, Mailboxes as _, Maintenance as _, Prekeys as _, RelayTime, Rights as _, Store,
    Upkeep as _,
    mailbox::Acknowledged,
    memory::Memory,
    portable::{
        Arrival, Item, Kind, PageLimits, Portable, Progress, Step, Total, TransferError, transfer,
    },
    right::RightKind,
    upkeep::BETWEEN_SWEEPS,
};

/// Pages of a few items, so that a small store has many.
const SMALL: PageLimits = PageLimits { items: 7, bytes: 64 * 1024 };
const OPERATIONS: usize = 400;
/// Operations on a store that was moved, beside the one it came from.
const AFTERWARDS: usize = 150;
/// A sequence number that no clock gives.
const AHEAD: u64 = 1 << 60;

fn memory() -> Memory {
    Memory::new(Arc::new(Wakes::default())).unwrap()
}

async fn moved<S: Portable, D: Portable>(source: &S, destination: &D) -> Total {
    transfer(source, destination, false, SMALL, |_| ()).await.unwrap().total
}

/// A store in memory to which all kinds of things have happened, and when it is
/// there by then.
async fn random_store(choices: &mut Choices) -> (Memory, RelayTime) {
    let (model, mut now) = (memory(), NOW);
    for _ in 0..OPERATIONS {
        let pause = choices.pause_s();
        now = now.plus_s(pause);
        let operation = if pause > 0 { Operation::Sweep } else { choices.next(&model, now).await };
        operation.apply(&model, now).await;
    }
    (model, now)
}

async fn same<S: Store>(store: &S, model: &Memory, now: RelayTime) {
    for read in Operation::reads() {
        compare(store, model, &read, now, 0).await;
    }
    assert_eq!(store.check().await.unwrap().faults, Vec::<String>::new());
}

/// All kinds of things, of two people.
async fn filled<S: Store>(store: &S) {
    for person in [BOB, CAROL] {
        let (id, device) = (person.id(), person.device_id(0));
        store.create_account(person.registration(), NOW).await.unwrap();
        store.publish_prekeys(id, device, person.prekeys(0, 1..9)).await.unwrap();
        store.add_right(id, right_id(1), right(RightKind::Token, 8), 9, NOW).await.unwrap();
        store.put_record(id, record_id(1), 0, vec![1; 10], MANY).await.unwrap();
        for index in 0..2 {
            store.put_chunk(chunk(person, person.0, 70_000, index)).await.unwrap();
        }
        for number in 0..9 {
            store.append(by_door(person.mailbox(0), number)).await.unwrap();
        }
    }
    store.add_invite(right_id(1), invite(3), 9, NOW).await.unwrap();
    store.sweep(NOW).await.unwrap();
}

pub(crate) async fn everything_moves_and_goes_on_as_before<E: Engine>()
where
    E::Store: Portable,
{
    for seed in seeds() {
        eprintln!("MSG_TEST_SEED={seed}");
        let mut choices = Choices::new(seed);
        let (model, mut now) = random_store(&mut choices).await;
        let world = World::<E>::new().await;
        let sent = moved(&model, &*world.store).await;
        let world = world.reopen().await;
        assert_eq!(world.store.secret(), model.secret());
        let kept = model.time(UnixSeconds(5)).await.unwrap();
        let time = world.store.time(UnixSeconds(5)).await.unwrap();
        assert!(kept <= time && time <= kept.plus_s(BETWEEN_SWEEPS.as_secs()));
        same(&*world.store, &model, now).await;

        let back = memory();
        assert_eq!(moved(&*world.store, &back).await, sent, "and back");
        same(&back, &model, now).await;

        for number in 0..AFTERWARDS {
            now = now.plus_s(choices.pause_s());
            let operation = choices.next(&model, now).await;
            compare(&*world.store, &model, &operation, now, number).await;
        }
        same(&*world.store, &model, now).await;
    }
}

pub(crate) async fn a_move_that_is_cut_off_at_any_page_goes_on<E: Engine>()
where
    E::Store: Portable,
{
    let source = memory();
    filled(&source).await;
    let sent = moved(&source, &memory()).await;
    for cut in 0.. {
        let world = World::<E>::new().await;
        let mut progress = Progress { source: sent.sha256, mark: None, items: 0 };
        let mut ended = false;
        for _ in 0..cut {
            let page = source.export(progress.mark.clone(), SMALL).await.unwrap();
            progress.items += page.items.len() as u64;
            ended = page.end.is_none();
            progress.mark = page.end.or(progress.mark);
            world.store.import(page.items, progress.clone()).await.unwrap();
            if ended {
                break;
            }
        }
        let world = world.reopen_arriving().await;
        let expected = if cut == 0 { Arrival::Empty } else { Arrival::Underway(progress.clone()) };
        assert_eq!(world.store.arrival().await, Ok(expected));
        let mut steps = Vec::new();
        let note = |step| steps.push(step);
        let again = transfer(&source, &*world.store, false, SMALL, note).await.unwrap();
        assert_eq!(again.total, sent, "cut after {cut} pages");
        assert_eq!(cut > 0, steps.contains(&Step::Resumed(progress.items)));
        let copied = steps.iter().filter(|step| matches!(step, Step::Copied(..))).count();
        assert!(cut == 0 || copied < usize::try_from(sent.items()).unwrap());
        assert_eq!(world.store.arrival().await, Ok(Arrival::Occupied));
        assert_eq!(world.store.check().await.unwrap().faults, Vec::<String>::new());
        if ended {
            assert!(cut > 5, "there were pages to cut at");
            return;
        }
    }
}

pub(crate) async fn a_page_that_comes_twice_changes_nothing<E: Engine>()
where
    E::Store: Portable,
{
    let source = memory();
    filled(&source).await;
    let world = World::<E>::new().await;
    let mut progress = Progress { source: [1; 32], mark: None, items: 0 };
    loop {
        let page = source.export(progress.mark.clone(), SMALL).await.unwrap();
        progress.mark = page.end.clone().or(progress.mark);
        for _ in 0..2 {
            world.store.import(page.items.clone(), progress.clone()).await.unwrap();
        }
        if page.end.is_none() {
            break;
        }
    }
    world.store.settle().await.unwrap();
    let back = memory();
    assert_eq!(moved(&*world.store, &back).await, moved(&source, &memory()).await);
    let (given, expected) = (world.store.figures().await.unwrap(), source.figures().await.unwrap());
    let counted = |figures: crate::store::upkeep::StoreFigures| {
        let bytes = (figures.envelope_bytes, figures.blob_bytes);
        (figures.accounts, figures.devices, figures.envelopes, figures.blobs, bytes)
    };
    assert_eq!(counted(given), counted(expected));
    for person in [BOB, CAROL] {
        let (id, device) = (person.id(), person.device_id(0));
        let stock = world.store.prekey_stock(id, device).await;
        assert_eq!(stock, source.prekey_stock(id, device).await);
    }
    assert_eq!(world.store.check().await.unwrap().faults, Vec::<String>::new());
}

pub(crate) async fn only_an_empty_store_is_filled<E: Engine>()
where
    E::Store: Portable,
{
    let (source, other) = (memory(), memory());
    filled(&source).await;
    other.create_account(CAROL.registration(), NOW).await.unwrap();
    let world = World::<E>::new().await;
    assert_eq!(world.store.arrival().await, Ok(Arrival::Empty));
    let page = source.export(None, SMALL).await.unwrap();
    let sent = moved(&source, &memory()).await;
    let progress = Progress { source: sent.sha256, mark: page.end.clone(), items: 7 };
    world.store.import(page.items, progress).await.unwrap();
    let refused = transfer(&other, &*world.store, false, SMALL, |_| ()).await;
    assert!(matches!(refused, Err(TransferError::OtherSource)), "{refused:?}");
    moved(&source, &*world.store).await;
    let refused = transfer(&source, &*world.store, false, SMALL, |_| ()).await;
    assert!(matches!(refused, Err(TransferError::Occupied)), "{refused:?}");

    let used = World::<E>::new().await;
    used.store.add_invite(right_id(1), invite(1), 9, NOW).await.unwrap();
    assert_eq!(used.store.arrival().await, Ok(Arrival::Occupied));
}

pub(crate) async fn sequence_numbers_go_on_rising_after_a_move<E: Engine>()
where
    E::Store: Portable,
{
    let world = World::<E>::with(BOB).await;
    let mailbox = BOB.mailbox(0);
    for number in 0..3 {
        world.append(by_door(mailbox, number)).await;
    }
    let rows = world.rows(mailbox).await;
    let last = rows[2].sequence;
    // All have been collected: nothing that waits says how far the numbers were.
    world.store.acknowledge(mailbox, Acknowledged::UpTo(last)).await.unwrap();
    let between = memory();
    let there = moved(&*world.store, &between).await;
    assert_eq!((there.count(Kind::Account), there.count(Kind::Envelope)), (1, 0));
    let moved_on = World::<E>::new().await;
    moved(&between, &*moved_on.store).await;
    let moved_on = moved_on.reopen().await;
    assert_ne!(moved_on.store.epoch(), world.store.epoch());
    moved_on.append(by_door(mailbox, 9)).await;
    assert!(moved_on.rows(mailbox).await[0].sequence > last);

    // From a machine whose clock was far ahead.
    let mut page = between.export(None, PageLimits::USUAL).await.unwrap();
    for item in &mut page.items {
        if let Item::Facts(facts) = item {
            facts.sequence = AHEAD;
        }
    }
    let ahead = World::<E>::new().await;
    let progress = Progress { source: [1; 32], mark: None, items: 0 };
    ahead.store.import(page.items, progress).await.unwrap();
    ahead.store.settle().await.unwrap();
    let ahead = ahead.reopen().await;
    ahead.append(by_door(mailbox, 9)).await;
    assert!(ahead.rows(mailbox).await[0].sequence > AHEAD);
}

pub(crate) async fn numbers_that_two_mailboxes_share_stay_apart<E: Engine>()
where
    E::Store: Portable,
{
    let source = memory();
    filled(&source).await;
    let world = World::<E>::new().await;
    // As an engine gives them that counts in each mailbox by itself.
    let mut page = source.export(None, PageLimits::USUAL).await.unwrap();
    let mut places = HashMap::new();
    for item in &mut page.items {
        if let Item::Envelope { row, .. } = item {
            let place = places.entry(row.envelope.mailbox).or_insert(100);
            *place += 1;
            row.sequence = *place;
        }
    }
    let progress = Progress { source: [1; 32], mark: None, items: 0 };
    world.store.import(page.items, progress).await.unwrap();
    world.store.settle().await.unwrap();
    for person in [BOB, CAROL] {
        let rows = world.rows(person.mailbox(0)).await;
        assert!(rows.iter().map(|row| row.sequence).eq(101..110));
        assert!(rows.iter().all(|row| row.envelope.mailbox == person.mailbox(0)));
        let acknowledged = world.store.acknowledge(person.mailbox(0), Acknowledged::One(105));
        acknowledged.await.unwrap();
        assert_eq!(world.rows(person.mailbox(0)).await.len(), 8);
    }
    assert_eq!(world.store.check().await.unwrap().faults, Vec::<String>::new());
}
