//! `kill -9` at random moments under load, and a start on the same folder.

use std::time::Duration;

use msg_tests::{
    ledger::Sums,
    seed,
    soak::{self, Found, Row},
};
use rand_core::Rng as _;
use tokio::time::sleep;

use crate::{
    load::{Load, Sender},
    scene::{Scene, relay},
};

const CYCLES: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_killed_again_and_again_loses_nothing_that_it_answered_for() {
    let base = soak::base(1);
    let mut row = Row::begin("relay-kills", base);
    let mut rng = seed::rng(base);
    let mut scene = Scene::new(relay(), 4).await;
    let mut senders = Sender::several(&scene, 8, rng.next_u64());
    for cycle in 0..soak::times(CYCLES) {
        row.run(base);
        let load = Load::start(&scene, senders, 2);
        // Now and then while everything only begins.
        if cycle % 8 != 7 {
            load.until_answered(1).await;
        }
        sleep(Duration::from_millis(2 + rng.next_u64() % 28)).await;
        scene.relay.kill();
        (senders, _) = load.ended().await;
        scene.relay.restart();
        // A device that was away comes and sees all that waits, now and then.
        let away = &scene.people[2 + usize::try_from(cycle % 2).unwrap()];
        match cycle % 10 {
            3 | 4 => drop(scene.look(away).await),
            8 | 9 => drop(scene.drain(away).await),
            _ => {}
        }
    }
    // What has no answer yet is sent once more, and stored once.
    let load = Load::start(&scene, senders, 0);
    load.until_answered(200).await;
    assert!(scene.relay.stop().success());
    load.ended().await;
    scene.relay.restart();
    let sums = scene.balance().await;
    eprintln!("{} cycles: {sums:?}", soak::times(CYCLES));
    let panics = scene.relay.panics();
    assert_eq!(panics, 0);
    row.holds(&found(sums, panics));
}

/// What the books of a relay come to.
pub(crate) fn found(sums: Sums, panics: u64) -> Found {
    Found {
        acknowledged: sums.answered as u64,
        lost: Some(sums.lost as u64),
        // What came under two numbers was sent as often, without an answer: the ledger sees to it.
        twice: Some(0),
        panics: Some(panics),
        note: format!("{} sent again, {} never answered for", sums.resent, sums.unanswered),
        ..Found::default()
    }
}
