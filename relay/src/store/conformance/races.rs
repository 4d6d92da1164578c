//! Many at once for what only one can have.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{collections::HashSet, sync::Arc};

use msg_protocol::envelope::Envelope;

use super::{
    Engine,
    laboratory::{
        BOB, CAROL, MANY, NOW, Person, WIDE, by_door, chunk, hash, invite, knock, record_id, right,
        right_id,
    },
    world::World,
};
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Maintenance as _, Prekeys as _, Records as _,
    Rights as _, Upkeep as _,
    account::{AccountChange, Changed, Creation, DeviceChange, NewAccount, Whose},
    mailbox::{Appended, MailboxLimits, NewEnvelope},
    prekey::Taking,
    record::{Kept, RecordLimits},
    right::{Added, KnockRight, RightKind},
};

const MANY_AT_ONCE: usize = 50;

fn count<T: PartialEq>(given: &[T], value: &T) -> usize {
    given.iter().filter(|other| *other == value).count()
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}

pub(crate) async fn each_pair_goes_to_one_caller<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let prekeys = BOB.prekeys(0, 0..30);
    world.store.publish_prekeys(BOB.id(), BOB.device_id(0), prekeys).await.unwrap();
    let taken = world.race(MANY_AT_ONCE, |store, _| async move {
        let taken = store.take_prekeys(BOB.id(), Vec::new(), Taking::Door, NOW).await;
        taken.unwrap().unwrap().remove(0).bundle.one_time
    });
    let pairs: Vec<_> = taken.await.into_iter().flatten().collect();
    let numbers: HashSet<u32> =
        pairs.iter().map(|pair| pair.peek_unverified().unwrap().id.0).collect();
    assert_eq!((pairs.len(), numbers.len()), (30, 30), "each to one, and all of them");
    let stock = world.store.prekey_stock(BOB.id(), BOB.device_id(0)).await.unwrap().unwrap();
    assert_eq!(stock.one_time, 0);
}

pub(crate) async fn one_card_wins_a_version<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let rivals = world.race(MANY_AT_ONCE, |store, number| async move {
        let devices = [0, byte(number) + 1];
        let card = BOB.next_card(&BOB.first_card(), &devices);
        let device = BOB.device_id(devices[1]);
        let add = DeviceChange::Add(device, hash(number as u64));
        let change = AccountChange::Card(Box::new(card.clone()), add);
        let changed = store.change_account(BOB.id(), None, change).await.unwrap();
        (changed, card.into_signed(), device)
    });
    let rivals = rivals.await;
    let winners: Vec<_> = rivals.iter().filter(|(changed, ..)| *changed == Changed::Done).collect();
    assert_eq!(winners.len(), 1);
    let account = world.store.account(Whose::Id(BOB.id())).await.unwrap().unwrap();
    assert_eq!(account.card, winners[0].1);
    for (changed, _, device) in &rivals {
        let there = world.store.device(BOB.id(), *device).await.unwrap().is_some();
        assert_eq!(there, *changed == Changed::Done, "the losers' devices are not there");
    }
}

pub(crate) async fn an_envelope_that_comes_often_is_stored_once<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let ticket = right(RightKind::Ticket, 8);
    world.store.add_right(BOB.id(), right_id(1), ticket, 9, NOW).await.unwrap();
    let given = world.race(MANY_AT_ONCE, |store, _| async move {
        store.append(knock(BOB.mailbox(0), 1, right_id(1))).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Appended::Stored), 1);
    assert_eq!(count(&given, &Appended::Duplicate), MANY_AT_ONCE - 1);
    assert_eq!(world.rows(BOB.mailbox(0)).await.len(), 1);
    let kept = world.store.right(BOB.id(), right_id(1), NOW).await.unwrap().unwrap();
    assert_eq!(kept.knocks, 7);
}

pub(crate) async fn the_last_use_of_an_invitation_goes_to_one<E: Engine>() {
    let world = World::<E>::new().await;
    world.store.add_invite(right_id(1), invite(3), 9, NOW).await.unwrap();
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        let new = NewAccount { invite: Some(right_id(1)), ..Person(byte(number)).registration() };
        store.create_account(new, NOW).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Creation::Created), 3);
    assert_eq!(count(&given, &Creation::NoInvite), MANY_AT_ONCE - 3);
    assert_eq!(world.store.accounts(None, 99).await.unwrap().len(), 3);
    assert_eq!(world.store.invites(NOW).await, Ok(Vec::new()));
}

