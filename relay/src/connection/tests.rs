//! A link served over a pipe in memory, by a relay that keeps everything there.

use std::{net::Ipv4Addr, sync::Arc};

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    bounded::Bytes,
    card::{CARD_FORMAT, Card, CardHash, Device},
    envelope::{Body, Envelope, EnvelopeKind},
    id::{AccountId, BlobId, DeviceId, EnvelopeId, MailboxId, RecordId},
    key::{AgreementKey, IdentityKey, Signature, SigningKey},
    link::{ClientEvent, ClientLink},
    push::Push,
    request::{
        Access, AcknowledgeUpTo, Credit, DeleteBlob, DeleteRecord, Deposit, EndBatch, ListRecords,
        Ping, PutRecord, Register, Request, SignIn,
    },
    response::Response,
    secret::{AccountCredential, DeviceCredential, Door},
    signed::{Signable as _, Signed},
    time::{UnixDay, UnixSeconds},
    version::Registration,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;
use crate::{
    clock::Clock,
    gate::Gate,
    limits::Limits,
    presence::Presence,
    service::Policy,
    store::{RelayTime, memory::Memory},
    telemetry::figures::Figures,
};

mod nodes;

const NAME: &str = "bob";
const RECORD: RecordId = RecordId([4; 32]);

struct Relay {
    service: Arc<Service<Memory>>,
    gate: Arc<Gate>,
    budget: Arc<Budget>,
}

impl Relay {
    fn new() -> Self {
        Self::on(Limits::default(), |presence| Memory::new(presence).unwrap())
    }

    fn on(limits: Limits, open: impl FnOnce(Arc<Presence>) -> Memory) -> Self {
        let presence = Arc::new(Presence::default());
        let store = open(Arc::clone(&presence));
        let exempt_loopback = limits == Limits::default();
        let policy = Policy { registration: Registration::Open, exempt_loopback };
        let clock = Clock::start(RelayTime(1_000_000));
        let figures = Arc::new(Figures::default());
        let service = Arc::new(Service::new(store, presence, limits, policy, clock, figures));
        Self { service, gate: Gate::new(), budget: Arc::default() }
    }

    fn connect(&self, link: ClientLink) -> Client {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let source = Source::of(Ipv4Addr::LOCALHOST.into());
        let pass = self.gate.enter(Some(source), &Limits::default()).unwrap();
        let service = Arc::clone(&self.service);
        let ready_by = Moment(60_000);
        let link_there = Connection::new(service, far, source, &self.budget, pass, ready_by);
        tokio::spawn(link_there.run());
        Client { stream: near, link, events: Vec::new() }
    }
}

struct Client {
    stream: DuplexStream,
    link: ClientLink,
    events: Vec<ClientEvent>,
}

impl Client {
    async fn next(&mut self) -> ClientEvent {
        loop {
            while let Some(frame) = self.link.poll_output(Moment(0)) {
                self.stream.write_all(&frame).await.unwrap();
            }
            if !self.events.is_empty() {
                return self.events.remove(0);
            }
            let mut bytes = [0; 4_096];
            let read = self.stream.read(&mut bytes).await.unwrap();
            let mut input = &bytes[..read];
            while let Some(event) = self.link.handle_bytes(&mut input, Moment(0)) {
                self.events.push(event);
            }
            if read == 0 {
                self.events.extend(self.link.handle_end());
            }
        }
    }

    fn ask(&mut self, request: impl Into<Request>) -> msg_protocol::frame::RequestId {
        self.link.request(request.into(), Moment(0)).unwrap()
    }

    async fn request(
        &mut self,
        request: impl Into<Request>,
    ) -> Result<Response, msg_protocol::error::Refusal> {
        let asked = self.ask(request);
        loop {
            match self.next().await {
                ClientEvent::Answer(id, answer) if id == asked => return answer,
                ClientEvent::Closed(closure) => panic!("{closure}"),
                _ => {}
            }
        }
    }
}

fn keys() -> (Ed25519, Device) {
    let signing = SigningKey(Ed25519::from_bytes(&[2; 32]).verifying_key().to_bytes());
    let device = Device { signing, agreement: AgreementKey([3; 32]), added: UnixDay(1) };
    (Ed25519::from_bytes(&[1; 32]), device)
}

fn registration() -> Register {
    let (identity, device) = keys();
    let card = Card {
        format: CARD_FORMAT,
        identity: IdentityKey(identity.verifying_key().to_bytes()),
        name: NAME.parse().unwrap(),
        version: 1,
        previous: CardHash::NONE,
        created: UnixDay(1),
        devices: vec![device],
    };
    let message = Signed::message_for(&card);
    let raw = message[Card::LABEL.bytes().len()..].to_vec();
    Register {
        name: NAME.parse().unwrap(),
        card: Signed::from_parts(raw, Signature(identity.sign(&message).to_bytes())),
        account_credential: AccountCredential::new([5; 32]),
        device_credential: DeviceCredential::new([6; 32]),
        door: Door::new([7; 32]),
        invite: None,
    }
}

fn account_and_device() -> (AccountId, DeviceId) {
    let (identity, device) = keys();
    let identity = IdentityKey(identity.verifying_key().to_bytes());
    (AccountId::of(&identity), device.id())
}

fn mailbox() -> MailboxId {
    let (account, device) = account_and_device();
    MailboxId::of(account, device)
}

fn deposit(number: u8) -> Deposit {
    let envelope = Envelope {
        mailbox: mailbox(),
        id: EnvelopeId([number; 16]),
        kind: EnvelopeKind::Session,
        expires: UnixSeconds(u64::MAX),
        body: Body::new(vec![number; 4_096]).unwrap(),
    };
    Deposit { access: Access::Door(Door::new([7; 32])), ephemeral: false, envelope }
}

