//! `kill -9` at random moments under load, and a start on the same folder.

use msg_tests::{
    seed,
    soak::{self, Row},
};
use rand_core::Rng as _;

use crate::{
    load::Sender,
    rounds::{balanced, begun, found, look_now_and_then},
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
        let load = begun(&scene, senders, cycle, &mut rng).await;
        scene.relay.kill();
        (senders, _) = load.ended().await;
        scene.relay.restart();
        look_now_and_then(&scene, cycle).await;
    }
    let sums = balanced(&mut scene, senders).await;
    eprintln!("{} cycles: {sums:?}", soak::times(CYCLES));
    row.holds(&found(sums, scene.relay.panics()));
}
