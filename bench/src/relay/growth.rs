//! What a full store costs: deposits into one with many envelopes beside one with
//! few, and a start after `kill -9` in the middle of deposits.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use msg_tests::relay::Peer;
use tokio::time::sleep;

use super::{
    connection::{Connection, Until},
    deposits::deposit,
    letters::Letters,
    server::Ours,
};
use crate::{
    output::{line, talk},
    turns::median,
};

const LINKS: usize = 16;
const MAILBOXES: usize = 256;
const SIZE: usize = 4_096;
const FEW: usize = 10_000;
/// One GiB of bodies.
const MANY: usize = 262_144;
const MOST: usize = 1_048_576;
/// Deposits in flight on each link: while the stores are filled, and measured.
const FILLING: usize = 16;
const WINDOW: usize = 4;
/// Deposits of one turn, and turns.
const TURN: usize = 2_000;
const TURNS: usize = 7;
const CRASHES: usize = 3;

/// A relay with envelopes in it.
struct Store {
    ours: Ours,
    connections: Vec<(Connection, Letters)>,
}

/// Measures, and prints two lines. `full` asks for a million envelopes.
pub(crate) async fn run(full: bool) -> io::Result<()> {
    let many = if full { MOST } else { MANY };
    talk(&format!("filling a store with {many} envelopes …"));
    let mut large = Store::filled(many).await?;
    let mut small = Store::filled(FEW).await?;
    let (mut ratios, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (one, other) = (large.turn().await?, small.turn().await?);
        ratios.push(other / one);
        ours.push(one);
    }
    line(format!(
        "a deposit with {many} envelopes stored: {:.2} times the cost of one with {FEW} \
         ({:.0} a second, {} in flight)",
        median(ratios),
        median(ours),
        LINKS * WINDOW,
    ));
    drop(small);
    large.crashes().await
}

impl Store {
    async fn filled(envelopes: usize) -> io::Result<Self> {
        let ours = Ours::start(MAILBOXES).await?;
        let mut store = Self { ours, connections: Vec::new() };
        store.connect(1).await?;
        deposit(&mut store.connections, FILLING, Until::Count(envelopes / LINKS)).await?;
        Ok(store)
    }

    async fn connect(&mut self, seed: u64) -> io::Result<()> {
        self.connections.clear();
        for letters in Letters::sources(LINKS, MAILBOXES, SIZE, seed) {
            self.connections.push((self.ours.connect().await?, letters));
        }
        Ok(())
    }

    async fn turn(&mut self) -> io::Result<f64> {
        Ok(deposit(&mut self.connections, WINDOW, Until::Count(TURN / LINKS)).await?.0)
    }

    /// Kills the relay in the middle of deposits, and starts it again.
    async fn crashes(&mut self) -> io::Result<()> {
        let (mut links, mut sign_ins) = (Vec::new(), Vec::new());
        for seed in (2..).take(CRASHES) {
            self.connect(seed).await?;
            let mut connections = std::mem::take(&mut self.connections);
            let load = tokio::spawn(async move {
                deposit(&mut connections, FILLING, Until::Time(Duration::from_mins(1))).await.err()
            });
            sleep(Duration::from_millis(700)).await;
            self.ours.process().kill();
            load.await?;
            let begin = Instant::now();
            self.ours.process().restart();
            links.push(begin.elapsed().as_secs_f64() * 1e3);
            let identity = self.ours.identities().first();
            let identity = identity.ok_or_else(|| io::Error::other("there is no account"))?;
            let link = Peer::sign_in(&self.ours.endpoint(), identity).await;
            sign_ins.push(begin.elapsed().as_secs_f64() * 1e3);
            let waiting = link.map_err(io::Error::other)?.signed_in().envelopes;
            if waiting == 0 {
                return Err(io::Error::other("the mailbox is empty after the crash"));
            }
        }
        line(format!(
            "start after kill -9 with {:.2} GiB on disk: listens after {:.0} ms, a sign-in is \
             answered after {:.0} ms",
            gibibytes(&self.ours.process().data())?,
            median(links),
            median(sign_ins),
        ));
        Ok(())
    }
}

/// What the files of a folder hold.
fn gibibytes(folder: &Path) -> io::Result<f64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "a size is shown with two digits")]
    Ok(bytes as f64 / f64::from(1 << 30))
}
