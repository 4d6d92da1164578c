//! A relay, the accounts on it, and the ledger of what they sent and got.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use msg_protocol::{
    error::{Code, Refusal},
    link::Closure,
    request::AcknowledgeUpTo,
    response::Row,
};
use msg_tests::{
    ledger::{Ledger, Sums},
    relay::{Endpoint, Identity, Peer, PeerError, RelayBuilder, RelayProcess, deposit, envelope},
};
use rand_chacha::ChaCha20Rng;
use tokio::time::sleep;

/// The relay's program, with its fail points.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_relay");

/// How long a store may take to be there again on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deposits that a sender has in flight.
const IN_FLIGHT: usize = 8;

/// A relay that will not meet another one, and takes as much as a test sends.
pub(crate) fn relay() -> RelayBuilder {
    RelayBuilder::new(PROGRAM)
        .arg("--metrics")
        .arg("off")
        .arg("--limit")
        .arg("mailbox-envelopes=1000000")
}

/// A relay with people on it.
pub(crate) struct Scene {
    pub(crate) relay: RelayProcess,
    pub(crate) people: Vec<Identity>,
    pub(crate) ledger: Arc<Ledger>,
}

impl Scene {
    /// Starts a relay, and registers so many.
    pub(crate) async fn new(builder: RelayBuilder, people: u64) -> Self {
        Self::with(builder.start(), people).await
    }

    /// Registers so many on a relay.
    pub(crate) async fn with(relay: RelayProcess, people: u64) -> Self {
        let people: Vec<_> = (1..=people).map(Identity::random).collect();
        for identity in &people {
            Peer::register(&relay.endpoint(), identity).await.unwrap();
        }
        Self { relay, people, ledger: Arc::default() }
    }

    /// The same people, and what they have sent, on another relay.
    pub(crate) fn adopt(relay: RelayProcess, scene: &Self) -> Self {
        let (people, ledger) = (scene.people.clone(), Arc::clone(&scene.ledger));
        Self { relay, people, ledger }
    }

    /// Where the relay listens.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.relay.endpoint()
    }

    /// Sends one's envelopes, each over again until one is refused; gives how
    /// many were answered for, and the refusal.
    pub(crate) async fn fill(
        &self,
        to: &Identity,
        size: usize,
        most: usize,
        rng: &mut ChaCha20Rng,
    ) -> (usize, Option<Refusal>) {
        let mut peer = Peer::anonymous(&self.endpoint()).await.unwrap();
        let mut answered = 0;
        let mut refused = None;
        while answered < most && refused.is_none() {
            let flight: Vec<_> = (0..IN_FLIGHT.min(most - answered))
                .map(|_| {
                    let envelope = envelope(to.mailbox(), size, rng);
                    self.ledger.sends(&envelope);
                    (peer.send(deposit(&to.door, &envelope)).unwrap(), envelope.id)
                })
                .collect();
            for (request, id) in flight {
                match peer.wait(request).await.unwrap() {
                    Ok(_) => {
                        self.ledger.answered(id);
                        answered += 1;
                    }
                    Err(refusal) => refused = Some(refusal),
                }
            }
        }
        (answered, refused)
    }

    /// Sends so many, none of which is refused.
    pub(crate) async fn send(
        &self,
        to: &Identity,
        size: usize,
        count: usize,
        rng: &mut ChaCha20Rng,
    ) {
        assert_eq!(self.fill(to, size, count, rng).await, (count, None));
    }

    /// Signs in; a relay that opens its store anew is asked again for a while.
    async fn sign_in(&self, identity: &Identity) -> Peer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Peer::sign_in(&self.endpoint(), identity).await {
                Ok(peer) => return peer,
                Err(PeerError::Closed(Closure::SignInRefused(refusal)))
                    if refusal.code == Code::UNAVAILABLE && Instant::now() < deadline =>
                {
                    sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// One's whole mailbox, seen. It stays as it is.
    pub(crate) async fn look(&self, identity: &Identity) -> Vec<Row> {
        let mut peer = Peer::sign_in(&self.endpoint(), identity).await.unwrap();
        let rows = peer.collect_all().await;
        self.ledger.sees_all(identity.mailbox(), &rows);
        rows
    }

    /// Sees one's whole mailbox and has the relay forget it; gives how many
    /// there were.
    pub(crate) async fn drain(&self, identity: &Identity) -> usize {
        let mut peer = self.sign_in(identity).await;
        let rows = peer.collect_all().await;
        self.ledger.sees_all(identity.mailbox(), &rows);
        if let Some(last) = rows.last() {
            // On a full disk it may take more than one commit until there is room.
            let deadline = Instant::now() + PATIENCE;
            let acknowledge = AcknowledgeUpTo { sequence: last.sequence };
            while let Err(refusal) = peer.request(acknowledge.clone()).await {
                assert!(refusal.keep && Instant::now() < deadline, "{refusal:?}");
                sleep(Duration::from_millis(20)).await;
            }
        }
        let all = rows.iter().map(|row| row.sequence);
        self.ledger.forgets(identity.mailbox(), all);
        rows.len()
    }

    /// Sees every mailbox to its end, has the relay forget what is there, looks
    /// that it has, and balances the books.
    pub(crate) async fn balance(&self) -> Sums {
        for identity in &self.people {
            self.drain(identity).await;
            assert_eq!(self.look(identity).await, [], "what is forgotten is gone");
        }
        self.ledger.balance()
    }
}

/// Whether the relay refused because it stops, or went away: nothing else may
/// end a link under load.
pub(crate) fn is_cut(error: &PeerError) -> bool {
    match error {
        PeerError::Io(_)
        | PeerError::Request(_)
        | PeerError::Closed(Closure::Ended | Closure::Truncated) => true,
        PeerError::Closed(Closure::Closing(refusal) | Closure::SignInRefused(refusal)) => {
            refusal.code == Code::UNAVAILABLE
        }
        _ => false,
    }
}
