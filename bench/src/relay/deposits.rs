//! Durable deposits: how many a second, and how long each takes.

use std::{io, time::Duration};

use tokio::task::JoinSet;

use super::{
    connection::{Connection, Until},
    latency::Latencies,
    letters::Letters,
    server::{Server, Spent},
};
use crate::{output::line, turns::median};

/// Deposits in flight on each connection.
const WINDOW: usize = 4;
const MAILBOXES: usize = 256;
const SIZE: usize = 4_096;
/// Deposits in flight, on all connections together.
const LOADS: [usize; 2] = [64, 256];
/// Turns of each server that count, after one that does not.
const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(2);

/// One server's turns.
struct Lane {
    server: Server,
    connections: Vec<(Connection, Letters)>,
    rates: Vec<f64>,
    latencies: Latencies,
    spent: Spent,
}

/// Measures all servers in turns, and prints a table for each load.
pub(crate) async fn run(left_out: impl FnMut(&str, &io::Error)) -> io::Result<()> {
    measure(Server::start_all(MAILBOXES, left_out).await?).await
}

/// The same for our relay alone, on each of its stores, with what each deposit
/// costs in processor time.
pub(crate) async fn run_stores() -> io::Result<()> {
    measure(Server::start_ours(MAILBOXES).await?).await
}

async fn measure(servers: Vec<Server>) -> io::Result<()> {
    let mut lanes: Vec<Lane> = servers.into_iter().map(Lane::new).collect();
    for (seed, in_flight) in (1..).zip(LOADS) {
        for lane in &mut lanes {
            lane.connect(in_flight / WINDOW, seed).await?;
        }
        for turn in 0..=TURNS {
            for lane in &mut lanes {
                lane.turn(turn > 0).await?;
            }
        }
        print(in_flight, &lanes);
    }
    Ok(())
}

impl Lane {
    const fn new(server: Server) -> Self {
        Self {
            server,
            connections: Vec::new(),
            rates: Vec::new(),
            latencies: Latencies::new(),
            spent: Spent::NONE,
        }
    }

    /// Begins anew, on so many connections.
    async fn connect(&mut self, links: usize, seed: u64) -> io::Result<()> {
        (self.rates, self.latencies, self.spent) = (Vec::new(), Latencies::new(), Spent::NONE);
        self.connections.clear();
        for letters in Letters::sources(links, MAILBOXES, SIZE, seed) {
            self.connections.push((self.server.connect().await?, letters));
        }
        Ok(())
    }

    async fn turn(&mut self, counts: bool) -> io::Result<()> {
        // What another server has left unwritten is not for this one to wait for.
        rustix::fs::sync();
        let before = self.server.spent();
        let (rate, latencies) = deposit(&mut self.connections, WINDOW, Until::Time(TURN)).await?;
        if counts {
            self.rates.push(rate);
            self.latencies.extend(latencies);
            self.spent = self.spent.plus(self.server.spent().since(before));
        }
        Ok(())
    }
}

/// Deposits on all connections at once; the rate a second, and each one's time.
pub(crate) async fn deposit(
    connections: &mut Vec<(Connection, Letters)>,
    window: usize,
    until: Until,
) -> io::Result<(f64, Latencies)> {
    let begin = std::time::Instant::now();
    let mut tasks = JoinSet::new();
    for (mut connection, mut letters) in connections.drain(..) {
        tasks.spawn(async move {
            let latencies = connection.deposit(window, until, &mut letters).await;
            (connection, letters, latencies)
        });
    }
    let mut all = Latencies::new();
    while let Some(ended) = tasks.join_next().await {
        let (connection, letters, latencies) = ended?;
        all.extend(latencies?);
        connections.push((connection, letters));
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    let rate = all.count() as f64 / begin.elapsed().as_secs_f64();
    Ok((rate, all))
}

fn print(in_flight: usize, lanes: &[Lane]) {
    line(format!(
        "durable deposits of {SIZE} B: {in_flight} in flight on {} links, {MAILBOXES} mailboxes",
        in_flight / WINDOW
    ));
    let title = "medians of turns; over 1: the first is faster";
    line(format!(
        "{title:<52} {:>9} {:>8} {:>8} {:>8} {:>11} {:>9} {:>9}",
        "a second", "p50 ms", "p99 ms", "p99.9 ms", "first/this", "relay us", "base us"
    ));
    let ours = lanes.first().map(|lane| lane.rates.clone()).unwrap_or_default();
    for (index, lane) in lanes.iter().enumerate() {
        let ratios = ours.iter().zip(&lane.rates).map(|(ours, theirs)| ours / theirs).collect();
        let ratio = if index == 0 { String::new() } else { format!("{:.2}", median(ratios)) };
        let [half, most, nearly_all] = lane.latencies.per_mille([500, 990, 999]);
        #[expect(clippy::cast_precision_loss, reason = "a mean need not be exact")]
        let each = |spent: Duration| spent.as_secs_f64() * 1e6 / lane.latencies.count() as f64;
        let Spent { relays, database } = lane.spent;
        let cost = if relays.is_zero() {
            String::new()
        } else {
            format!("{:>9.0} {:>9.0}", each(relays), each(database))
        };
        line(format!(
            "{:<52} {:>9.0} {half:>8.1} {most:>8.1} {nearly_all:>8.1} {ratio:>11} {cost}",
            lane.server.describe(),
            median(lane.rates.clone()),
        ));
    }
    line("");
}
