//! A relay on a link whose other end says anything: in pieces, before its turn, as
//! nobody or as a device. It says only whole frames, it ends when the other does,
//! and it serves the next link as if nothing had been.

use std::{net::Ipv4Addr, sync::Arc};

use msg_protocol::{
    frame::{ClientFrame, FrameDecoder, RequestId, ServerFrame},
    limits::MAX_FRAME_BYTES,
    request::{Ping, Request},
    time::Moment,
    version::{Hello, LinkKind, Registration},
};
use msg_relay::{
    clock::Clock,
    connection::{Budget, Connection},
    gate::Gate,
    limits::Limits,
    presence::Presence,
    service::{Caller, Policy, Service},
    source::Source,
    store::{RelayTime, memory::Memory},
    telemetry::figures::Figures,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex, split},
    runtime,
};

use super::{link::frames, script::Script};
use crate::relay::{Identity, deposit, envelope};

const PIPE_BYTES: usize = 64 * 1024;

/// What the other end says, order by order.
pub fn relay_session(input: &[u8]) -> bool {
    let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let relay = Relay::new().await;
        let mut script = Script::new(input);
        let mut pieces = Vec::new();
        while !script.is_over() {
            pieces.push(relay.piece(&mut script));
        }
        let said = relay.link(&pieces).await;
        let answered = said.iter().any(|frame| matches!(frame, ServerFrame::Response(..)));

        let hello = ClientFrame::Hello(Hello::new(LinkKind::Anonymous)).encode().unwrap();
        let ping = ClientFrame::Request(RequestId(0), Ping {}.into()).encode().unwrap();
        let said = relay.link(&[hello, ping]).await;
        let [ServerFrame::Welcome(_), ServerFrame::Response(RequestId(0), _)] = said.as_slice()
        else {
            panic!("the next link is not served: {said:?}");
        };
        answered
    })
}

/// A relay in memory that knows one account.
struct Relay {
    service: Arc<Service<Memory>>,
    gate: Arc<Gate>,
    budget: Arc<Budget>,
    bob: Identity,
}

impl Relay {
    async fn new() -> Self {
        let presence = Arc::new(Presence::default());
        let store = Memory::new(Arc::clone(&presence) as _).unwrap();
        let policy = Policy { registration: Registration::Open, exempt_loopback: true };
        let clock = Clock::start(RelayTime(1_000_000));
        let (limits, figures) = (Limits::default(), Arc::new(Figures::default()));
        let service = Arc::new(Service::new(store, presence, limits, policy, clock, figures));
        let bob = Identity::random(1).named("bob");
        let nobody = Caller { source: source(), device: None };
        let registered = service.handle(&nobody, bob.registration(None).into()).await;
        assert!(registered.is_ok(), "{registered:?}");
        Self { service, gate: Gate::new(), budget: Arc::default(), bob }
    }

    /// The next thing that is said.
    fn piece(&self, script: &mut Script<'_>) -> Vec<u8> {
        let request = |script: &mut Script<'_>, request: Request| {
            ClientFrame::Request(RequestId(script.byte().into()), request).encode().unwrap()
        };
        match script.byte() % 6 {
            0 => {
                let length = usize::from(script.byte());
                script.bytes(length).to_vec()
            }
            1 => {
                let length = usize::from(script.byte());
                let bytes = script.bytes(length);
                [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
            }
            2 => {
                let hello = Hello::new(*script.pick(&[LinkKind::Anonymous, LinkKind::SignedIn]));
                ClientFrame::Hello(hello).encode().unwrap()
            }
            3 => {
                let counter = script.byte().into();
                request(script, self.bob.sign_in(counter).into())
            }
            4 => {
                let rng = &mut ChaCha20Rng::seed_from_u64(script.byte().into());
                let envelope = envelope(self.bob.mailbox(), 4_096, rng);
                request(script, deposit(&self.bob.door, &envelope).into())
            }
            _ => frames::of_client(script),
        }
    }

    /// A link from its beginning to its end; gives what the relay said.
    async fn link(&self, pieces: &[Vec<u8>]) -> Vec<ServerFrame> {
        let (near, far) = duplex(PIPE_BYTES);
        let pass = self.gate.enter(Some(source()), &Limits::default()).expect("there is room");
        let ready_by = self.service.clock().moment();
        let ready_by = Moment(ready_by.0 + 60_000);
        let service = Arc::clone(&self.service);
        let link = Connection::new(service, far, source(), &self.budget, pass, ready_by);
        let (mut reader, mut writer) = split(near);
        let says = async {
            for piece in pieces {
                // It may have closed by now.
                if writer.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            // What was asked is answered before the end is heard.
            for _ in 0..64 {
                tokio::task::yield_now().await;
            }
            let _ = writer.shutdown().await;
        };
        let hears = async {
            let mut said = Vec::new();
            reader.read_to_end(&mut said).await.expect("a pipe");
            said
        };
        let ((), (), said) = tokio::join!(link.run(), says, hears);
        assert_eq!(self.budget.held(), 0, "a link that has ended holds something");
        whole_frames(&said)
    }
}

fn whole_frames(mut said: &[u8]) -> Vec<ServerFrame> {
    let mut decoder = FrameDecoder::new(MAX_FRAME_BYTES);
    let mut frames = Vec::new();
    while !said.is_empty() {
        let frame = decoder.handle_bytes(&mut said).expect("a frame of the relay");
        frames
            .extend(frame.map(|frame| ServerFrame::decode(&frame).expect("a frame of the relay")));
    }
    frames
}

fn source() -> Source {
    Source::of(Ipv4Addr::LOCALHOST.into())
}
