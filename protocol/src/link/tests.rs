//! Two ends of a link, a wire between them and a clock, in one process.

mod client;
mod opening;
mod server;

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    address::AccountName,
    envelope::{Body, Envelope, EnvelopeKind},
    frame::{ClientFrame, ServerFrame},
    id::{DeviceId, EnvelopeId, MailboxId, RelayEpoch},
    limits::{MAX_FRAME_BYTES, MAX_UNREADY_BYTES, OPENING_TIMEOUT_MS},
    request::{Access, Credit, Deposit, EndBatch, FetchCards, Ping, SignIn},
    response::{Done, Response, Row, SignedIn},
    secret::{DeviceCredential, Door},
    time::{Moment, UnixSeconds},
    version::{Hello, Terms},
};

const EPOCH: RelayEpoch = RelayEpoch([3; 16]);

struct Pair {
    client: ClientLink,
    server: ServerLink,
    now: Moment,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    client_events: Vec<ClientEvent>,
    server_events: Vec<ServerEvent>,
}

impl Pair {
    fn new(client: ClientLink) -> Self {
        Self {
            client,
            server: server(Terms::default()),
            now: Moment(0),
            to_server: Vec::new(),
            to_client: Vec::new(),
            client_events: Vec::new(),
            server_events: Vec::new(),
        }
    }

    fn anonymous() -> Self {
        let mut pair = Self::new(ClientLink::anonymous(Moment(0)));
        pair.run();
        assert!(matches!(pair.client_events.remove(0), ClientEvent::Ready(_, None)));
        pair
    }

    fn signed_in() -> Self {
        let mut pair = Self::new(ClientLink::signed_in(sign_in(), Moment(0)));
        pair.run();
        assert_eq!(pair.server_events.remove(0), ServerEvent::SignIn(sign_in()));
        pair.server.accept_sign_in(signed_in(), pair.now).unwrap();
        pair.run();
        assert!(matches!(pair.client_events.remove(0), ClientEvent::Ready(_, Some(_))));
        pair
    }

    /// Carries bytes to and fro until nothing moves.
    fn run(&mut self) {
        loop {
            while let Some(frame) = self.client.poll_output(self.now) {
                self.to_server.extend(frame);
            }
            while let Some(frame) = self.server.poll_output(self.now) {
                self.to_client.extend(frame);
            }
            if !self.carry_to_server() && !self.carry_to_client() {
                return;
            }
        }
    }

    fn carry_to_server(&mut self) -> bool {
        let bytes = core::mem::take(&mut self.to_server);
        let mut input = bytes.as_slice();
        while let Some(event) = self.server.handle_bytes(&mut input, self.now) {
            self.server_events.push(event);
        }
        self.to_server = input.to_vec();
        input.len() < bytes.len()
    }

    fn carry_to_client(&mut self) -> bool {
        let bytes = core::mem::take(&mut self.to_client);
        let mut input = bytes.as_slice();
        while let Some(event) = self.client.handle_bytes(&mut input, self.now) {
            self.client_events.push(event);
        }
        !bytes.is_empty()
    }

    fn ask(&mut self, request: impl Into<Request>) -> RequestId {
        self.client.request(request.into(), self.now).unwrap()
    }

    fn answer(&mut self, id: RequestId) {
        self.server.answer(id, Ok(Done {}.into()), self.now).unwrap();
    }

    /// What the client learnt since the last time.
    fn learnt(&mut self) -> Vec<ClientEvent> {
        core::mem::take(&mut self.client_events)
    }

    /// The requests that came to the relay since the last time.
    fn came(&mut self) -> Vec<RequestId> {
        let events = core::mem::take(&mut self.server_events);
        events
            .into_iter()
            .filter_map(|event| match event {
                ServerEvent::Request(id, _) => Some(id),
                _ => None,
            })
            .collect()
    }
}

fn server(terms: Terms) -> ServerLink {
    let offer = Offer { epoch: EPOCH, time: UnixSeconds(1_700_000_000), terms };
    ServerLink::new(offer, Moment(0))
}

fn bob() -> AccountName {
    "bob".parse().unwrap()
}

fn sign_in() -> SignIn {
    SignIn {
        name: bob(),
        device: DeviceId([1; 16]),
        credential: DeviceCredential::new([2; 32]),
        counter: 3,
    }
}

fn signed_in() -> SignedIn {
    SignedIn { counter: 2, envelopes: 0, one_time: 100 }
}

fn envelope(body: usize) -> Envelope {
    Envelope {
        mailbox: MailboxId([1; 16]),
        id: EnvelopeId([2; 16]),
        kind: EnvelopeKind::Session,
        expires: UnixSeconds(1_800_000_000),
        body: Body::new(vec![9; body]).unwrap(),
    }
}

fn deposit(body: usize) -> Deposit {
    Deposit { access: Access::Door(Door::new([4; 32])), ephemeral: false, envelope: envelope(body) }
}

fn arrived(sequence: u64) -> crate::push::Push {
    crate::push::Arrived { row: Row { sequence, knock: false, envelope: envelope(4_096) } }.into()
}

fn request_bytes(id: u32, request: impl Into<Request>) -> Vec<u8> {
    ClientFrame::Request(RequestId(id), request.into()).encode().unwrap()
}

/// The frames that a relay has to send.
fn frames_of(server: &mut ServerLink) -> Vec<ServerFrame> {
    core::iter::from_fn(|| server.poll_output(Moment(0)))
        .map(|bytes| ServerFrame::decode(&bytes[4..]).unwrap())
        .collect()
}
