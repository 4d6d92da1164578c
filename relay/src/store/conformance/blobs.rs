//! Blobs in pieces.

use msg_protocol::{limits::BLOB_CHUNK_BYTES, response::ChunkRange};

use super::{
    Engine,
    laboratory::{BOB, CAROL, LATER, NOW, Person, blob_id, chunk},
    world::World,
};
use crate::store::{
    Blobs as _, RelayTime,
    blob::{ChunkKept, NewChunk, StoredChunk},
};

const PIECE: u64 = BLOB_CHUNK_BYTES as u64;

async fn put<E: Engine>(world: &World<E>, chunk: NewChunk) -> ChunkKept {
    world.store.put_chunk(chunk).await.unwrap()
}

async fn missing<E: Engine>(world: &World<E>, ranges: usize) -> Vec<(u32, u32)> {
    let state = world.store.blob(BOB.id(), blob_id(1), ranges, NOW).await.unwrap().unwrap();
    assert_eq!(state.expires, LATER);
    let gaps = state.missing.into_iter().map(|ChunkRange { first, count }| (first, count));
    gaps.collect()
}

pub(crate) async fn a_blob_is_made_of_pieces_in_any_order<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let length = 6 * PIECE + 100;
    assert_eq!(world.store.blob(BOB.id(), blob_id(1), 9, NOW).await, Ok(None));
    assert_eq!(world.store.chunk(blob_id(1), 0, NOW).await, Ok(None));
    for index in [3, 6, 3] {
        assert_eq!(put(&world, chunk(BOB, 1, length, index)).await, ChunkKept::Done);
    }
    assert_eq!(missing(&world, 9).await, [(0, 3), (4, 2)]);
    assert_eq!(missing(&world, 1).await, [(0, 3)], "the first gaps");
    assert_eq!(world.store.chunk(blob_id(1), 0, NOW).await, Ok(None));
    let last = world.store.chunk(blob_id(1), 6, NOW).await.unwrap();
    assert_eq!(last, Some(StoredChunk { length, bytes: vec![6; 100] }));
    let other = NewChunk { bytes: vec![99; BLOB_CHUNK_BYTES], ..chunk(BOB, 1, length, 3) };
    assert_eq!(put(&world, other).await, ChunkKept::Done);
    let kept = world.store.chunk(blob_id(1), 3, NOW).await.unwrap().unwrap();
    assert_eq!(kept.bytes, vec![3; BLOB_CHUNK_BYTES], "a piece that is there stays");

    for index in [0, 1, 2, 4, 5] {
        let late = NewChunk { expires: LATER.plus_s(9), ..chunk(BOB, 1, length, index) };
        assert_eq!(put(&world, late).await, ChunkKept::Done);
    }
    assert_eq!(missing(&world, 9).await, [], "and the blob expires with its first piece's word");
    assert_eq!(world.store.chunk(blob_id(1), 7, NOW).await, Ok(None));
}

pub(crate) async fn a_blob_has_one_owner_and_one_length<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    assert_eq!(put(&world, chunk(CAROL, 1, 100, 0)).await, ChunkKept::NotFound);
    world.register(CAROL).await;
    assert_eq!(put(&world, chunk(BOB, 1, 70_000, 0)).await, ChunkKept::Done);
    assert_eq!(put(&world, chunk(BOB, 1, 70_001, 1)).await, ChunkKept::Conflict);
    assert_eq!(put(&world, chunk(CAROL, 1, 70_000, 0)).await, ChunkKept::Conflict);
    assert_eq!(missing(&world, 9).await, [(1, 1)]);
    assert_eq!(world.store.blob(CAROL.id(), blob_id(1), 9, NOW).await, Ok(None));
}

pub(crate) async fn blobs_count_whole_from_their_first_piece<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let put_within = async |person: Person, blob, length, account_bytes| {
        put(&world, NewChunk { account_bytes, ..chunk(person, blob, length, 0) }).await
    };
    assert_eq!(put_within(BOB, 1, 1, PIECE - 1).await, ChunkKept::Quota, "64 KiB at least");
    assert_eq!(put_within(BOB, 1, 1, PIECE).await, ChunkKept::Done);
    assert_eq!(put_within(BOB, 2, 10 * PIECE, 11 * PIECE - 1).await, ChunkKept::Quota);
    assert_eq!(put_within(BOB, 2, 10 * PIECE, 11 * PIECE).await, ChunkKept::Done);
    assert_eq!(put_within(BOB, 3, 1, 11 * PIECE).await, ChunkKept::Quota);
    assert_eq!(world.store.blob(BOB.id(), blob_id(3), 9, NOW).await, Ok(None));
    assert_eq!(put_within(CAROL, 4, 1, PIECE).await, ChunkKept::Done, "another account");
    let rest = NewChunk { account_bytes: 0, ..chunk(BOB, 2, 10 * PIECE, 1) };
    assert_eq!(put(&world, rest).await, ChunkKept::Done, "its room was taken with the first");
    assert_eq!(world.store.delete_blob(BOB.id(), blob_id(2)).await, Ok(true));
    assert_eq!(put_within(BOB, 3, 1, 11 * PIECE).await, ChunkKept::Done);
}

pub(crate) async fn a_blob_expires_on_time<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    put(&world, chunk(BOB, 1, 100, 0)).await;
    let there = async |now| {
        let state = world.store.blob(BOB.id(), blob_id(1), 9, now).await.unwrap();
        let piece = world.store.chunk(blob_id(1), 0, now).await.unwrap();
        (state.is_some(), piece.is_some())
    };
    assert_eq!(there(RelayTime(LATER.0 - 1)).await, (true, true));
    assert_eq!(there(LATER).await, (false, false));
}

pub(crate) async fn a_blob_is_deleted_by_its_owner<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    for index in [0, 1] {
        put(&world, chunk(BOB, 1, 70_000, index)).await;
    }
    assert_eq!(world.store.delete_blob(CAROL.id(), blob_id(1)).await, Ok(false));
    assert_eq!(world.store.delete_blob(BOB.id(), blob_id(2)).await, Ok(false));
    assert!(missing(&world, 9).await.is_empty());
    assert_eq!(world.store.delete_blob(BOB.id(), blob_id(1)).await, Ok(true));
    assert_eq!(world.store.delete_blob(BOB.id(), blob_id(1)).await, Ok(false));
    for index in [0, 1] {
        assert_eq!(world.store.chunk(blob_id(1), index, NOW).await, Ok(None));
    }
    assert_eq!(put(&world, chunk(CAROL, 1, 100, 0)).await, ChunkKept::Done);
    assert_eq!(world.store.chunk(blob_id(1), 1, NOW).await, Ok(None), "nothing was left behind");
}
