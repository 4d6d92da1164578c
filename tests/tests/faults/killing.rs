//! `kill -9` at random moments under load, and a start on the same folder.

use std::time::Duration;

use msg_tests::{seed, soak};
use rand_core::Rng as _;
use tokio::time::sleep;

use crate::{
    load::{Load, Sender},
    scene::{Scene, relay},
};

const CYCLES: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_killed_again_and_again_loses_nothing_that_it_answered_for() {
    let mut rng = seed::rng(1);
    let mut scene = Scene::new(relay(), 4).await;
    let mut senders = Sender::several(&scene, 8, rng.next_u64());
    for cycle in 0..soak::times(CYCLES) {
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
    assert!(!scene.relay.log().contains("has failed at"));
}
