//! A relay that runs, people who have accounts on it, and a link whose frames a
//! test writes itself, for what the client's side of a link would not send.

use msg_protocol::{
    codec,
    error::{Code, Refusal},
    frame::{ClientFrame, RequestId, ServerFrame},
    request::{AskBlob, CountPrekeys, FetchCards, Request, SignIn},
    response::{BlobStatus, Cards, Response},
    version::{Hello, LinkKind},
};
use msg_tests::{
    relay::{Endpoint, Identity, Peer, Raw, RelayBuilder, RelayProcess},
    seed,
};
use rand_chacha::ChaCha20Rng;

/// So that a test does not depend on how full the machine's disk is.
const ANY_DISK: [&str; 3] = ["floor-percent=0", "floor-bytes=0", "ballast-bytes=0"];

/// A relay and the randomness of its test.
pub(crate) struct Scene {
    pub(crate) relay: RelayProcess,
    pub(crate) rng: ChaCha20Rng,
}

impl Scene {
    pub(crate) fn start() -> Self {
        Self::with_limits(&[])
    }

    /// A relay at which those may register.
    pub(crate) fn with_registration(policy: &str) -> Self {
        let builder = RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).arg("--metrics").arg("off");
        let builder = builder.arg("--registration").arg(policy);
        Self { relay: builder.start(), rng: seed::rng(1) }
    }

    /// A relay with other limits than the usual ones, as `name=value`.
    pub(crate) fn with_limits(limits: &[&str]) -> Self {
        let builder = RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).arg("--metrics").arg("off");
        let limits = ANY_DISK.iter().chain(limits);
        let builder = limits.fold(builder, |builder, limit| builder.arg("--limit").arg(*limit));
        Self { relay: builder.start(), rng: seed::rng(1) }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.relay.endpoint()
    }

    /// Somebody with an account.
    pub(crate) async fn register(&self, seed: u64) -> Identity {
        let identity = Identity::random(seed);
        Peer::register(&self.endpoint(), &identity).await.unwrap();
        identity
    }

    pub(crate) async fn anonymous(&self) -> Peer {
        Peer::anonymous(&self.endpoint()).await.unwrap()
    }

    pub(crate) async fn sign_in(&self, identity: &Identity) -> Peer {
        Peer::sign_in(&self.endpoint(), identity).await.unwrap()
    }

    /// What a sign-in is refused with.
    pub(crate) async fn refused_sign_in(&self, sign_in: SignIn) -> Refusal {
        match self.frames(LinkKind::SignedIn).await.ask(sign_in).await {
            ServerFrame::Refusal(_, refusal) => refusal,
            other => panic!("no refusal: {other:?}"),
        }
    }

    /// A link of that kind which has been welcomed.
    pub(crate) async fn frames(&self, kind: LinkKind) -> Frames {
        let mut raw = Raw::open(&self.endpoint()).await.unwrap();
        raw.send(&ClientFrame::Hello(Hello::new(kind)).encode().unwrap()).await.unwrap();
        let welcome = raw.frame().await;
        assert!(matches!(welcome, Some(ServerFrame::Welcome(_))), "{welcome:?}");
        Frames { raw, next: 0 }
    }

    /// The same, signed in.
    pub(crate) async fn signed_in_frames(&self, identity: &Identity) -> Frames {
        let mut frames = self.frames(LinkKind::SignedIn).await;
        let answer = frames.ask(identity.sign_in(1)).await;
        let signed_in = matches!(answer, ServerFrame::Response(_, Response::SignedIn(_)));
        assert!(signed_in, "{answer:?}");
        frames
    }
}

/// A link whose frames the test writes itself.
pub(crate) struct Frames {
    pub(crate) raw: Raw,
    next: u32,
}

impl Frames {
    /// Sends a request, whatever kind of link it belongs on.
    pub(crate) async fn send(&mut self, request: impl Into<Request>) -> RequestId {
        let id = RequestId(self.next);
        self.next += 1;
        let frame = ClientFrame::Request(id, request.into()).encode().unwrap();
        self.raw.send(&frame).await.unwrap();
        id
    }

    /// The same, and the next frame that comes.
    pub(crate) async fn ask(&mut self, request: impl Into<Request>) -> ServerFrame {
        self.send(request).await;
        self.raw.frame().await.expect("the link goes on")
    }

    /// Sends a request of a kind that no version knows, and returns what it is
    /// refused with.
    pub(crate) async fn ask_unknown(&mut self, kind: u16, body: &[u8]) -> Refusal {
        let id = self.next;
        self.next += 1;
        let fields = (1_u8, id, kind, body.to_vec());
        let body = codec::encode(&fields);
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        self.raw.send(&[&length, body.as_slice()].concat()).await.unwrap();
        match self.raw.frame().await {
            Some(ServerFrame::Refusal(RequestId(refused), refusal)) => {
                assert_eq!(refused, id);
                refusal
            }
            other => panic!("no refusal: {other:?}"),
        }
    }
}

/// What a request was refused with; one that was not fails the test.
pub(crate) fn code(answer: Result<Response, Refusal>) -> Code {
    answer.expect_err("the relay refuses").code
}

/// The answer as the kind that belongs to the request.
macro_rules! answer {
    ($link:expr, $request:expr, $kind:ident) => {
        match $link.request($request).await {
            Ok(msg_protocol::response::Response::$kind(answer)) => answer,
            other => panic!("{other:?}"),
        }
    };
}
pub(crate) use answer;

/// One-time pairs that are left.
pub(crate) async fn pairs_left(link: &mut Peer) -> u16 {
    answer!(link, CountPrekeys {}, PrekeysLeft).one_time
}

pub(crate) async fn cards(link: &mut Peer, of: &Identity, from: Option<u32>) -> Cards {
    answer!(link, FetchCards { name: of.name.clone(), from }, Cards)
}

pub(crate) async fn blob_status(link: &mut Peer, ask: AskBlob) -> BlobStatus {
    answer!(link, ask, BlobStatus)
}
