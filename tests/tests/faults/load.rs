//! Many senders and a few devices at once, for as long as the relay is there.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use msg_protocol::{
    envelope::Envelope,
    error::Refusal,
    frame::RequestId,
    id::{EnvelopeId, MailboxId},
    request::{AcknowledgeOne, AcknowledgeUpTo, Credit, Request},
    response::Response,
    secret::Door,
};
use msg_tests::{
    ledger::Ledger,
    relay::{Endpoint, Identity, Peer, PeerError, deposit, envelope},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::{task::JoinSet, time::sleep};

use crate::scene::{Scene, is_cut};

/// Deposits that a sender has in flight.
const IN_FLIGHT: usize = 8;
/// Envelopes that a device lets come before it says that it has them.
const HELD: usize = 5;
/// How long the first answer of a run may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who sends: what a run leaves unanswered is sent again by the next one.
pub(crate) struct Sender {
    to: Vec<(MailboxId, Door)>,
    unanswered: BTreeMap<EnvelopeId, Envelope>,
    refused: u64,
    rng: ChaCha20Rng,
}

impl Sender {
    /// Those who send to everybody in the scene.
    pub(crate) fn several(scene: &Scene, count: u64, seed: u64) -> Vec<Self> {
        let to: Vec<_> = scene.people.iter().map(|one| (one.mailbox(), one.door.clone())).collect();
        let sender = |number| Self {
            to: to.clone(),
            unanswered: BTreeMap::new(),
            refused: 0,
            rng: ChaCha20Rng::seed_from_u64(seed.wrapping_mul(1_000) + number),
        };
        (0..count).map(sender).collect()
    }

    /// How often the relay told it to keep an envelope and try again.
    pub(crate) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Sends until the link is cut.
    async fn run(&mut self, endpoint: Endpoint, ledger: &Ledger) -> PeerError {
        let mut peer = match Peer::anonymous(&endpoint).await {
            Ok(peer) => peer,
            Err(error) => return error,
        };
        let mut again: VecDeque<_> = self.unanswered.values().cloned().collect();
        let mut flight = VecDeque::new();
        let error = loop {
            while flight.len() < IN_FLIGHT {
                let envelope = again.pop_front().unwrap_or_else(|| self.compose());
                match self.send(&mut peer, &envelope, ledger) {
                    Ok(sent) => flight.push_back(sent),
                    Err(_) => break,
                }
            }
            let Some((request, id)) = flight.pop_front() else { break peer.closed().await };
            match peer.wait(request).await {
                Ok(answer) => self.take(id, &answer, ledger),
                Err(error) => break error,
            }
        };
        // What had come before the end has come.
        for (request, id) in flight {
            if let Ok(answer) = peer.wait(request).await {
                self.take(id, &answer, ledger);
            }
        }
        error
    }

    fn compose(&mut self) -> Envelope {
        let (mailbox, _) = self.to[self.rng.next_u32() as usize % self.to.len()];
        // Mostly of the smallest size.
        let size = 4_096 << (self.rng.next_u32() % 8).saturating_sub(4);
        envelope(mailbox, size, &mut self.rng)
    }

    fn send(
        &mut self,
        peer: &mut Peer,
        envelope: &Envelope,
        ledger: &Ledger,
    ) -> Result<(RequestId, EnvelopeId), PeerError> {
        let (_, door) = self.to.iter().find(|(mailbox, _)| *mailbox == envelope.mailbox).unwrap();
        self.unanswered.insert(envelope.id, envelope.clone());
        ledger.sends(envelope);
        Ok((peer.send(deposit(door, envelope))?, envelope.id))
    }

    fn take(&mut self, id: EnvelopeId, answer: &Result<Response, Refusal>, ledger: &Ledger) {
        match answer {
            Ok(_) => {
                ledger.answered(id);
                self.unanswered.remove(&id);
            }
            Err(refusal) => {
                assert!(refusal.keep, "a deposit that nothing is wrong with: {refusal:?}");
                self.refused += 1;
            }
        }
    }
}

/// A device that is there: it takes what is pushed, and says that it has it, now
/// one by one and now all so far.
async fn receive(endpoint: Endpoint, identity: Identity, ledger: Arc<Ledger>) -> PeerError {
    match receive_until_cut(&endpoint, &identity, &ledger).await {
        Ok(never) => never,
        Err(error) => error,
    }
}

async fn receive_until_cut(
    endpoint: &Endpoint,
    identity: &Identity,
    ledger: &Ledger,
) -> Result<PeerError, PeerError> {
    let mailbox = identity.mailbox();
    let mut peer = Peer::sign_in(endpoint, identity).await?;
    ask(&mut peer, Credit { envelopes: 64, after: 0 }).await?;
    let mut one_by_one = false;
    loop {
        let mut held = Vec::new();
        while held.len() < HELD {
            let row = peer.arrival().await?;
            ledger.sees(mailbox, &row);
            held.push(row.sequence);
        }
        if one_by_one {
            for &sequence in &held {
                ask(&mut peer, AcknowledgeOne { sequence }).await?;
            }
        } else {
            ask(&mut peer, AcknowledgeUpTo { sequence: held[HELD - 1] }).await?;
        }
        ledger.forgets(mailbox, held);
        one_by_one = !one_by_one;
        let envelopes = u16::try_from(HELD).unwrap();
        ask(&mut peer, Credit { envelopes, after: 0 }).await?;
    }
}

async fn ask(peer: &mut Peer, request: impl Into<Request>) -> Result<(), PeerError> {
    let id = peer.send(request)?;
    match peer.wait(id).await? {
        Ok(_) => Ok(()),
        // It stops, or opens its store anew: the link's end follows, or the next run.
        Err(refusal) => {
            assert!(refusal.keep, "{refusal:?}");
            Err(peer.closed().await)
        }
    }
}

/// A load that runs.
pub(crate) struct Load {
    senders: JoinSet<(Sender, PeerError)>,
    devices: JoinSet<PeerError>,
    ledger: Arc<Ledger>,
    answered_before: usize,
}

impl Load {
    /// Lets all senders send to everybody, while the first so many are there.
    pub(crate) fn start(scene: &Scene, senders: Vec<Sender>, there: usize) -> Self {
        let endpoint = scene.endpoint();
        let (mut sending, mut devices) = (JoinSet::new(), JoinSet::new());
        for identity in scene.people.iter().take(there) {
            devices.spawn(receive(endpoint, identity.clone(), Arc::clone(&scene.ledger)));
        }
        let answered_before = scene.ledger.count_answered();
        for mut sender in senders {
            let ledger = Arc::clone(&scene.ledger);
            sending.spawn(async move {
                let error = sender.run(endpoint, &ledger).await;
                (sender, error)
            });
        }
        Self { senders: sending, devices, ledger: Arc::clone(&scene.ledger), answered_before }
    }

    /// Waits until the relay has answered for so many more.
    pub(crate) async fn until_answered(&self, count: usize) {
        let enough = async {
            while self.ledger.count_answered() < self.answered_before + count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("the relay answers");
    }

    /// Waits until every link has ended; gives the senders back, and why the
    /// links ended.
    pub(crate) async fn ended(mut self) -> (Vec<Sender>, Vec<PeerError>) {
        let (mut senders, mut errors) = (Vec::new(), Vec::new());
        while let Some(ended) = self.senders.join_next().await {
            let (sender, error) = ended.unwrap();
            senders.push(sender);
            errors.push(error);
        }
        while let Some(ended) = self.devices.join_next().await {
            errors.push(ended.unwrap());
        }
        for error in &errors {
            assert!(is_cut(error), "a link under load ended by: {error}");
        }
        (senders, errors)
    }
}