pub(crate) async fn a_name_goes_to_one<E: Engine>() {
    let world = World::<E>::new().await;
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        let person = Person(byte(number));
        let new = NewAccount { card: person.card_as(CAROL.name()), ..person.registration() };
        (store.create_account(new, NOW).await.unwrap(), person.id())
    });
    let given = given.await;
    let won: Vec<_> = given.iter().filter(|(created, _)| *created == Creation::Created).collect();
    assert_eq!(won.len(), 1);
    let named = world.store.account(Whose::Name(&CAROL.name())).await.unwrap().unwrap();
    assert_eq!(named.id, won[0].1);
    assert_eq!(world.store.accounts(None, 99).await.unwrap().len(), 1);
}

pub(crate) async fn an_account_takes_along_what_comes_while_it_goes<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let done = world.race(MANY_AT_ONCE, |store, number| async move {
        let (id, device) = (BOB.id(), BOB.device_id(0));
        let one = u32::from(byte(number));
        if number == MANY_AT_ONCE / 2 {
            return store.delete_account(id, None).await == Ok(Changed::Done);
        }
        match number % 7 {
            0 => store.append(by_door(BOB.mailbox(0), one)).await.is_ok(),
            1 => store.append(knock(BOB.mailbox(0), one, right_id(byte(number + 3)))).await.is_ok(),
            2 => store.publish_prekeys(id, device, BOB.prekeys(0, one..one + 2)).await.is_ok(),
            3 => store.take_prekeys(id, Vec::new(), Taking::Door, NOW).await.is_ok(),
            4 => {
                let ticket = right(RightKind::Ticket, 8);
                store.add_right(id, right_id(byte(number)), ticket, 99, NOW).await.is_ok()
            }
            5 => store.put_record(id, record_id(byte(number)), 0, vec![1], MANY).await.is_ok(),
            _ => store.put_chunk(chunk(BOB, byte(number), 70_000, 0)).await.is_ok(),
        }
    });
    assert_eq!(count(&done.await, &true), MANY_AT_ONCE);
    assert_eq!(world.store.check().await.unwrap().faults, Vec::<String>::new());
    let figures = world.store.figures().await.unwrap();
    let left = (figures.accounts, figures.devices, figures.envelopes, figures.blobs);
    assert_eq!(left, (1, 1, 0, 0), "what is left is the other account's");
    world.register(BOB).await;
    let holdings = world.store.holdings(BOB.id(), 10, NOW).await.unwrap().unwrap();
    assert!(holdings.records.is_empty() && holdings.blobs.is_empty());
    assert!(holdings.rights.is_empty());
    let stock = world.store.prekey_stock(BOB.id(), BOB.device_id(0)).await.unwrap().unwrap();
    assert!(stock.signed.is_none() && stock.one_time == 0);
}

pub(crate) async fn a_device_takes_along_what_comes_while_it_goes<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let (id, device) = (BOB.id(), BOB.device_id(1));
    let second = BOB.next_card(&BOB.first_card(), &[0, 1]);
    let add = AccountChange::Card(Box::new(second.clone()), DeviceChange::Add(device, hash(5)));
    assert_eq!(world.store.change_account(id, None, add).await, Ok(Changed::Done));
    let done = world.race(MANY_AT_ONCE, |store, number| {
        let third = BOB.next_card(&second, &[0]);
        async move {
            let one = u32::from(byte(number));
            if number == MANY_AT_ONCE / 2 {
                let remove = AccountChange::Card(Box::new(third), DeviceChange::Remove(device));
                return store.change_account(id, None, remove).await == Ok(Changed::Done);
            }
            match number % 4 {
                0 => {
                    let mut well = true;
                    for each in 0..20 {
                        let new = by_door(BOB.mailbox(1), one * 20 + each);
                        well &= store.append(new).await.is_ok();
                    }
                    well
                }
                1 => store.publish_prekeys(id, device, BOB.prekeys(1, one..one + 2)).await.is_ok(),
                2 => store.take_prekeys(id, vec![device], Taking::Door, NOW).await.is_ok(),
                _ => store.raise_counter(id, device, u64::from(one)).await.is_ok(),
            }
        }
    });
    assert_eq!(count(&done.await, &true), MANY_AT_ONCE);
    assert_eq!(world.store.check().await.unwrap().faults, Vec::<String>::new());
    let figures = world.store.figures().await.unwrap();
    assert_eq!((figures.devices, figures.envelopes), (1, 0));
}

