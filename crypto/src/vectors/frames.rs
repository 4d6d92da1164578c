//! Frames: one of each request, answer and push, and the opening of a link.

mod answers;
mod requests;

use alloc::{vec, vec::Vec};

use msg_protocol::{
    codec,
    envelope::{Body, Envelope, EnvelopeKind},
    error::{Code, Refusal},
    frame::{ClientFrame, LENGTH_BYTES, RequestId, ServerFrame},
    id::{EnvelopeId, MailboxId, RelayEpoch},
    push::Push,
    request::Request,
    response::Response,
    time::UnixSeconds,
    version::{Farewell, Hello, LinkKind, Registration, Terms, Welcome},
};
use serde::Serialize;

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
    party::{NOW, Party, Prekeys},
    value::json,
};

#[test]
fn frames_are_as_their_vectors_say() {
    let rng = &mut Draws::of("frames");
    let samples = Samples::new(rng);
    let mut cases = openings(rng);
    cases.extend(requests::cases(&samples, rng));
    cases.extend(answers::answers(&samples, rng));
    cases.extend(answers::pushes(&samples));
    let shown = |what: &str, kind: u16| {
        let inputs = |case: &Case| case.member("inputs").unwrap().member("kind").cloned();
        let is = |case: &&Case| case.member("kind") == Some(&what.into());
        assert!(
            cases.iter().filter(is).any(|case| inputs(case) == Some(kind.into())),
            "no vector shows {what} {kind}"
        );
    };
    for (what, kinds) in
        [("request", Request::KINDS), ("answer", Response::KINDS), ("push", Push::KINDS)]
    {
        for (kind, _) in kinds {
            shown(what, *kind);
        }
    }
    cases.extend(refused(&samples));
    File {
        name: "frames",
        about: "Frames, length included. `request`, `answer`, `push`: by kind and fields, which \
                stand in the order of the encoding; requests and answers bear an `id`. `hello`, \
                `welcome`, `farewell`, `refusal`: by fields. `client frame`, `relay frame`: bytes \
                behind the length that must be refused.",
        spec: "protocol/SPEC.md, Frames to Codes",
        cases,
    }
    .keep();
}

/// What several frames carry.
struct Samples {
    alice: Party,
    prekeys: Prekeys,
    envelope: Envelope,
}

impl Samples {
    fn new(rng: &mut Draws) -> Self {
        let alice = Party::new("alice", 0, rng);
        let prekeys = Prekeys::new(&alice.device, rng);
        let envelope = Envelope {
            mailbox: MailboxId(rng.bytes()),
            id: EnvelopeId(rng.bytes()),
            kind: EnvelopeKind::Handshake,
            expires: UnixSeconds(NOW.0 + 30 * 86_400),
            body: Body::new(vec![0x5a; 4_096]).unwrap(),
        };
        Self { alice, prekeys, envelope }
    }
}

/// A frame of a client by its parts.
fn client(kind: &str, name: &str, inputs: Json, frame: &ClientFrame) -> Case {
    let bytes = frame.encode().unwrap();
    assert_eq!(ClientFrame::decode(&bytes[LENGTH_BYTES..]).unwrap(), *frame);
    Case::new(kind, name, inputs).outputs(object! { "frame": &bytes })
}

/// A frame of a relay by its parts.
fn relay(kind: &str, name: &str, inputs: Json, frame: &ServerFrame) -> Case {
    let bytes = frame.encode().unwrap();
    assert_eq!(ServerFrame::decode(&bytes[LENGTH_BYTES..]).unwrap(), *frame);
    Case::new(kind, name, inputs).outputs(object! { "frame": &bytes })
}

fn request<T: Serialize + Into<Request>>(id: u32, name: &str, value: T) -> Case {
    let fields = json(&value);
    let made: Request = value.into();
    let inputs = object! { "id": id, "kind": made.kind(), "fields": fields };
    client("request", name, inputs, &ClientFrame::Request(RequestId(id), made))
}

