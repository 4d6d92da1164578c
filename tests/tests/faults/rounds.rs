//! Rounds of load, each ended by a fault, and what the books come to after the last.

use std::time::Duration;

use msg_tests::{ledger::Sums, soak::Found};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use tokio::time::sleep;

use crate::{
    load::{Load, Sender},
    scene::Scene,
};

/// Deposits of the last round.
const LAST: usize = 200;

/// Begins a round, and comes back somewhere in the middle of it.
pub(crate) async fn begun(
    scene: &Scene,
    senders: Vec<Sender>,
    cycle: u64,
    rng: &mut ChaCha20Rng,
) -> Load {
    let load = Load::start(scene, senders, 2);
    // Now and then while everything only begins.
    if cycle % 8 != 7 {
        load.until_answered(1).await;
    }
    sleep(Duration::from_millis(2 + rng.next_u64() % 28)).await;
    load
}

/// A device that was away comes and sees all that waits, now and then.
pub(crate) async fn look_now_and_then(scene: &Scene, cycle: u64) {
    let away = &scene.people[2 + usize::try_from(cycle % 2).unwrap()];
    match cycle % 10 {
        3 | 4 => drop(scene.look(away).await),
        8 | 9 => drop(scene.drain(away).await),
        _ => {}
    }
}

/// A last round in which nothing fails: what has no answer yet is sent once more,
/// and stored once.
pub(crate) async fn balanced(scene: &mut Scene, senders: Vec<Sender>) -> Sums {
    let load = Load::start(scene, senders, 0);
    load.until_answered(LAST).await;
    assert!(scene.relay.stop().success());
    load.ended().await;
    scene.relay.restart();
    scene.balance().await
}

/// What the books of a relay come to.
pub(crate) fn found(sums: Sums, panics: u64) -> Found {
    assert_eq!(panics, 0);
    Found {
        acknowledged: sums.answered as u64,
        lost: Some(0),
        // What came under two numbers was sent as often, without an answer: the ledger sees to it.
        twice: Some(0),
        panics: Some(panics),
        note: format!("{} sent again, {} never answered for", sums.resent, sums.unanswered),
        ..Found::default()
    }
}
