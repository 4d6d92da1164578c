//! The network of a simulation: connections that carry frames, late, cut at any
//! byte, or not at all. There is no TLS in it, whose randomness has no seed; the
//! tests of both programs have that.

mod lies;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use msg_client::transport::{DialError, Dialling, Network, Stream};
use msg_protocol::{
    address::RelayAddress,
    envelope::Envelope,
    id::{EnvelopeId, MailboxId},
};
use tokio::{
    io::{DuplexStream, duplex},
    task::AbortHandle,
    time::sleep,
};

pub(crate) use self::lies::Lies;
use crate::{
    machine::{Host, below, chance},
    seals::Seals,
};

/// What lies on the way, in each direction of a connection.
const BUFFER_BYTES: usize = 64 * 1_024;
/// Between two looks whether the way is open.
const LOOK: Duration = Duration::from_millis(100);

/// How the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weather {
    /// The longest that a frame is under way.
    pub(crate) latency_ms: u64,
    /// Of a thousand frames, how many end their connection, before, in or after them.
    pub(crate) cuts: u64,
    /// Of a thousand connections, how many go nowhere, without a word.
    pub(crate) refused: u64,
}

impl Weather {
    /// Nothing happens.
    pub(crate) const CALM: Self = Self { latency_ms: 5, cuts: 0, refused: 0 };
}

/// What a relay does with a connection.
pub(crate) type Listener = Arc<dyn Fn(DuplexStream, Ipv4Addr) + Send + Sync>;

/// A relay as the network knows it.
struct Place {
    host: Host,
    listener: Option<Listener>,
    lies: Arc<Mutex<Lies>>,
}

/// All of it.
pub(crate) struct Net {
    state: Mutex<State>,
    seals: Arc<Mutex<Seals>>,
    /// What relays have answered for, and no device has seen.
    kept: Mutex<BTreeSet<(Host, MailboxId, EnvelopeId)>>,
    /// What a device has seen: its relay need not have it any more.
    given: Mutex<BTreeSet<EnvelopeId>>,
}

struct State {
    weather: Weather,
    places: BTreeMap<RelayAddress, Place>,
    /// Pairs of hosts between which nothing passes.
    parted: Vec<(Host, Host)>,
    connections: Vec<(Host, Host, AbortHandle)>,
}

impl Net {
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            weather: Weather::CALM,
            places: BTreeMap::new(),
            parted: Vec::new(),
            connections: Vec::new(),
        };
        Arc::new(Self {
            state: Mutex::new(state),
            seals: Arc::default(),
            kept: Mutex::default(),
            given: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn weather(&self) -> Weather {
        self.state().weather
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// A relay listens, or does no more.
    pub(crate) fn listen(&self, at: &RelayAddress, host: Host, listener: Option<Listener>) {
        let mut state = self.state();
        let place = state.places.entry(at.clone());
        let empty = || Place { host, listener: None, lies: Arc::default() };
        place.or_insert_with(empty).listener = listener;
    }

    /// What a relay makes of the truth.
    pub(crate) fn lies_of(&self, at: &RelayAddress) -> Arc<Mutex<Lies>> {
        Arc::clone(&self.state().places[at].lies)
    }

    /// Nothing passes between these from now on. What is open stays, and is silent.
    pub(crate) fn part(&self, one: Host, other: Host) {
        self.state().parted.push((one, other));
    }

    /// Everything passes again.
    pub(crate) fn heal(&self) {
        self.state().parted.clear();
    }

    fn is_parted(&self, one: Host, other: Host) -> bool {
        self.state().parted.iter().any(|pair| *pair == (one, other) || *pair == (other, one))
    }

    /// Ends all connections of a host at once.
    pub(crate) fn cut(&self, host: Host) {
        let gone = |(one, other, connection): &(Host, Host, AbortHandle)| {
            let is_meant = *one == host || *other == host;
            if is_meant {
                connection.abort();
            }
            is_meant || connection.is_finished()
        };
        self.state().connections.retain(|connection| !gone(connection));
    }

    /// What is known of all envelopes.
    pub(crate) fn seals(&self) -> Arc<Mutex<Seals>> {
        Arc::clone(&self.seals)
    }

    /// What a relay must have: by mailbox.
    pub(crate) fn kept_at(&self, host: Host) -> Vec<(MailboxId, EnvelopeId)> {
        let kept = self.kept.lock().unwrap();
        kept.iter().filter(|(at, ..)| *at == host).map(|(_, mailbox, id)| (*mailbox, *id)).collect()
    }

    /// A relay has answered for an envelope.
    fn is_kept(&self, at: Host, (mailbox, id): (MailboxId, EnvelopeId)) {
        if !self.given.lock().unwrap().contains(&id) {
            self.kept.lock().unwrap().insert((at, mailbox, id));
        }
    }

    /// A device may see an envelope, and let its relay forget it.
    fn is_given(&self, at: Host, envelope: &Envelope) {
        self.given.lock().unwrap().insert(envelope.id);
        self.kept.lock().unwrap().remove(&(at, envelope.mailbox, envelope.id));
    }

    fn see(&self, envelope: &Envelope) {
        self.seals.lock().unwrap().see(envelope);
    }

    async fn connect(
        self: Arc<Self>,
        from: Host,
        to: RelayAddress,
    ) -> Result<Box<dyn Stream>, DialError> {
        let weather = self.weather();
        sleep(Duration::from_millis(below(2 * weather.latency_ms + 1))).await;
        let host = self.state().places.get(&to).map(|place| place.host);
        let host = host.ok_or(DialError::Resolve)?;
        if chance(weather.refused) {
            std::future::pending::<()>().await;
        }
        while self.is_parted(from, host) {
            sleep(LOOK).await;
        }
        let (near, near_end) = duplex(BUFFER_BYTES);
        let (far_end, far) = duplex(BUFFER_BYTES);
        let lies = {
            let mut state = self.state();
            let place = &state.places[&to];
            let listener = place.listener.clone();
            let listener = listener.ok_or(DialError::Connect(io::ErrorKind::ConnectionRefused))?;
            let lies = Arc::clone(&place.lies);
            listener(far, Ipv4Addr::new(10, 0, 0, u8::try_from(from.0).unwrap() + 1));
            state.connections.retain(|(.., connection)| !connection.is_finished());
            lies
        };
        let ends = wire::Ends { near: near_end, far: far_end, from, to: host };
        let carrying = tokio::spawn(wire::carry(Arc::clone(&self), ends, lies));
        self.state().connections.push((from, host, carrying.abort_handle()));
        Ok(Box::new(near))
    }
}

/// The way of one host into the network.
pub(crate) struct Way {
    pub(crate) net: Arc<Net>,
    pub(crate) from: Host,
}

impl fmt::Debug for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the way of {:?}", self.from)
    }
}

impl Network for Way {
    fn dial(&self, relay: &RelayAddress) -> Dialling {
        Box::pin(Arc::clone(&self.net).connect(self.from, relay.clone()))
    }
}
