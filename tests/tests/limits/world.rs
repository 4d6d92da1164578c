//! A relay's service without sockets, and somebody who asks it.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use msg_protocol::{
    error::{Code, Refusal},
    id::{BlobId, EnvelopeId, RecordId},
    request::{Access, Deposit, PutBlobChunk, PutRecord, Request},
    response::Response,
    version::Registration,
};
use msg_relay::{
    clock::Clock,
    limits::Limits,
    presence::Presence,
    service::{Caller, Policy, Service, SignedInDevice},
    source::Source,
    store::{RelayTime, memory::Memory},
    telemetry::figures::Figures,
};
use msg_tests::relay::{Identity, deposit, envelope};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

pub(crate) struct World {
    pub(crate) service: Service<Memory>,
    pub(crate) presence: Arc<Presence>,
    rng: Mutex<ChaCha20Rng>,
}

impl World {
    /// A relay with other limits than the usual ones.
    pub(crate) fn with(change: impl FnOnce(&mut Limits)) -> Self {
        Self::under(Registration::Open, change)
    }

    pub(crate) fn under(registration: Registration, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits { registrations_burst: 1_000, ..Limits::default() };
        change(&mut limits);
        let presence = Arc::new(Presence::default());
        let store = Memory::new(Arc::clone(&presence) as _).unwrap();
        let policy = Policy { registration, exempt_loopback: true };
        let clock = Clock::start(RelayTime(1_000_000));
        let figures = Arc::new(Figures::default());
        let service = Service::new(store, Arc::clone(&presence), limits, policy, clock, figures);
        Self { service, presence, rng: Mutex::new(ChaCha20Rng::seed_from_u64(1)) }
    }

    /// Asks as nobody, from a place with that number.
    pub(crate) async fn ask(
        &self,
        place: u8,
        request: impl Into<Request>,
    ) -> Result<Response, Code> {
        let caller = Caller { source: source(place), device: None };
        self.service.handle(&caller, request.into()).await.map_err(code)
    }

    /// Asks as the identity's device.
    pub(crate) async fn ask_as(
        &self,
        identity: &Identity,
        request: impl Into<Request>,
    ) -> Result<Response, Code> {
        let device = SignedInDevice {
            account: identity.account(),
            device: identity.device_id(),
            mailbox: identity.mailbox(),
        };
        let caller = Caller { source: source(200), device: Some(device) };
        self.service.handle(&caller, request.into()).await.map_err(code)
    }

    /// Somebody with an account.
    pub(crate) async fn register(&self, seed: u64) -> Identity {
        let identity = Identity::random(seed);
        self.ask(201, identity.registration(None)).await.unwrap();
        identity
    }

    pub(crate) async fn deposit(&self, to: &Identity, size: usize) -> Result<Response, Code> {
        let envelope = envelope(to.mailbox(), size, &mut self.rng.lock().unwrap());
        self.ask(1, deposit(&to.door, &envelope)).await
    }
}

/// The same deposit by another right.
pub(crate) fn by(access: Access, to: &Identity, number: u8) -> Deposit {
    let mut rng = ChaCha20Rng::seed_from_u64(number.into());
    let mut envelope = envelope(to.mailbox(), 4_096, &mut rng);
    envelope.id = EnvelopeId([number; 16]);
    Deposit { access, ..deposit(&to.door, &envelope) }
}

pub(crate) fn record(number: u8, bytes: usize) -> PutRecord {
    let value = vec![7; bytes].as_slice().try_into().unwrap();
    PutRecord { id: RecordId([number; 32]), expected: 0, value }
}

pub(crate) fn chunk(number: u8, length: u64) -> PutBlobChunk {
    let bytes = vec![7; usize::try_from(length.min(65_536)).unwrap()];
    let bytes = bytes.as_slice().try_into().unwrap();
    PutBlobChunk { blob: BlobId([number; 32]), length, index: 0, bytes }
}

pub(crate) fn source(place: u8) -> Source {
    Source::of(Ipv4Addr::new(192, 0, 2, place).into())
}

pub(crate) async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// Who is refused for a limit is told when to come back, or that he never may.
fn code(refusal: Refusal) -> Code {
    if refusal.code == Code::RATE_LIMITED {
        assert!(refusal.retry_after_s.is_some_and(|s| s > 0) && refusal.keep, "{refusal:?}");
    }
    refusal.code
}
