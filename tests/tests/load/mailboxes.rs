//! Mailboxes that are written to in batches by whoever knows their door, and emptied
//! by their devices, over links that last for a batch.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use msg_protocol::{
    envelope::Envelope,
    request::{AcknowledgeOne, AcknowledgeUpTo, Collect, Request},
    response::{Collected, Response},
};
use msg_tests::{
    ledger::{Ledger, Sums},
    relay::{Endpoint, Identity, Peer, PeerError, deposit, envelope},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::{
    runtime,
    time::{sleep, timeout},
};

const PEOPLE: u64 = 16;
const BATCH: usize = 8;
const PACE: Duration = Duration::from_millis(600);
/// How long a link is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Links that it may take to send what is left at the end, and to empty a mailbox.
const LAST_LINKS: usize = 20;

pub(crate) struct Mailboxes {
    relay: Endpoint,
    by_lines: Endpoint,
    people: Vec<Identity>,
    unanswered: VecDeque<Envelope>,
    ledger: Ledger,
    rng: ChaCha20Rng,
}

impl Mailboxes {
    /// Registers everybody at the relay; all else goes over lines.
    pub(crate) fn make(relay: Endpoint, by_lines: Endpoint, seed: u64) -> Self {
        let people: Vec<_> = (1..=PEOPLE).map(Identity::random).collect();
        let rng = ChaCha20Rng::seed_from_u64(seed);
        let (unanswered, ledger) = (VecDeque::new(), Ledger::default());
        Self { relay, by_lines, people, unanswered, ledger, rng }
    }

    /// Goes on until it is over; balances the books then.
    pub(crate) fn run(mut self, is_over: Arc<AtomicBool>) -> JoinHandle<Sums> {
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                for identity in &self.people {
                    Peer::register(&self.relay, identity).await.unwrap();
                }
                while !is_over.load(Ordering::SeqCst) {
                    // A link that breaks is taken up by the next one.
                    let _ = timeout(PATIENCE, self.send()).await;
                    let whose = self.anybody();
                    let _ = timeout(PATIENCE, self.empty(whose)).await;
                    sleep(PACE).await;
                }
                self.balance().await
            })
        })
    }

    fn anybody(&mut self) -> usize {
        self.rng.next_u32() as usize % self.people.len()
    }

    /// Sends what has no answer yet, and more.
    async fn send(&mut self) -> Result<(), PeerError> {
        let to = self.anybody();
        let mailbox = self.people[to].mailbox();
        while self.unanswered.len() < BATCH {
            let size = 4_096 << (self.rng.next_u32() % 8).saturating_sub(5);
            self.unanswered.push_back(envelope(mailbox, size, &mut self.rng));
        }
        self.send_all().await
    }

    async fn send_all(&mut self) -> Result<(), PeerError> {
        let mut peer = Peer::anonymous(&self.by_lines).await?;
        let mut flight = Vec::new();
        for envelope in &self.unanswered {
            let whose = |one: &&Identity| one.mailbox() == envelope.mailbox;
            let door = &self.people.iter().find(whose).unwrap().door;
            self.ledger.sends(envelope);
            flight.push(peer.send(deposit(door, envelope))?);
        }
        for request in flight {
            let answer = peer.wait(request).await?;
            let envelope = self.unanswered.pop_front().unwrap();
            answer.expect("a deposit that nothing is wrong with");
            self.ledger.answered(envelope.id);
        }
        Ok(())
    }

    /// Takes what is in somebody's mailbox, now one by one and now all so far.
    async fn empty(&mut self, whose: usize) -> Result<usize, PeerError> {
        let one_by_one = self.rng.next_u32().is_multiple_of(4);
        let identity = &self.people[whose];
        let mailbox = identity.mailbox();
        let mut peer = Peer::sign_in(&self.by_lines, identity).await?;
        let mut taken = 0;
        loop {
            let request = Collect { after: 0, envelopes: 20, bytes: 1 << 20 };
            let Response::Collected(Collected { rows, .. }) = ask(&mut peer, request).await? else {
                panic!("no answer to a collection")
            };
            let rows = rows.into_vec();
            let Some(last) = rows.last().map(|row| row.sequence) else { return Ok(taken) };
            taken += rows.len();
            for row in &rows {
                self.ledger.sees(mailbox, row);
                if one_by_one {
                    ask(&mut peer, AcknowledgeOne { sequence: row.sequence }).await?;
                    self.ledger.forgets(mailbox, [row.sequence]);
                }
            }
            if !one_by_one {
                ask(&mut peer, AcknowledgeUpTo { sequence: last }).await?;
                self.ledger.forgets(mailbox, rows.iter().map(|row| row.sequence));
            }
        }
    }

    async fn balance(mut self) -> Sums {
        self.by_lines = self.relay;
        for _ in 0..LAST_LINKS {
            if self.send_all().await.is_ok() {
                break;
            }
        }
        for whose in 0..self.people.len() {
            self.empty(whose).await.expect("nothing is cut any more");
            assert_eq!(self.empty(whose).await.unwrap(), 0, "what is forgotten is gone");
        }
        let sums = self.ledger.balance();
        assert_eq!(sums.unanswered, 0);
        sums
    }
}

async fn ask(peer: &mut Peer, request: impl Into<Request>) -> Result<Response, PeerError> {
    let id = peer.send(request)?;
    Ok(peer.wait(id).await?.expect("nothing is wrong with it"))
}
