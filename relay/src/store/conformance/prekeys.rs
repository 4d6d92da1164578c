//! Prekeys and how they are handed out.

use msg_protocol::{id::DeviceId, prekey::PrekeyId};

use super::{
    Engine,
    laboratory::{BOB, CAROL, LATER, NOW, hash, right, right_id},
    world::World,
};
use crate::store::{
    Accounts as _, Prekeys as _, RelayTime, Rights as _,
    account::{AccountChange, Changed, DeviceChange},
    prekey::{NewPrekeys, Published, Taken, Taking},
    right::{KnockRight, RightKind},
};

/// The number of the pair in a bundle, and how many are left.
fn shown(taken: &Taken) -> (Option<u32>, u16) {
    let pair = taken.bundle.one_time.as_ref();
    (pair.map(|pair| pair.peek_unverified().unwrap().id.0), taken.left)
}

async fn take<E: Engine>(world: &World<E>, taking: Taking, now: RelayTime) -> (Option<u32>, u16) {
    let taken = world.store.take_prekeys(BOB.id(), vec![BOB.device_id(0)], taking, now).await;
    shown(&taken.unwrap().unwrap()[0])
}

async fn publish<E: Engine>(world: &World<E>, prekeys: NewPrekeys) -> Published {
    world.store.publish_prekeys(BOB.id(), BOB.device_id(0), prekeys).await.unwrap()
}

pub(crate) async fn each_pair_is_handed_out_once_and_the_lowest_first<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let mut prekeys = BOB.prekeys(0, 255..258);
    prekeys.one_time.reverse();
    assert_eq!(publish(&world, prekeys).await, Published::Done);
    assert_eq!(take(&world, Taking::Without, NOW).await, (None, 3));
    assert_eq!(take(&world, Taking::Door, NOW).await, (Some(255), 2));
    assert_eq!(take(&world, Taking::Door, NOW).await, (Some(256), 1));
    assert_eq!(take(&world, Taking::Door, NOW).await, (Some(257), 0));
    assert_eq!(take(&world, Taking::Door, NOW).await, (None, 0));
    let taken = world.store.take_prekeys(BOB.id(), Vec::new(), Taking::Door, NOW).await;
    let bundle = &taken.unwrap().unwrap()[0].bundle;
    assert_eq!(&bundle.signed, BOB.signed_prekey(0, 1).as_signed());
    assert_eq!(&bundle.last_resort, BOB.last_resort(0, 1).as_signed());
}

pub(crate) async fn bundles_are_for_the_devices_that_are_named<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let mut card = BOB.first_card();
    for device in [1, 2] {
        card = BOB.next_card(&card, &[2, 1, 0][usize::from(2 - device)..]);
        let add = DeviceChange::Add(BOB.device_id(device), hash(5));
        let change = AccountChange::Card(Box::new(card.clone()), add);
        assert_eq!(world.store.change_account(BOB.id(), None, change).await, Ok(Changed::Done));
    }
    let of = async |devices: &[u8]| {
        let named = devices.iter().map(|device| BOB.device_id(*device)).collect();
        let taken = world.store.take_prekeys(BOB.id(), named, Taking::Door, NOW).await;
        let taken = taken.unwrap().unwrap();
        taken.iter().map(|taken| taken.bundle.device).collect::<Vec<DeviceId>>()
    };
    let ids = |devices: &[u8]| devices.iter().map(|n| BOB.device_id(*n)).collect::<Vec<_>>();
    assert_eq!(of(&[]).await, ids(&[]), "nobody has published");
    for device in [0, 2] {
        let published =
            world.store.publish_prekeys(BOB.id(), BOB.device_id(device), BOB.prekeys(device, 1..2));
        assert_eq!(published.await, Ok(Published::Done));
    }
    assert_eq!(of(&[]).await, ids(&[2, 0]), "in the card's order");
    assert_eq!(of(&[0, 2]).await, ids(&[0, 2]), "in the order asked for");
    assert_eq!(of(&[1, 2, 7]).await, ids(&[2]));

    let nobody = world.store.take_prekeys(CAROL.id(), Vec::new(), Taking::Door, NOW).await;
    assert_eq!(nobody, Ok(None));
    let foreign = world.store.publish_prekeys(BOB.id(), BOB.device_id(7), BOB.prekeys(7, 1..2));
    assert_eq!(foreign.await, Ok(Published::NotFound));
    let foreign = world.store.publish_prekeys(CAROL.id(), BOB.device_id(0), BOB.prekeys(0, 1..2));
    assert_eq!(foreign.await, Ok(Published::NotFound));
    assert_eq!(world.store.prekey_stock(BOB.id(), BOB.device_id(7)).await, Ok(None));
}