pub(crate) async fn the_last_knock_goes_to_one<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let last = KnockRight { knocks: 1, ..right(RightKind::Token, 0) };
    world.store.add_right(BOB.id(), right_id(1), last, 9, NOW).await.unwrap();
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        let new = knock(BOB.mailbox(0), u32::from(byte(number)), right_id(1));
        store.append(new).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Appended::Stored), 1);
    assert_eq!(count(&given, &Appended::RightSpent), MANY_AT_ONCE - 1);
    assert_eq!(world.rows(BOB.mailbox(0)).await.len(), 1);
}

pub(crate) async fn the_last_place_in_a_mailbox_goes_to_one<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let limits = MailboxLimits { envelopes: 5, ..WIDE };
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        let new = by_door(BOB.mailbox(0), u32::from(byte(number)));
        store.append(NewEnvelope { limits, ..new }).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Appended::Stored), 5);
    assert_eq!(count(&given, &Appended::MailboxFull), MANY_AT_ONCE - 5);
    assert_eq!(world.store.waiting(BOB.mailbox(0)).await.unwrap().envelopes, 5);
}

pub(crate) async fn the_last_place_for_a_token_goes_to_one<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        let (id, token) = (right_id(byte(number)), right(RightKind::Token, 8));
        store.add_right(BOB.id(), id, token, 5, NOW).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Added::Done), 5);
    assert_eq!(count(&given, &Added::TooMany), MANY_AT_ONCE - 5);
    assert_eq!(world.store.tokens(BOB.id(), NOW).await.unwrap().len(), 5);
}

pub(crate) async fn the_last_place_for_an_invitation_goes_to_one<E: Engine>() {
    let world = World::<E>::new().await;
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        store.add_invite(right_id(byte(number)), invite(1), 5, NOW).await.unwrap()
    });
    assert_eq!(count(&given.await, &true), 5);
    assert_eq!(world.store.invites(NOW).await.unwrap().len(), 5);
}

pub(crate) async fn the_last_place_for_a_record_goes_to_one<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let limits = RecordLimits { records: 5, ..MANY };
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        let id = record_id(byte(number));
        store.put_record(BOB.id(), id, 0, vec![byte(number)], limits).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Kept::Revision(1)), 5);
    assert_eq!(count(&given, &Kept::TooMany), MANY_AT_ONCE - 5);
    let page = world.store.records(BOB.id(), None, 99, usize::MAX).await.unwrap();
    assert_eq!(page.records.len(), 5);
}

pub(crate) async fn one_writer_wins_a_revision<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.store.put_record(BOB.id(), record_id(1), 0, vec![255], MANY).await.unwrap();
    let given = world.race(MANY_AT_ONCE, |store, number| async move {
        store.put_record(BOB.id(), record_id(1), 1, vec![byte(number)], MANY).await.unwrap()
    });
    let given = given.await;
    assert_eq!(count(&given, &Kept::Revision(2)), 1);
    assert_eq!(count(&given, &Kept::Conflict), MANY_AT_ONCE - 1);
    let winner = given.iter().position(|kept| *kept == Kept::Revision(2)).unwrap();
    let page = world.store.records(BOB.id(), None, 9, usize::MAX).await.unwrap();
    assert_eq!(page.records[0].value.clone().into_vec(), [byte(winner)]);
}

/// Envelopes that each of the writers appends.
const EACH: usize = 20;

pub(crate) async fn a_reader_skips_nothing_while_others_append<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let written = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, written) = (world.store.clone(), written.clone());
        tokio::spawn(async move {
            let mut seen: Vec<Envelope> = Vec::new();
            let mut after = 0;
            loop {
                let last = written.load(Ordering::SeqCst);
                let page = store.collect(BOB.mailbox(0), after, 3, usize::MAX, NOW).await.unwrap();
                let nothing = page.rows.is_empty();
                for row in page.rows {
                    assert!(row.sequence > after, "in order");
                    after = row.sequence;
                    seen.push(row.envelope);
                }
                if last && nothing {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    let appended = world.race(MANY_AT_ONCE, |store, writer| async move {
        for each in 0..EACH {
            let number = u32::try_from(writer * EACH + each).unwrap();
            assert_eq!(store.append(by_door(BOB.mailbox(0), number)).await, Ok(Appended::Stored));
        }
    });
    appended.await;
    written.store(true, Ordering::SeqCst);
    let seen = reader.await.unwrap();
    let ids: HashSet<_> = seen.iter().map(|envelope| envelope.id).collect();
    assert_eq!((seen.len(), ids.len()), (MANY_AT_ONCE * EACH, MANY_AT_ONCE * EACH));
}
