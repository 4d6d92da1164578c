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
use tokio::time::sleep;

use crate::{
    killing::found,
    load::{Load, Sender},
    scene::{Scene, relay},
};

const CYCLES: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_disk_goes_has_written_all_that_it_answered_for() {
    let base = soak::base(21);
    let mut row = Row::begin("relay-shutdowns", base);
    let disk = match Ext4::new() {
        Ok(disk) => disk,
        Err(why) => {
            eprintln!("skipped: {why}");
            return row.skipped(&why);
        }
    };
    let mut rng = seed::rng(base);
    let folder = TempDir::new_in(disk.path()).unwrap();
    let mut scene = Scene::with(relay().start_in(folder), 4).await;
    let mut senders = Sender::several(&scene, 8, rng.next_u64());
    let mut panics = 0;
    for cycle in 0..soak::times(CYCLES) {
        row.run(base);
        let trigger = disk.trigger();
        let load = Load::start(&scene, senders, 2);
        if cycle % 8 != 7 {
            load.until_answered(1).await;
        }
        sleep(Duration::from_millis(2 + rng.next_u64() % 28)).await;
        tokio::task::block_in_place(|| trigger.pull());
        // It may have noticed by then, or not.
        sleep(Duration::from_millis(rng.next_u64() % 10)).await;
        panics += scene.relay.panics();
        scene.relay.kill();
        (senders, _) = load.ended().await;
        tokio::task::block_in_place(|| disk.mount_again());
        scene.relay.restart();
        let away = &scene.people[2 + usize::try_from(cycle % 2).unwrap()];
        match cycle % 10 {
            3 | 4 => drop(scene.look(away).await),
            8 | 9 => drop(scene.drain(away).await),
            _ => {}
        }
    }
    let load = Load::start(&scene, senders, 0);
    load.until_answered(200).await;
    assert!(scene.relay.stop().success());
    load.ended().await;
    scene.relay.restart();
    let sums = scene.balance().await;
    panics += scene.relay.panics();
    assert_eq!(panics, 0);
    row.holds(&found(sums, panics));
}
