//! Sealed records.

use super::{
    Engine,
    laboratory::{BOB, CAROL, MANY, record_id},
    world::World,
};
use crate::store::{
    Records as _,
    record::{Kept, RecordLimits},
};

async fn put<E: Engine>(world: &World<E>, id: u8, expected: u64, value: &[u8]) -> Kept {
    put_within(world, id, expected, value, MANY).await
}

async fn put_within<E: Engine>(
    world: &World<E>,
    id: u8,
    expected: u64,
    value: &[u8],
    limits: RecordLimits,
) -> Kept {
    let put = world.store.put_record(BOB.id(), record_id(id), expected, value.to_vec(), limits);
    put.await.unwrap()
}

/// Each record's id, revision and value.
async fn all<E: Engine>(world: &World<E>) -> Vec<(u8, u64, Vec<u8>)> {
    let page = world.store.records(BOB.id(), None, 99, usize::MAX).await.unwrap();
    assert!(!page.more);
    let shown = page.records.into_iter().map(|r| (r.id.0[0], r.revision, r.value.into_vec()));
    shown.collect()
}

pub(crate) async fn a_record_is_replaced_at_its_revision<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    assert_eq!(put(&world, 1, 5, b"a").await, Kept::Conflict, "there is none yet");
    assert_eq!(put(&world, 1, 0, b"a").await, Kept::Revision(1));
    assert_eq!(put(&world, 1, 0, b"b").await, Kept::Conflict);
    assert_eq!(put(&world, 1, 2, b"b").await, Kept::Conflict);
    assert_eq!(put(&world, 1, 1, b"b").await, Kept::Revision(2));
    assert_eq!(put(&world, 1, 1, b"c").await, Kept::Conflict);
    assert_eq!(put(&world, 1, 2, b"").await, Kept::Revision(3));
    assert_eq!(all(&world).await, [(1, 3, b"".to_vec())]);
    let stranger = world.store.put_record(CAROL.id(), record_id(1), 0, vec![1], MANY).await;
    assert_eq!(stranger, Ok(Kept::NotFound));
}

pub(crate) async fn the_same_call_once_more_is_done<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    for _ in 0..2 {
        assert_eq!(put(&world, 1, 0, b"a").await, Kept::Revision(1));
    }
    for _ in 0..2 {
        assert_eq!(put(&world, 1, 1, b"b").await, Kept::Revision(2));
    }
    assert_eq!(put(&world, 1, 0, b"b").await, Kept::Conflict, "two revisions on");
    assert_eq!(all(&world).await, [(1, 2, b"b".to_vec())]);
}

pub(crate) async fn records_are_limited_in_number_and_bytes<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let limits = RecordLimits { records: 2, bytes: 10 };
    let put = async |id, expected, value| put_within(&world, id, expected, value, limits).await;
    assert_eq!(put(1, 0, b"12345678901").await, Kept::TooMany);
    assert_eq!(put(1, 0, b"123456").await, Kept::Revision(1));
    assert_eq!(put(2, 0, b"12345").await, Kept::TooMany);
    assert_eq!(put(2, 0, b"1234").await, Kept::Revision(1));
    assert_eq!(put(3, 0, b"").await, Kept::TooMany);
    assert_eq!(put(1, 1, b"1234567").await, Kept::TooMany);
    assert_eq!(put(1, 1, b"654321").await, Kept::Revision(2), "in the place of as much");
    assert_eq!(put(1, 2, b"1").await, Kept::Revision(3));
    assert_eq!(put(2, 1, b"123456789").await, Kept::Revision(2));
    assert_eq!(put(3, 0, b"").await, Kept::TooMany);
    assert_eq!(put(3, 7, b"").await, Kept::Conflict);
    assert_eq!(world.store.delete_record(BOB.id(), record_id(2), 2).await, Ok(true));
    assert_eq!(put(3, 0, b"123456789").await, Kept::Revision(1));
}

pub(crate) async fn records_come_in_the_order_of_their_ids<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    for id in [200, 3, 1, 2] {
        put(&world, id, 0, &[id; 10]).await;
    }
    world.store.put_record(CAROL.id(), record_id(2), 0, vec![7], MANY).await.unwrap();
    let page = async |after: Option<u8>, limit, bytes| {
        let after = after.map(record_id);
        let page = world.store.records(BOB.id(), after, limit, bytes).await.unwrap();
        (page.records.iter().map(|record| record.id.0[0]).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(page(None, 2, usize::MAX).await, (vec![1, 2], true));
    assert_eq!(page(Some(2), 2, usize::MAX).await, (vec![3, 200], false));
    assert_eq!(page(Some(3), 1, usize::MAX).await, (vec![200], false));
    assert_eq!(page(Some(200), 1, usize::MAX).await, (vec![], false));
    assert_eq!(page(None, 9, 29).await, (vec![1, 2], true));
    assert_eq!(page(None, 9, 30).await, (vec![1, 2, 3], true));
    assert_eq!(page(None, 9, 1).await, (vec![1], true), "one at least");
    assert_eq!(page(None, 4, 40).await, (vec![1, 2, 3, 200], false));
}

pub(crate) async fn a_record_is_deleted_at_its_revision<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    put(&world, 1, 0, b"a").await;
    put(&world, 1, 1, b"b").await;
    let delete = async |account: super::laboratory::Person, expected| {
        world.store.delete_record(account.id(), record_id(1), expected).await.unwrap()
    };
    assert!(!delete(BOB, 1).await);
    assert!(!delete(BOB, 0).await);
    assert!(delete(CAROL, 2).await, "who has none");
    assert_eq!(all(&world).await.len(), 1);
    assert!(delete(BOB, 2).await);
    assert!(delete(BOB, 2).await, "it is gone");
    assert!(all(&world).await.is_empty());
    assert_eq!(put(&world, 1, 2, b"c").await, Kept::Conflict);
    assert_eq!(put(&world, 1, 0, b"c").await, Kept::Revision(1));
}
