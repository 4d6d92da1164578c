//! Relays on a cluster, the accounts on them, and the ledger of what they sent and got.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use msg_protocol::{request::AcknowledgeUpTo, response::Row};
use msg_tests::{
    cluster::Relays,
    ledger::{Ledger, Sums},
    postgres::{self, Cluster},
    relay::{Endpoint, Identity, Peer, PeerError, RelayBuilder},
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::sleep,
};

/// The relay's program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_relay");
/// How many nodes the database has.
pub(crate) const DATABASE: usize = 3;
/// How long everything may take to be well again on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(50);

static TURN: Mutex<()> = Mutex::const_new(());

/// Relays with people on them.
pub(crate) struct Scene {
    pub(crate) relays: Relays,
    pub(crate) people: Vec<Identity>,
    pub(crate) ledger: Arc<Ledger>,
    _turn: MutexGuard<'static, ()>,
}

/// A relay that takes as much as a test sends, from as many as there are.
pub(crate) fn relay() -> RelayBuilder {
    RelayBuilder::new(PROGRAM)
        .arg("--limit")
        .arg("mailbox-envelopes=1000000")
        .arg("--limit")
        .arg("all-registrations-per-hour=1000000")
}

/// Waits for the turn of a test; `None` where there is no PostgreSQL.
pub(crate) async fn turn() -> Option<MutexGuard<'static, ()>> {
    if postgres::are_there() { Some(TURN.lock().await) } else { None }
}

impl Scene {
    /// Starts so many relays on three nodes, and registers so many people through
    /// all of them.
    pub(crate) async fn new(relays: usize, people: u64) -> Option<Self> {
        let turn = turn().await?;
        let database = Cluster::of(DATABASE).start().unwrap();
        let relays = Relays::start(database, relay(), relays);
        let people: Vec<_> = (1..=people).map(Identity::random).collect();
        let endpoint = relays.endpoint();
        let mut link = Peer::anonymous(&endpoint).await.unwrap();
        for identity in &people {
            link.request(identity.registration(None)).await.unwrap();
        }
        Some(Self { relays, people, ledger: Arc::default(), _turn: turn })
    }

    /// Whichever relay is well.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.relays.endpoint()
    }

    /// Waits until every relay that runs says that it is well, or that it is not.
    pub(crate) async fn until_all(&mut self, well: bool) {
        let deadline = Instant::now() + PATIENCE;
        for number in 1..=self.relays.nodes().len() {
            let runs = self.relays.node_mut(number).process().runs();
            while runs && self.relays.node(number).is_well() != well {
                let log = || self.relays.node(number).log();
                assert!(Instant::now() < deadline, "r{number} is not as it should be:\n{}", log());
                sleep(PAUSE).await;
            }
        }
    }

    /// Signs in; who is told to come again, or is cut off, comes again for a while.
    pub(crate) async fn sign_in(&self, identity: &Identity) -> Peer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Peer::sign_in(&self.endpoint(), identity).await {
                Ok(peer) => return peer,
                Err(error) => assert!(is_over(&error) && Instant::now() < deadline, "{error}"),
            }
            sleep(PAUSE).await;
        }
    }

    /// One's whole mailbox, seen. It stays as it is.
    pub(crate) async fn look(&self, identity: &Identity) -> Vec<Row> {
        let rows = self.sign_in(identity).await.collect_all().await;
        self.ledger.sees_all(identity.mailbox(), &rows);
        rows
    }

    /// Sees one's whole mailbox and has the relays forget it.
    pub(crate) async fn drain(&self, identity: &Identity) {
        let mut peer = self.sign_in(identity).await;
        let rows = peer.collect_all().await;
        self.ledger.sees_all(identity.mailbox(), &rows);
        if let Some(last) = rows.last() {
            peer.request(AcknowledgeUpTo { sequence: last.sequence }).await.unwrap();
        }
        self.ledger.forgets(identity.mailbox(), rows.iter().map(|row| row.sequence));
    }

    /// Sees every mailbox to its end, has the relays forget what is there, looks at
    /// another relay that they have, and balances the books.
    pub(crate) async fn balance(&self) -> Sums {
        for identity in &self.people {
            self.drain(identity).await;
            assert_eq!(self.look(identity).await, [], "what is forgotten is gone");
        }
        self.ledger.balance()
    }
}

/// Whether a link ended as links do when what is behind them goes away, or was told
/// to come again.
pub(crate) fn is_over(error: &PeerError) -> bool {
    use msg_protocol::link::Closure;
    match error {
        PeerError::Io(_) | PeerError::Request(_) => true,
        PeerError::Closed(closure) => match closure {
            Closure::Ended | Closure::Truncated | Closure::Slow(_) => true,
            Closure::Closing(refusal) | Closure::SignInRefused(refusal) => refusal.keep,
            Closure::Farewell(farewell) => farewell.retry_after_s.is_some(),
            _ => false,
        },
        _ => false,
    }
}
