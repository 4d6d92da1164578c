//! The database goes away under load: its primary, and all of it.

use std::time::Duration;

use msg_tests::postgres::Stop;
use tokio::time::sleep;

use crate::{
    load::Load,
    scene::{DATABASE, Scene},
};

/// Longer than any relay goes on with what it has begun.
const OUTAGE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_primary_is_killed_in_turn_and_a_standby_takes_its_place() {
    let Some(mut scene) = Scene::new(2, 4).await else { return };
    let mut load = Load::start(&scene, 4, 2);
    for _ in 0..2 {
        load.until_answered(100).await;
        let primary = scene.relays.database.primary();
        scene.relays.database.kill(primary);
        scene.relays.database.fail_over();
        load.until_answered(100).await;
        scene.relays.database.rejoin(primary);
        scene.relays.database.await_standbys();
    }
    let longest = load.end().await;
    let sums = scene.balance().await;
    eprintln!("two primaries killed: {sums:?}, longest pause {longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_killed_at_once_and_started_again() {
    let Some(mut scene) = Scene::new(2, 4).await else { return };
    let mut load = Load::start(&scene, 4, 2);
    load.until_answered(200).await;
    (1..=2).for_each(|number| scene.relays.node_mut(number).process().kill());
    scene.relays.database.kill_all();
    (1..=DATABASE).for_each(|number| scene.relays.database.start(number));
    (1..=2).for_each(|number| scene.relays.node_mut(number).process().restart());
    load.until_answered(200).await;
    load.end().await;
    let sums = scene.balance().await;
    eprintln!("everything killed: {sums:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_recover_by_themselves_when_the_database_was_away() {
    let Some(mut scene) = Scene::new(2, 4).await else { return };
    let mut load = Load::start(&scene, 4, 2);
    load.until_answered(100).await;
    let processes = scene.relays.nodes().iter().map(|node| node.id()).collect::<Vec<_>>();
    // The standbys first: the primary would cancel what waits for them.
    for number in scene.relays.database.standbys() {
        scene.relays.database.stop(number, Stop::Immediate);
    }
    let primary = scene.relays.database.primary();
    scene.relays.database.stop(primary, Stop::Immediate);
    let answered = scene.ledger.count_answered();
    scene.until_all(false).await;
    sleep(OUTAGE).await;
    assert_eq!(scene.ledger.count_answered(), answered, "nobody can have it");
    (1..=DATABASE).for_each(|number| scene.relays.database.start(number));
    load.until_answered(200).await;
    scene.until_all(true).await;
    let longest = load.end().await;
    let sums = scene.balance().await;
    let still = scene.relays.nodes().iter().map(|node| node.id()).collect::<Vec<_>>();
    assert_eq!(still, processes, "no relay had to be started again");
    eprintln!("the database away: {sums:?}, longest pause {longest:?}");
}