pub(crate) async fn a_right_fetches_pairs_once<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    publish(&world, BOB.prekeys(0, 1..9)).await;
    let ticket = right(RightKind::Ticket, 8);
    let spent = KnockRight { fetch: false, ..ticket };
    for (account, number, right) in [(BOB, 1, ticket), (BOB, 2, spent), (CAROL, 3, ticket)] {
        world.store.add_right(account.id(), right_id(number), right, 9, NOW).await.unwrap();
    }
    let by = async |number, now| take(&world, Taking::Right(right_id(number)), now).await;
    assert_eq!(by(1, LATER).await, (None, 8), "it has expired");
    assert_eq!(by(1, RelayTime(LATER.0 - 1)).await, (Some(1), 7));
    assert_eq!(by(1, NOW).await, (None, 7), "it is spent");
    assert_eq!(by(2, NOW).await, (None, 7), "it was spent");
    assert_eq!(by(3, NOW).await, (None, 7), "it is for another account");
    assert_eq!(by(4, NOW).await, (None, 7), "there is none");
    let kept = world.store.right(BOB.id(), right_id(1), NOW).await.unwrap().unwrap();
    assert_eq!(kept, spent, "knocks are left as they were");
    assert!(world.store.right(CAROL.id(), right_id(3), NOW).await.unwrap().unwrap().fetch);
}

pub(crate) async fn a_pair_that_is_there_stays_as_it_is<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    publish(&world, BOB.prekeys(0, 1..3)).await;
    let other = NewPrekeys {
        signed: None,
        last_resort: None,
        one_time: vec![BOB.pair(0, 1, 66), BOB.pair(0, 3, 66)],
        replace: false,
    };
    assert_eq!(publish(&world, other.clone()).await, Published::Done);
    let first = async || {
        let taken = world.store.take_prekeys(BOB.id(), Vec::new(), Taking::Door, NOW).await;
        taken.unwrap().unwrap().remove(0).bundle.one_time.unwrap()
    };
    assert_eq!(&first().await, BOB.pair(0, 1, 5).as_signed(), "not the newer one");

    let replacing = NewPrekeys { signed: Some(BOB.signed_prekey(0, 2)), replace: true, ..other };
    assert_eq!(publish(&world, replacing).await, Published::Done);
    let stock = world.store.prekey_stock(BOB.id(), BOB.device_id(0)).await.unwrap().unwrap();
    assert_eq!(stock.one_time, 1, "the second goes, and the first never comes back");
    assert_eq!(stock.signed, Some(BOB.signed_prekey(0, 2).into_signed()));
    assert_eq!(stock.last_resort, Some(BOB.last_resort(0, 1).into_signed()), "none was given");
    assert_eq!(&first().await, BOB.pair(0, 3, 66).as_signed());
}

pub(crate) async fn a_pair_that_was_handed_out_never_comes_back<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    for replace in [false, true] {
        // Published, taken, and published again: the answer was lost on its way.
        let first = if replace { 11 } else { 1 };
        let upload = NewPrekeys { replace, ..BOB.prekeys(0, first..first + 3) };
        assert_eq!(publish(&world, upload.clone()).await, Published::Done);
        assert_eq!(take(&world, Taking::Door, NOW).await.0, Some(first));
        assert_eq!(publish(&world, upload).await, Published::Done);
        assert_eq!(take(&world, Taking::Door, NOW).await, (Some(first + 1), 1));
        assert_eq!(take(&world, Taking::Door, NOW).await, (Some(first + 2), 0));
        assert_eq!(take(&world, Taking::Door, NOW).await.0, None);
    }
}

pub(crate) async fn too_many_pairs_change_nothing<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    assert_eq!(publish(&world, BOB.prekeys(0, 1..51)).await, Published::Done);
    let over = NewPrekeys { signed: Some(BOB.signed_prekey(0, 2)), ..BOB.prekeys(0, 51..102) };
    assert_eq!(publish(&world, over).await, Published::TooMany);
    let stock = async || {
        let stock = world.store.prekey_stock(BOB.id(), BOB.device_id(0)).await;
        let stock = stock.unwrap().unwrap();
        (stock.one_time, stock.signed.unwrap().peek_unverified().unwrap().id)
    };
    assert_eq!(stock().await, (50, PrekeyId(1)));
    assert_eq!(publish(&world, BOB.prekeys(0, 51..101)).await, Published::Done);
    assert_eq!(publish(&world, BOB.prekeys(0, 51..101)).await, Published::Done, "they are there");
    assert_eq!(stock().await.0, 100);
    assert_eq!(publish(&world, BOB.prekeys(0, 101..102)).await, Published::TooMany);
    let replacing = NewPrekeys { replace: true, ..BOB.prekeys(0, 101..151) };
    assert_eq!(publish(&world, replacing).await, Published::Done);
    assert_eq!(stock().await.0, 50);
}
