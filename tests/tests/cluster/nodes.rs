//! Relays come and go while clients send: killed, stopped, added.

use crate::{load::Load, scene::Scene};

const CLIENTS: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_and_the_primary_are_killed_and_every_message_arrives() {
    let Some(mut scene) = Scene::new(3, CLIENTS).await else { return };
    let mut load = Load::start(&scene, CLIENTS, scene.people.len());
    load.until_answered(300).await;
    scene.relays.node_mut(1).process().kill();
    load.until_answered(300).await;
    let primary = scene.relays.database.primary();
    scene.relays.database.kill(primary);
    let promoted = scene.relays.database.fail_over();
    assert_ne!(promoted, primary);
    load.until_answered(300).await;
    scene.relays.node_mut(1).process().restart();
    scene.relays.database.rejoin(primary);
    load.until_answered(300).await;
    let longest = load.end().await;
    let sums = scene.balance().await;
    eprintln!("a relay and the primary killed: {sums:?}, longest pause {longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_are_added_and_taken_away_under_load() {
    let Some(mut scene) = Scene::new(1, 4).await else { return };
    let mut load = Load::start(&scene, 4, 2);
    load.until_answered(100).await;
    let added = scene.relays.add();
    load.until_answered(100).await;
    assert!(scene.relays.node_mut(1).process().stop().success());
    load.until_answered(100).await;
    assert!(scene.relays.balancer().taken()[added - 1] > 0, "the links are at the new one");
    scene.relays.node_mut(1).process().restart();
    assert!(scene.relays.node_mut(added).process().stop().success());
    load.until_answered(100).await;
    load.end().await;
    let sums = scene.balance().await;
    eprintln!("relays added and taken away: {sums:?}");
}
