//! A relay that grants loopback nothing special, and who comes to it.

use std::{
    fs,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use msg_protocol::{
    error::Code,
    frame::{ClientFrame, RequestId, ServerFrame},
    push::Push,
    request::{AcknowledgeUpTo, Request},
    version::{Hello, LinkKind},
};
use msg_tests::{
    relay::{Endpoint, Identity, Peer, Raw, RelayBuilder, RelayProcess},
    seed,
};
use rand_chacha::ChaCha20Rng;
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};

/// How long a busy machine may take for what comes at once on an idle one.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A relay that is attacked.
pub(crate) struct Fort {
    pub(crate) relay: RelayProcess,
}

impl Fort {
    /// With other limits than the usual ones, as `name=value`.
    pub(crate) fn start(limits: &[&str]) -> Self {
        Self { relay: builder(limits).start() }
    }

    /// The relay, dialled from a source with that number.
    pub(crate) fn from(&self, source: u8) -> Endpoint {
        self.relay.endpoint().dialled_from(Ipv4Addr::new(127, 0, 1, source))
    }

    /// Somebody with an account, made from a source that nobody else uses.
    pub(crate) async fn register(&self, seed: u8) -> Identity {
        let identity = Identity::random(seed.into());
        let from = self.relay.endpoint().dialled_from(Ipv4Addr::new(127, 0, 2, seed));
        Peer::register(&from, &identity).await.unwrap();
        identity
    }

    /// The relay still runs, and no part of it has failed.
    pub(crate) fn assert_unharmed(&self) {
        assert!(self.relay.listens(), "the relay is gone");
        assert_eq!(self.relay.panics(), 0, "{}", self.relay.log());
    }

    /// Memory that is resident, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.relay.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Time on a processor so far, in hundredths of a second.
    pub(crate) fn processor_ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.relay.id())).unwrap();
        let after_name = stat.rsplit(") ").next().unwrap();
        let fields: Vec<_> = after_name.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

/// So that a test does not depend on how full the machine's disk is.
const ANY_DISK: [&str; 3] = ["floor-percent=0", "floor-bytes=0", "ballast-bytes=0"];

/// How a relay is started that exempts nobody.
pub(crate) fn builder(limits: &[&str]) -> RelayBuilder {
    let builder = RelayBuilder::new(env!("CARGO_BIN_EXE_relay"));
    let builder = builder.arg("--metrics").arg("off").arg("--exempt-loopback").arg("false");
    let limits = ANY_DISK.iter().chain(limits);
    limits.fold(builder, |builder, limit| builder.arg("--limit").arg(*limit))
}

/// Somebody who uses the relay while others attack it: an account, its link, and
/// a friend who writes to it.
pub(crate) struct Probe {
    bob: Identity,
    link: Peer,
    friend: Peer,
    rng: ChaCha20Rng,
}

impl Probe {
    pub(crate) async fn new(fort: &Fort) -> Self {
        let bob = fort.register(200).await;
        let link = Peer::sign_in(&fort.from(201), &bob).await.unwrap();
        let friend = Peer::anonymous(&fort.from(202)).await.unwrap();
        Self { bob, link, friend, rng: seed::rng(200) }
    }

    /// A letter there, read and acknowledged.
    pub(crate) async fn round_trip(&mut self) {
        let (mailbox, door) = (self.bob.mailbox(), &self.bob.door);
        let sent = self.friend.deposit(mailbox, door, 4_096, &mut self.rng).await.unwrap();
        let rows = self.link.collect_all().await;
        assert_eq!(rows.last().unwrap().envelope, sent);
        let sequence = rows.last().unwrap().sequence;
        self.link.request(AcknowledgeUpTo { sequence }).await.unwrap();
    }

    /// A new link of somebody else, and a round trip on those there are.
    pub(crate) async fn check(&mut self, fort: &Fort) {
        Peer::anonymous(&fort.from(203)).await.expect("others are still let in");
        self.round_trip().await;
    }
}

pub(crate) fn hello(kind: LinkKind) -> Vec<u8> {
    ClientFrame::Hello(Hello::new(kind)).encode().unwrap()
}

pub(crate) fn request(id: u32, request: impl Into<Request>) -> Vec<u8> {
    ClientFrame::Request(RequestId(id), request.into()).encode().unwrap()
}

/// A link that has been welcomed, on which nobody signs in.
pub(crate) async fn welcomed(endpoint: &Endpoint) -> Raw {
    let mut raw = Raw::open(endpoint).await.unwrap();
    raw.send(&hello(LinkKind::Anonymous)).await.unwrap();
    let welcome = raw.frame().await;
    assert!(matches!(welcome, Some(ServerFrame::Welcome(_))), "{welcome:?}");
    raw
}

/// A link of the identity's device.
pub(crate) async fn signed_in(endpoint: &Endpoint, identity: &Identity) -> Raw {
    sign_in_over(Raw::open(endpoint).await.unwrap(), identity).await
}

/// The same on a stream that is there already.
pub(crate) async fn sign_in_over(mut raw: Raw, identity: &Identity) -> Raw {
    let words = [hello(LinkKind::SignedIn), request(0, identity.sign_in(1))].concat();
    raw.send(&words).await.unwrap();
    for _ in 0..2 {
        let frame = raw.frame().await;
        let expected = matches!(frame, Some(ServerFrame::Welcome(_) | ServerFrame::Response(..)));
        assert!(expected, "{frame:?}");
    }
    raw
}

/// The code of a frame that ends a link.
pub(crate) fn last_word(frame: &ServerFrame) -> Option<Code> {
    match frame {
        ServerFrame::Farewell(farewell) => Some(farewell.code),
        ServerFrame::Push(Push::Closing(closing)) => Some(closing.reason.code),
        _ => None,
    }
}

/// Waits until the relay has ended the connection, whatever it says before.
pub(crate) async fn ended(stream: &mut TcpStream) {
    let drain = async {
        let mut bytes = [0; 4_096];
        while !matches!(stream.read(&mut bytes).await, Ok(0) | Err(_)) {}
    };
    timeout(PATIENCE, drain).await.expect("the relay cuts the connection");
}

/// Tries until it holds, as what comes a moment later does.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
