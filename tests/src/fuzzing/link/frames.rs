//! Honest frames for both ends to start from.

use msg_protocol::{
    bounded::List,
    error::{Code, Refusal},
    frame::{ClientFrame, RequestId, ServerFrame},
    id::{AccountId, DeviceId, RelayEpoch},
    limits::MAX_CREDIT,
    link::Offer,
    push::{Closing, PrekeysLow, Push},
    request::{
        Access, AskWork, Collect, Credit, EndBatch, FetchCards, FetchPrekeys, Ping, Request, SignIn,
    },
    response::{Done, Response, SignedIn},
    secret::DeviceCredential,
    time::UnixSeconds,
    version::{Farewell, Hello, LinkKind, Registration, Terms, Welcome},
};

use crate::fuzzing::script::Script;

pub(super) const REFUSAL: Refusal = Refusal::for_good(Code::NOT_FOUND);
pub(super) const SIGNED_IN: SignedIn = SignedIn { counter: 2, envelopes: 0, one_time: 100 };

pub(super) fn offer(requests: u16) -> Offer {
    let terms = Terms {
        registration: Registration::Open,
        requests,
        request_bytes: 1 << 17,
        idle_s: 120,
        mailbox_envelopes: 10_000,
        mailbox_bytes: 1 << 28,
        envelope_days: 30,
        blob_bytes: 1 << 30,
        blob_days: 14,
    };
    Offer { epoch: RelayEpoch([1; 16]), time: UnixSeconds(1_800_000_000), terms }
}

pub(super) fn sign_in() -> SignIn {
    SignIn {
        name: "bob".parse().unwrap(),
        device: DeviceId([1; 16]),
        credential: DeviceCredential::new([2; 32]),
        counter: 3,
    }
}

pub(super) fn request(script: &mut Script<'_>) -> Request {
    let target = AccountId([3; 16]);
    match script.byte() % 9 {
        0 => Ping {}.into(),
        1 => Collect { after: 0, envelopes: 10, bytes: 70_000 }.into(),
        2 => Credit { envelopes: script.word().min(MAX_CREDIT), after: 0 }.into(),
        3 => EndBatch {}.into(),
        4 => FetchCards { name: "bob".parse().unwrap(), from: None }.into(),
        5 => FetchCards { name: "carol".parse().unwrap(), from: Some(1) }.into(),
        6 => AskWork { target }.into(),
        7 => FetchPrekeys { account: target, devices: List::empty(), access: Access::None }.into(),
        _ => sign_in().into(),
    }
}

pub(super) fn push(script: &mut Script<'_>) -> Push {
    match script.byte() % 2 {
        0 => PrekeysLow { one_time: 3 }.into(),
        _ => Closing { reason: REFUSAL }.into(),
    }
}

/// What a client sends, right or wrong at this point.
pub(in crate::fuzzing) fn of_client(script: &mut Script<'_>) -> Vec<u8> {
    let frame = match script.byte() % 4 {
        0 => ClientFrame::Hello(Hello::new(LinkKind::Anonymous)),
        1 => ClientFrame::Hello(Hello::new(LinkKind::SignedIn)),
        2 => ClientFrame::Hello(Hello { min: 2, max: 9, kind: LinkKind::Anonymous }),
        _ => ClientFrame::Request(RequestId(u32::from(script.byte())), request(script)),
    };
    frame.encode().unwrap()
}

/// What a relay sends, right or wrong at this point.
pub(super) fn of_relay(script: &mut Script<'_>) -> Vec<u8> {
    let id = |script: &mut Script<'_>| RequestId(u32::from(script.byte()));
    let frame = match script.byte() % 7 {
        0 => {
            let Offer { epoch, time, terms } = offer(script.word());
            ServerFrame::Welcome(Welcome { version: 1, epoch, time, terms })
        }
        1 => ServerFrame::Response(RequestId(0), SIGNED_IN.into()),
        2 => ServerFrame::Response(id(script), Response::from(Done {})),
        3 => ServerFrame::Refusal(id(script), REFUSAL),
        4 => ServerFrame::Push(push(script)),
        5 => ServerFrame::Response(id(script), SIGNED_IN.into()),
        _ => ServerFrame::Farewell(Farewell {
            code: Code::UNAVAILABLE,
            min: 1,
            max: 1,
            retry_after_s: Some(60),
        }),
    };
    frame.encode().unwrap()
}
