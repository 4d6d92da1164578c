//! The file system is shut down under a relay that everybody sends to, as when the
//! power goes: what it had answered for was on the disk.

use std::time::Duration;

use msg_tests::{
    ext4::Ext4,
    seed,
    soak::{self, Row},
};
use rand_core::Rng as _;
use tempfile::TempDir;
use tokio::{task::block_in_place, time::sleep};

use crate::{
    load::Sender,
    rounds::{balanced, begun, found, look_now_and_then},
    scene::{Scene, relay},
};

const CYCLES: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_disk_goes_has_written_all_that_it_answered_for() {
    let base = soak::base(21);
    let Some((disk, mut row)) = Ext4::under(Row::begin("relay-shutdowns", base)) else { return };
    let mut rng = seed::rng(base);
    let folder = TempDir::new_in(disk.path()).unwrap();
    let mut scene = Scene::with(relay().start_in(folder), 4).await;
    let mut senders = Sender::several(&scene, 8, rng.next_u64());
    let mut panics = 0;
    for cycle in 0..soak::times(CYCLES) {
        row.run(base);
        let trigger = disk.trigger();
        let load = begun(&scene, senders, cycle, &mut rng).await;
        block_in_place(|| trigger.pull());
        // It may have noticed by then, or not.
        sleep(Duration::from_millis(rng.next_u64() % 10)).await;
        panics += scene.relay.panics();
        scene.relay.kill();
        (senders, _) = load.ended().await;
        block_in_place(|| disk.mount_again());
        scene.relay.restart();
        look_now_and_then(&scene, cycle).await;
    }
    let sums = balanced(&mut scene, senders).await;
    row.holds(&found(sums, panics + scene.relay.panics()));
}