fn sign_in(credential: [u8; 32]) -> SignIn {
    SignIn {
        name: NAME.parse().unwrap(),
        device: keys().1.id(),
        credential: DeviceCredential::new(credential),
        counter: 4,
    }
}

#[tokio::test]
async fn what_is_deposited_is_pushed_in_order_and_gone_when_acknowledged() {
    let relay = Relay::new();
    let mut alice = relay.connect(ClientLink::anonymous(Moment(0)));
    assert!(matches!(alice.next().await, ClientEvent::Ready(..)));
    alice.request(registration()).await.unwrap();
    alice.request(deposit(1)).await.unwrap();

    let mut bob = relay.connect(ClientLink::signed_in(sign_in([6; 32]), Moment(0)));
    let ClientEvent::Ready(_, Some(signed_in)) = bob.next().await else { panic!() };
    assert_eq!((signed_in.counter, signed_in.envelopes), (0, 1));
    bob.ask(Credit { envelopes: 2, after: 0 });
    for number in 2..5 {
        alice.request(deposit(number)).await.unwrap();
    }

    let mut arrived = Vec::new();
    while arrived.len() < 2 {
        if let ClientEvent::Push(Push::Arrived(push)) = bob.next().await {
            arrived.push(push.row);
        }
    }
    assert_eq!(arrived.iter().map(|row| row.envelope.id.0[0]).collect::<Vec<_>>(), [1, 2]);
    bob.request(AcknowledgeUpTo { sequence: arrived[1].sequence }).await.unwrap();
    assert!(bob.events.is_empty(), "no push without credit");
    let after = arrived[1].sequence;
    bob.ask(Credit { envelopes: 9, after });
    while arrived.len() < 4 {
        if let ClientEvent::Push(Push::Arrived(push)) = bob.next().await {
            arrived.push(push.row);
        }
    }
    assert_eq!(arrived[3].envelope.id.0[0], 4);
    bob.request(AcknowledgeUpTo { sequence: arrived[3].sequence }).await.unwrap();
    let waiting = crate::store::Mailboxes::waiting(relay.service.store(), mailbox()).await;
    assert_eq!(waiting.unwrap().envelopes, 0);
}

#[tokio::test]
async fn a_batch_ends_after_each_of_its_deposits_is_answered() {
    let relay = Relay::new();
    let mut alice = relay.connect(ClientLink::anonymous(Moment(0)));
    alice.next().await;
    alice.request(registration()).await.unwrap();
    let mut asked: Vec<_> = (1..=20).map(|number| alice.ask(deposit(number))).collect();
    asked.push(alice.ask(EndBatch {}));
    let mut answered = Vec::new();
    while answered.len() < asked.len() {
        if let ClientEvent::Answer(id, answer) = alice.next().await {
            answer.unwrap();
            answered.push(id);
        }
    }
    assert_eq!(answered.last(), asked.last());
}

#[tokio::test]
async fn a_wrong_credential_and_an_unknown_name_are_refused_alike() {
    let relay = Relay::new();
    let mut alice = relay.connect(ClientLink::anonymous(Moment(0)));
    alice.next().await;
    alice.request(registration()).await.unwrap();
    let unknown = SignIn { name: "nobody".parse().unwrap(), ..sign_in([6; 32]) };
    let mut closures = Vec::new();
    for wrong in [sign_in([9; 32]), unknown] {
        let mut link = relay.connect(ClientLink::signed_in(wrong, Moment(0)));
        let ClientEvent::Closed(closure) = link.next().await else { panic!() };
        closures.push(closure);
    }
    assert!(matches!(closures[0], Closure::SignInRefused(_)));
    assert_eq!(closures[0], closures[1]);
}

/// Its link may still be there: no word of its removal has come to this node.
#[tokio::test]
async fn a_device_that_was_removed_keeps_and_reads_nothing() {
    let relay = Relay::new();
    let mut alice = relay.connect(ClientLink::anonymous(Moment(0)));
    alice.next().await;
    alice.request(registration()).await.unwrap();
    let (account, there) = account_and_device();
    let as_device = |device| Caller {
        source: Source::of(Ipv4Addr::LOCALHOST.into()),
        device: Some(SignedInDevice { account, device, mailbox: MailboxId::of(account, device) }),
    };
    let requests: [fn() -> Request; 4] = [
        || PutRecord { id: RECORD, expected: 0, value: Bytes::new(vec![1]).unwrap() }.into(),
        || ListRecords { after: None }.into(),
        || DeleteRecord { id: RECORD, expected: 1 }.into(),
        || DeleteBlob { blob: BlobId([8; 32]) }.into(),
    ];
    for request in requests {
        let removed = as_device(DeviceId([9; 16]));
        let answer = relay.service.handle(&removed, request()).await;
        assert_eq!(answer.unwrap_err(), crate::service::refusal::NOT_FOUND);
        assert!(relay.service.handle(&as_device(there), request()).await.is_ok());
    }
}

#[tokio::test]
async fn a_stopping_relay_says_so_and_closes() {
    let relay = Relay::new();
    let mut alice = relay.connect(ClientLink::anonymous(Moment(0)));
    alice.next().await;
    alice.request(Ping {}).await.unwrap();
    relay.service.presence().close_all(crate::service::refusal::STOPPING);
    let mut closed = alice.next().await;
    while !matches!(closed, ClientEvent::Closed(_)) {
        closed = alice.next().await;
    }
    assert_eq!(closed, ClientEvent::Closed(Closure::Closing(crate::service::refusal::STOPPING)));
}
