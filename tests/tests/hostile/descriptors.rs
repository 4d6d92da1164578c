//! More connections than the relay has descriptors for.

use std::time::{Duration, Instant};

use msg_tests::relay::Peer;
use tokio::{net::TcpStream, time::sleep};

use crate::scene::{Fort, Probe, builder, eventually};

/// Seconds for which there is no descriptor left.
const SIEGE: u64 = 5;

async fn besiege(fort: &Fort) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for number in 0..400 {
        crowd.push(fort.from(1 + u8::try_from(number % 4).unwrap()).dial().await.unwrap());
    }
    crowd
}

#[tokio::test]
async fn without_descriptors_old_links_go_on_and_new_ones_come_later() {
    let limits = ["ready-s=10", "links-per-source=1000", "openings-burst=1000"];
    let relay = builder(&limits).under(&["prlimit", "--nofile=128:128"]).start();
    let fort = Fort { relay };
    let mut probe = Probe::new(&fort).await;
    let lines = |fort: &Fort| fort.relay.log().matches("cannot take connections").count();

    let crowd = besiege(&fort).await;
    let (begun, ticks) = (Instant::now(), fort.processor_ticks());
    let mut trips = 0;
    while begun.elapsed() < Duration::from_secs(SIEGE) {
        probe.round_trip().await;
        trips += 1;
        sleep(Duration::from_millis(50)).await;
    }
    let siege = begun.elapsed().as_secs();
    let spent = fort.processor_ticks() - ticks;
    eprintln!("{trips} round trips, {spent} ticks in {siege} s");
    assert!(trips >= 3, "those who are there go on: {trips} round trips");
    let lines = lines(&fort);
    assert!(
        (1..=usize::try_from(siege).unwrap() + 2).contains(&lines),
        "{lines} lines in {siege} s"
    );
    assert!(spent < siege * 100, "it does not spin: {spent} ticks in {siege} s");

    drop(crowd);
    eventually(async || Peer::anonymous(&fort.from(9)).await.is_ok()).await;
    probe.check(&fort).await;
    fort.assert_unharmed();
}