fn answer<T: Serialize + Into<Response>>(id: u32, name: &str, value: T) -> Case {
    let fields = json(&value);
    let made: Response = value.into();
    let inputs = object! { "id": id, "kind": made.kind(), "fields": fields };
    relay("answer", name, inputs, &ServerFrame::Response(RequestId(id), made))
}

fn push<T: Serialize + Into<Push>>(name: &str, value: T) -> Case {
    let fields = json(&value);
    let made: Push = value.into();
    let inputs = object! { "kind": made.kind(), "fields": fields };
    relay("push", name, inputs, &ServerFrame::Push(made))
}

fn openings(rng: &mut Draws) -> Vec<Case> {
    let hello = |name, hello: Hello| {
        client("hello", name, object! { "fields": json(&hello) }, &ClientFrame::Hello(hello))
    };
    let refusal = |name, refusal: Refusal| {
        let frame = ServerFrame::Refusal(RequestId(300), refusal);
        relay("refusal", name, object! { "id": 300_u16, "fields": json(&refusal) }, &frame)
    };
    let farewell = |name, farewell: Farewell| {
        let frame = ServerFrame::Farewell(farewell);
        relay("farewell", name, object! { "fields": json(&farewell) }, &frame)
    };
    let code = Code::NO_COMMON_VERSION;
    let welcome = welcome(rng);
    let welcomed = object! { "fields": json(&welcome) };
    vec![
        hello("an anonymous link", Hello::new(LinkKind::Anonymous)),
        hello("a link to be signed in", Hello { min: 1, max: 300, kind: LinkKind::SignedIn }),
        relay("welcome", "welcome", welcomed, &ServerFrame::Welcome(welcome)),
        farewell("no version in common", Farewell { code, min: 2, max: 300, retry_after_s: None }),
        farewell(
            "try later",
            Farewell { code: Code::UNAVAILABLE, min: 1, max: 1, retry_after_s: Some(30) },
        ),
        refusal("for good", Refusal::for_good(Code::DENIED)),
        refusal("for now", Refusal::for_now(Code::MAILBOX_FULL, 3_600)),
        refusal("a code from later", Refusal::for_good(Code(4_711))),
    ]
}

fn welcome(rng: &mut Draws) -> Welcome {
    Welcome {
        version: 1,
        epoch: RelayEpoch(rng.bytes()),
        time: NOW,
        terms: Terms {
            registration: Registration::Invited,
            requests: 64,
            request_bytes: 1 << 20,
            idle_s: 120,
            mailbox_envelopes: 10_000,
            mailbox_bytes: 1 << 28,
            envelope_days: 30,
            blob_bytes: 1 << 40,
            blob_days: 14,
        },
    }
}

fn refused(samples: &Samples) -> Vec<Case> {
    let mut envelope = codec::encode(&samples.envelope);
    envelope.pop();
    let ping = [1, 7, 3, 0];
    let of_client = [
        ("nothing", vec![]),
        ("a byte left over", [&ping[..], &[0]].concat()),
        ("cut short", ping[..3].to_vec()),
        ("an id in a longer form than need be", vec![1, 0x87, 0, 3, 0]),
        ("a ping that carries something", vec![1, 7, 3, 1, 0]),
        ("no such choice", vec![2, 7, 3, 0]),
        ("an envelope with a body of another size", {
            let body = [&[0, 0][..], &envelope].concat();
            codec::encode(&(1_u8, 7_u8, 32_u8, body))
        }),
    ];
    let of_relay = [
        ("a flag that is neither 00 nor 01", vec![3, 7, 1, 0, 2]),
        ("an answer that carries too much", vec![2, 7, 1, 1, 0]),
    ];
    let client = of_client.into_iter().map(|(name, body)| {
        assert!(ClientFrame::decode(&body).is_err());
        Case::new("client frame", name, object! { "body": &body }).refused(true)
    });
    let relay = of_relay.into_iter().map(|(name, body)| {
        assert!(ServerFrame::decode(&body).is_err());
        Case::new("relay frame", name, object! { "body": &body }).refused(true)
    });
    client.chain(relay).collect()
}
