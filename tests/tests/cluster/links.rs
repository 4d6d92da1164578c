//! A relay is killed while many devices have their links to it.

use crate::{load::Load, scene::Scene};

/// Devices that are there.
const LINKS: u64 = 1_000;
const RELAYS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_links_move_to_other_relays_by_themselves() {
    let Some(mut scene) = Scene::new(RELAYS, LINKS).await else { return };
    let mut load = Load::start(&scene, 4, scene.people.len());
    load.until_answered(500).await;
    let before = scene.relays.balancer().taken();
    assert!(before.iter().all(|taken| *taken > LINKS / 6), "every relay has its share: {before:?}");
    scene.relays.node_mut(1).process().kill();
    load.until_answered(500).await;
    let longest = load.end().await;
    let after = scene.relays.balancer().taken();
    let sums = scene.balance().await;
    eprintln!("{LINKS} links, {before:?} then {after:?}: {sums:?}, longest pause {longest:?}");
}
