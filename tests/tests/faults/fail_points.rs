//! The relay ends itself at each of its points between taking an envelope and
//! forgetting it, at the first passage and at later ones.

use std::time::Duration;

use msg_tests::soak::{self, Row};
use tokio::time::timeout;

use crate::{
    load::{Load, Sender},
    rounds::found,
    scene::{Scene, relay},
};

/// Where it may end, in the order in which an envelope passes.
const POINTS: [&str; 8] = [
    "deposit-received",
    "forward",
    "before-commit",
    "after-commit",
    "before-answer",
    "after-answer",
    "before-delete",
    "after-delete",
];
const VARIABLE: &str = "MSG_FAIL_POINT";
/// With what the relay ends at a point.
const KILLED: i32 = 137;
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_ends_between_any_two_steps_loses_nothing_that_it_answered_for() {
    let base = soak::base(2);
    let mut row = Row::begin("relay-points", base);
    let mut scene = Scene::new(relay(), 3).await;
    let plain = scene.relay.builder().clone();
    let mut senders = Sender::several(&scene, 4, base);
    assert!(scene.relay.stop().success());
    let mut at_start = 0;
    for passage in 1..=soak::times(4) {
        for point in POINTS {
            row.run(base);
            // 1, 4, 9, 16: at the start, and in the middle of what is going on.
            let value = format!("{point}:{}", passage * passage);
            *scene.relay.builder() = plain.clone().env(VARIABLE, &value);
            if let Err(status) = scene.relay.try_restart() {
                assert_eq!(status.code(), Some(KILLED), "{value}: {}", scene.relay.log());
                at_start += 1;
            } else {
                let load = Load::start(&scene, senders, 2);
                let ended = timeout(PATIENCE, load.ended()).await;
                (senders, _) = ended.unwrap_or_else(|_| panic!("{value} is never passed"));
                assert_eq!(scene.relay.ended().code(), Some(KILLED), "{value}");
            }
            *scene.relay.builder() = plain.clone();
            scene.relay.restart();
            scene.look(&scene.people[2]).await;
            assert!(scene.relay.stop().success());
        }
    }
    scene.relay.restart();
    let sums = scene.balance().await;
    eprintln!("{at_start} ended at the start; {sums:?}");
    row.holds(&found(sums, scene.relay.panics()));
}
