//! Frames: each decodes to what it states, and encodes to itself.

use msg_protocol::frame::{ClientFrame, LENGTH_BYTES, RequestId, ServerFrame};

use crate::{
    card::u32_of,
    case::{Fields, each_case},
};

#[test]
fn frames_are_as_the_vectors_say() {
    each_case("frames", |what, case| {
        let inputs = case.inputs();
        match what {
            "client frame" => assert!(ClientFrame::decode(&inputs.bytes("body")).is_err()),
            "relay frame" => assert!(ServerFrame::decode(&inputs.bytes("body")).is_err()),
            "hello" | "request" => {
                let frame = case.outputs().bytes("frame");
                let decoded = ClientFrame::decode(&frame[LENGTH_BYTES..]).unwrap();
                assert!(decoded.encode().unwrap() == frame);
                assert!(client_frame(&decoded, what, inputs));
            }
            _ => {
                let frame = case.outputs().bytes("frame");
                let decoded = ServerFrame::decode(&frame[LENGTH_BYTES..]).unwrap();
                assert!(decoded.encode().unwrap() == frame);
                assert!(relay_frame(&decoded, what, inputs));
            }
        }
        assert_eq!(case.is_refused(), what.ends_with(" frame"));
    });
}

fn client_frame(frame: &ClientFrame, what: &str, inputs: Fields<'_>) -> bool {
    match frame {
        ClientFrame::Hello(_) => what == "hello",
        ClientFrame::Request(id, request) => {
            what == "request" && is_of(*id, Some(request.kind()), inputs)
        }
    }
}

fn relay_frame(frame: &ServerFrame, what: &str, inputs: Fields<'_>) -> bool {
    match frame {
        ServerFrame::Welcome(_) => what == "welcome",
        ServerFrame::Farewell(_) => what == "farewell",
        ServerFrame::Refusal(id, _) => what == "refusal" && is_of(*id, None, inputs),
        ServerFrame::Response(id, response) => {
            what == "answer" && is_of(*id, Some(response.kind()), inputs)
        }
        ServerFrame::Push(push) => {
            what == "push" && u32::from(push.kind()) == u32_of(inputs, "kind")
        }
    }
}

fn is_of(id: RequestId, kind: Option<u16>, inputs: Fields<'_>) -> bool {
    id.0 == u32_of(inputs, "id")
        && kind.is_none_or(|kind| u32::from(kind) == u32_of(inputs, "kind"))
}
