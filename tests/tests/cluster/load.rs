//! Clients that send all the time and come back whenever they are cut off, and
//! devices that do the same, through the load balancer.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use msg_protocol::{
    envelope::Envelope,
    id::MailboxId,
    request::{AcknowledgeUpTo, Credit, Request},
    secret::Door,
};
use msg_tests::{
    ledger::Ledger,
    relay::{Endpoint, Identity, Peer, PeerError, deposit, envelope},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::scene::{PATIENCE, Scene, is_over};

/// Deposits that a client has in flight.
const IN_FLIGHT: usize = 8;
/// How long a client waits before it comes back.
const PAUSE: Duration = Duration::from_millis(100);
/// After how long without an answer it takes a link for broken.
const BROKEN: Duration = Duration::from_secs(20);
/// The size of a body.
const BYTES: usize = 4_096;

/// A client: what has no answer yet, it sends again.
struct Sender {
    endpoint: Endpoint,
    to: Vec<(MailboxId, Door)>,
    unanswered: VecDeque<Envelope>,
    ledger: Arc<Ledger>,
    pulse: Arc<Pulse>,
    enough: watch::Receiver<bool>,
    rng: ChaCha20Rng,
}

impl Sender {
    /// Sends until it is told that it is enough, and everything has its answer.
    async fn run(mut self) {
        while !self.is_done() {
            if let Ok(Ok(mut peer)) = timeout(BROKEN, Peer::anonymous(&self.endpoint)).await {
                self.talk(&mut peer).await;
            }
            sleep(PAUSE).await;
        }
    }

    fn is_done(&self) -> bool {
        *self.enough.borrow() && self.unanswered.is_empty()
    }

    /// Sends until the link ends, or something is refused, or all is done.
    async fn talk(&mut self, peer: &mut Peer) {
        let mut flight = VecDeque::new();
        let mut goes_on = true;
        loop {
            while goes_on && flight.len() < IN_FLIGHT {
                let Some(envelope) = self.next() else { break };
                let door = &self.to.iter().find(|to| to.0 == envelope.mailbox).unwrap().1;
                let Ok(id) = peer.send(deposit(door, &envelope)) else {
                    self.unanswered.push_back(envelope);
                    goes_on = false;
                    break;
                };
                self.ledger.sends(&envelope);
                flight.push_back((id, envelope));
            }
            let Some((id, envelope)) = flight.pop_front() else { return };
            match timeout(BROKEN, peer.wait(id)).await {
                Ok(Ok(Ok(_))) => {
                    self.ledger.answered(envelope.id);
                    self.pulse.beat();
                }
                Ok(Ok(Err(refusal))) => {
                    assert!(refusal.keep, "a deposit that nothing is wrong with: {refusal:?}");
                    self.unanswered.push_back(envelope);
                    goes_on = false;
                }
                Ok(Err(error)) => {
                    assert!(is_over(&error), "a link under load ended by: {error}");
                    self.unanswered.push_back(envelope);
                    goes_on = false;
                }
                Err(_) => {
                    let rest = flight.into_iter().map(|(_, envelope)| envelope);
                    self.unanswered.extend(rest.chain([envelope]));
                    return;
                }
            }
        }
    }

    /// What is to be sent again, or something new.
    fn next(&mut self) -> Option<Envelope> {
        let again = self.unanswered.pop_front();
        let is_enough = *self.enough.borrow();
        again.or_else(|| {
            let (mailbox, _) = self.to[self.rng.next_u32() as usize % self.to.len()];
            (!is_enough).then(|| envelope(mailbox, BYTES, &mut self.rng))
        })
    }
}

/// A device that is there: it takes what is pushed, and says that it has it.
async fn receive(endpoint: Endpoint, identity: Identity, ledger: Arc<Ledger>) {
    loop {
        if let Err(error) = receive_until_cut(&endpoint, &identity, &ledger).await {
            assert!(is_over(&error), "a link of a device ended by: {error}");
        }
        sleep(PAUSE).await;
    }
}

async fn receive_until_cut(
    endpoint: &Endpoint,
    identity: &Identity,
    ledger: &Ledger,
) -> Result<(), PeerError> {
    let mut peer = Peer::sign_in(endpoint, identity).await?;
    if !ask(&mut peer, Credit { envelopes: 64, after: 0 }).await? {
        return Ok(());
    }
    loop {
        let row = peer.arrival().await?;
        ledger.sees(identity.mailbox(), &row);
        if !ask(&mut peer, AcknowledgeUpTo { sequence: row.sequence }).await? {
            return Ok(());
        }
        ledger.forgets(identity.mailbox(), [row.sequence]);
        if !ask(&mut peer, Credit { envelopes: 1, after: 0 }).await? {
            return Ok(());
        }
    }
}

/// Whether it was done, or is to be asked again later.
async fn ask(peer: &mut Peer, request: impl Into<Request>) -> Result<bool, PeerError> {
    let id = peer.send(request)?;
    let answer = peer.wait(id).await?;
    if let Err(refusal) = &answer {
        assert!(refusal.keep, "{refusal:?}");
    }
    Ok(answer.is_ok())
}

/// When the last answer came, and the longest time between two.
struct Pulse(Mutex<(Instant, Duration)>);

impl Pulse {
    fn beat(&self) {
        let mut pulse = self.0.lock().unwrap();
        let (last, longest) = *pulse;
        *pulse = (Instant::now(), longest.max(last.elapsed()));
    }
}

/// A load that runs.
pub(crate) struct Load {
    senders: JoinSet<()>,
    devices: JoinSet<()>,
    ledger: Arc<Ledger>,
    pulse: Arc<Pulse>,
    enough: watch::Sender<bool>,
}

impl Load {
    /// Lets so many clients send to everybody, while the first so many are there.
    pub(crate) fn start(scene: &Scene, senders: u64, there: usize) -> Self {
        let to: Vec<_> = scene.people.iter().map(|one| (one.mailbox(), one.door.clone())).collect();
        let pulse = Arc::new(Pulse(Mutex::new((Instant::now(), Duration::ZERO))));
        let (enough, is_enough) = watch::channel(false);
        let (mut sending, mut devices) = (JoinSet::new(), JoinSet::new());
        for identity in scene.people.iter().take(there) {
            let ledger = Arc::clone(&scene.ledger);
            devices.spawn(receive(scene.endpoint(), identity.clone(), ledger));
        }
        for number in 0..senders {
            let sender = Sender {
                endpoint: scene.endpoint(),
                to: to.clone(),
                unanswered: VecDeque::new(),
                ledger: Arc::clone(&scene.ledger),
                pulse: Arc::clone(&pulse),
                enough: is_enough.clone(),
                rng: ChaCha20Rng::seed_from_u64(number),
            };
            sending.spawn(sender.run());
        }
        Self { senders: sending, devices, ledger: Arc::clone(&scene.ledger), pulse, enough }
    }

    /// Waits until so many more have been answered for.
    pub(crate) async fn until_answered(&mut self, count: usize) {
        let wanted = self.ledger.count_answered() + count;
        let deadline = Instant::now() + PATIENCE;
        while self.ledger.count_answered() < wanted {
            assert!(Instant::now() < deadline, "no answers come");
            self.watch();
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Fails with whoever has failed.
    fn watch(&mut self) {
        while let Some(ended) =
            self.senders.try_join_next().or_else(|| self.devices.try_join_next())
        {
            ended.unwrap();
        }
    }

    /// Lets the clients have their last answers; gives the longest time in which
    /// nobody had one.
    pub(crate) async fn end(mut self) -> Duration {
        self.enough.send_replace(true);
        let all = async {
            while let Some(ended) = self.senders.join_next().await {
                ended.unwrap();
            }
        };
        timeout(PATIENCE, all).await.expect("everything is answered in the end");
        self.watch();
        self.devices.shutdown().await;
        self.pulse.0.lock().unwrap().1
    }
}
