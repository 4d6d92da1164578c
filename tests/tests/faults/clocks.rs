//! Wall clocks that jump: between two runs, and under a running relay.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use msg_tests::{
    clock,
    relay::{Peer, RelayBuilder},
    seed,
};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::scene::{Scene, relay};

const DAY_S: i64 = 86_400;
const TEN_YEARS_S: i64 = 3_650 * DAY_S;
/// How long what was sent may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);
/// How far two looks at a clock may lie apart on a busy machine.
const TOLERANCE_S: i64 = 600;

/// A relay whose wall clock is off by what a file says, and alone: its timers go on.
fn relay_by(clock: &TempDir) -> RelayBuilder {
    relay()
        .env("LD_PRELOAD", clock::library())
        .env("FAKETIME_TIMESTAMP_FILE", clock.path().join("clock").to_str().unwrap())
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1")
}

fn set(clock: &TempDir, off_s: i64) {
    let new = clock.path().join("new");
    fs::write(&new, format!("{off_s:+}s\n")).unwrap();
    fs::rename(new, clock.path().join("clock")).unwrap();
}

fn wall_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// What the relay says the time is, less what it is.
async fn off_s(scene: &Scene) -> i64 {
    let peer = Peer::anonymous(&scene.endpoint()).await.unwrap();
    i64::try_from(peer.welcome().time.0).unwrap() - wall_s()
}

async fn assert_off(scene: &Scene, expected_s: i64) {
    let off_s = off_s(scene).await;
    assert!((off_s - expected_s).abs() < TOLERANCE_S, "off by {off_s} s, not {expected_s} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_expires_early_when_the_clock_jumps_between_two_runs() {
    let mut rng = seed::rng(5);
    let clock = TempDir::new().unwrap();
    set(&clock, 0);
    let mut scene = Scene::new(relay_by(&clock), 2).await;
    let mut waiting = 0;
    for jump_s in [0, TEN_YEARS_S, -TEN_YEARS_S, -3_600, 0] {
        assert!(scene.relay.stop().success());
        set(&clock, jump_s);
        scene.relay.restart();
        assert_off(&scene, jump_s).await;
        let bob = &scene.people[0];
        assert_eq!(scene.look(bob).await.len(), waiting, "all still wait, {jump_s} s off");
        scene.send(bob, 4_096, 20, &mut rng).await;
        waiting += 20;
        assert_eq!(scene.look(bob).await.len(), waiting, "new ones wait, {jump_s} s off");
    }
    // Somebody new can come as well.
    let late = msg_tests::relay::Identity::random(99);
    Peer::register(&scene.endpoint(), &late).await.unwrap();
    assert_eq!(scene.balance().await.answered, waiting);
    assert_eq!(scene.relay.panics(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_expires_early_when_the_clock_jumps_under_a_running_relay() {
    let mut rng = seed::rng(6);
    let clock = TempDir::new().unwrap();
    set(&clock, 0);
    let scene = Scene::new(relay_by(&clock), 2).await;
    let [bob, carol] = scene.people.as_slice() else { panic!("two") };
    let mut device = Peer::sign_in(&scene.endpoint(), bob).await.unwrap();
    device.credit(1_000, 0).await;
    let (mut pushed, mut last) = (0, 0);
    for jump_s in [0, TEN_YEARS_S, -TEN_YEARS_S, TEN_YEARS_S, TEN_YEARS_S - 3_600, 0] {
        set(&clock, jump_s);
        assert_off(&scene, jump_s).await;
        for identity in [bob, carol] {
            scene.send(identity, 4_096, 10, &mut rng).await;
        }
        for _ in 0..10 {
            let arrival = timeout(PATIENCE, device.arrival()).await;
            let row = arrival.expect("what is sent arrives").unwrap();
            assert!(row.sequence > last, "numbers rise, whatever the clock does");
            last = row.sequence;
            scene.ledger.sees(bob.mailbox(), &row);
            pushed += 1;
        }
        for identity in [bob, carol] {
            assert_eq!(scene.look(identity).await.len(), pushed, "{jump_s} s off");
        }
    }
    assert_eq!(scene.balance().await.answered, 2 * pushed);
    assert_eq!(scene.relay.panics(), 0);
}
