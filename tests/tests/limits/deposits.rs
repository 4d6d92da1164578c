//! How much: envelopes, records, blobs.

use msg_protocol::{
    error::Code,
    request::{AcknowledgeUpTo, AskBlob, Collect, DeleteBlob},
    response::Response,
};

use crate::world::{World, chunk, pass, record};

const DAY_S: u64 = 86_400;

fn collect() -> Collect {
    Collect { after: 0, envelopes: 17, bytes: u32::MAX }
}

#[tokio::test(start_paused = true)]
async fn limit_mailbox_envelopes_refuses_and_collecting_makes_room() {
    let world = World::with(|limits| limits.mailbox_envelopes = 3);
    let bob = world.register(1).await;
    for _ in 0..3 {
        world.deposit(&bob, 4_096).await.unwrap();
    }
    assert_eq!(world.deposit(&bob, 4_096).await, Err(Code::MAILBOX_FULL));
    let Ok(Response::Collected(collected)) = world.ask_as(&bob, collect()).await else { panic!() };
    assert_eq!(collected.rows.len(), 3, "nothing was dropped for it");
    let sequence = collected.rows[0].sequence;
    world.ask_as(&bob, AcknowledgeUpTo { sequence }).await.unwrap();
    world.deposit(&bob, 4_096).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_mailbox_bytes_counts_bodies_and_what_surrounds_them() {
    let world = World::with(|limits| limits.mailbox_bytes = 2 * (4_096 + 128));
    let bob = world.register(1).await;
    assert_eq!(world.deposit(&bob, 16_384).await, Err(Code::MAILBOX_FULL));
    world.deposit(&bob, 4_096).await.unwrap();
    world.deposit(&bob, 4_096).await.unwrap();
    assert_eq!(world.deposit(&bob, 4_096).await, Err(Code::MAILBOX_FULL));
}

#[tokio::test(start_paused = true)]
async fn limit_envelope_days_is_how_long_an_envelope_waits() {
    let world = World::with(|limits| limits.envelope_days = 2);
    let bob = world.register(1).await;
    world.deposit(&bob, 4_096).await.unwrap();
    let waiting = async || match world.ask_as(&bob, collect()).await {
        Ok(Response::Collected(collected)) => collected.rows.len(),
        other => panic!("{other:?}"),
    };
    pass(2 * DAY_S - 1).await;
    assert_eq!(waiting().await, 1);
    pass(1).await;
    assert_eq!(waiting().await, 0);
}

#[tokio::test(start_paused = true)]
async fn limit_records_and_record_bytes_bound_what_an_account_keeps() {
    let world = World::with(|limits| (limits.records, limits.record_bytes) = (3, 1_000));
    let bob = world.register(1).await;
    world.ask_as(&bob, record(1, 400)).await.unwrap();
    world.ask_as(&bob, record(2, 400)).await.unwrap();
    assert_eq!(world.ask_as(&bob, record(3, 400)).await, Err(Code::QUOTA), "bytes");
    world.ask_as(&bob, record(3, 10)).await.unwrap();
    assert_eq!(world.ask_as(&bob, record(4, 10)).await, Err(Code::QUOTA), "number");
}

#[tokio::test(start_paused = true)]
async fn limit_blob_bytes_is_of_one_blob() {
    let world = World::with(|limits| limits.blob_bytes = 1_000);
    let bob = world.register(1).await;
    assert_eq!(world.ask_as(&bob, chunk(1, 1_001)).await, Err(Code::TOO_LARGE));
    world.ask_as(&bob, chunk(1, 1_000)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_account_blob_bytes_counts_each_blob_whole_and_as_a_piece_at_least() {
    let world = World::with(|limits| limits.account_blob_bytes = 3 * 65_536);
    let bob = world.register(1).await;
    world.ask_as(&bob, chunk(1, 2 * 65_536)).await.unwrap();
    world.ask_as(&bob, chunk(2, 1)).await.unwrap();
    assert_eq!(world.ask_as(&bob, chunk(3, 1)).await, Err(Code::QUOTA));
    world.ask_as(&bob, DeleteBlob { blob: chunk(1, 1).blob }).await.unwrap();
    world.ask_as(&bob, chunk(3, 1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_blob_days_is_how_long_a_blob_is_kept() {
    let world = World::with(|limits| limits.blob_days = 1);
    let bob = world.register(1).await;
    world.ask_as(&bob, chunk(1, 10)).await.unwrap();
    let ask = AskBlob { blob: chunk(1, 10).blob };
    pass(DAY_S - 1).await;
    world.ask_as(&bob, ask.clone()).await.unwrap();
    pass(1).await;
    assert_eq!(world.ask_as(&bob, ask).await, Err(Code::NOT_FOUND));
}
