//! A relay that is asked to stop while everybody sends.

use std::time::Duration;

use msg_protocol::link::Closure;
use msg_tests::{
    relay::PeerError,
    seed,
    soak::{self, Found, Row},
};
use rand_core::Rng as _;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::{
    load::{Load, Sender},
    rounds::found,
    scene::{Scene, relay},
};

const STOPS: u64 = 20;

/// Stops a relay under load so many times by a signal; gives how many links were
/// told so.
async fn stop_under_load(part: &'static str, signal: Signal, times: u64) -> usize {
    let base = soak::base(7);
    let (mut row, mut rng) = (Row::begin(part, base), seed::rng(base));
    let mut scene = Scene::new(relay(), 4).await;
    let mut senders = Sender::several(&scene, 8, rng.next_u64());
    let mut told = 0;
    for _ in 0..times {
        row.run(base);
        let load = Load::start(&scene, senders, 2);
        load.until_answered(10).await;
        sleep(Duration::from_millis(rng.next_u64() % 20)).await;
        scene.relay.signal(signal);
        let status = scene.relay.ended();
        assert!(status.success(), "{status}: {}", scene.relay.log());
        let errors;
        (senders, errors) = load.ended().await;
        let is_told = |error: &&PeerError| matches!(error, PeerError::Closed(Closure::Closing(_)));
        told += errors.iter().filter(is_told).count();
        assert!(!scene.relay.listens());
        scene.relay.restart();
    }
    let sums = scene.balance().await;
    let refused: u64 = senders.iter().map(Sender::refused).sum();
    let found = found(sums, scene.relay.panics());
    let note = format!("{told} links told, {refused} deposits refused, {}", found.note);
    row.holds(&Found { note, ..found });
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_asked_to_stop_under_load_ends_well_and_loses_nothing() {
    let times = soak::times(STOPS);
    let told = stop_under_load("relay-stops", Signal::TERM, times).await;
    // All eight senders and two devices were there, but for those who came late.
    assert!(told as u64 >= times * 5, "only {told} links were told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_c_stops_it_as_well() {
    stop_under_load("relay-interrupt", Signal::INT, 1).await;
}
