//! Both ends of a link take any bytes in any state, stay bounded, and do not care
//! how the stream is cut.

use alloc::{vec, vec::Vec};

use proptest::{collection::vec, prelude::*};

use super::{nearly, pieces};
use crate::{
    error::{Code, Refusal},
    frame::{ClientFrame, RequestId, ServerFrame},
    id::{DeviceId, RelayEpoch},
    limits::{MAX_FRAME_BYTES, MAX_OUTPUT_BYTES, MAX_UNREADY_BYTES},
    link::{ClientEvent, ClientLink, Offer, ServerEvent, ServerLink},
    push::{Closing, PrekeysLow},
    request::{Ping, SignIn},
    response::{Done, SignedIn},
    secret::DeviceCredential,
    time::{Moment, UnixSeconds},
    version::{Hello, LinkKind, Terms, Welcome},
};

const START: Moment = Moment(0);
const EPOCH: RelayEpoch = RelayEpoch([1; 16]);

fn offer() -> Offer {
    Offer { epoch: EPOCH, time: UnixSeconds(1), terms: Terms::default() }
}

fn sign_in() -> SignIn {
    SignIn {
        name: "bob".parse().unwrap(),
        device: DeviceId([1; 16]),
        credential: DeviceCredential::new([2; 32]),
        counter: 0,
    }
}

fn signed_in() -> SignedIn {
    SignedIn { counter: 0, envelopes: 0, one_time: 0 }
}

fn hello(kind: LinkKind) -> Vec<u8> {
    ClientFrame::Hello(Hello::new(kind)).encode().unwrap()
}

/// What a client may send at the beginning: nothing, or up to each state.
fn client_beginnings() -> Vec<Vec<u8>> {
    let sign_in = ClientFrame::Request(RequestId(0), sign_in().into()).encode().unwrap();
    vec![
        Vec::new(),
        hello(LinkKind::Anonymous),
        hello(LinkKind::SignedIn),
        [hello(LinkKind::SignedIn), sign_in].concat(),
    ]
}

fn client_frames() -> Vec<Vec<u8>> {
    let requests = crate::request::tests::one_of_each_kind().into_iter().enumerate();
    let frame = |(id, request)| {
        let id = RequestId(u32::try_from(id).unwrap());
        ClientFrame::Request(id, request).encode().unwrap()
    };
    requests.map(frame).chain([hello(LinkKind::Anonymous)]).collect()
}

fn welcome() -> Vec<u8> {
    let Offer { epoch, time, terms } = offer();
    ServerFrame::Welcome(Welcome { version: 1, epoch, time, terms }).encode().unwrap()
}

fn server_frames() -> Vec<Vec<u8>> {
    let closing = Closing { reason: Refusal::for_good(Code::UNAVAILABLE) };
    let frames = [
        ServerFrame::Response(RequestId(0), signed_in().into()),
        ServerFrame::Response(RequestId(1), Done {}.into()),
        ServerFrame::Refusal(RequestId(1), Refusal::for_good(Code::DENIED)),
        ServerFrame::Push(PrekeysLow { one_time: 3 }.into()),
        ServerFrame::Push(closing.into()),
    ];
    frames.iter().map(|frame| frame.encode().unwrap()).chain([welcome()]).collect()
}

/// A relay that does all it is asked, until the stream or the link ends.
fn serve(stream: &[u8], sizes: &[usize]) -> Vec<ServerEvent> {
    let mut link = ServerLink::new(offer(), START);
    let mut events = Vec::new();
    let mut waiting = Vec::new();
    for piece in pieces(stream, sizes) {
        waiting.extend_from_slice(piece);
        let mut input = waiting.as_slice();
        while let Some(event) = link.handle_bytes(&mut input, START) {
            match &event {
                ServerEvent::SignIn(_) => link.accept_sign_in(signed_in(), START).unwrap(),
                ServerEvent::Request(id, _) => {
                    let refusal = Refusal::for_good(Code::NOT_FOUND);
                    link.answer(*id, Err(refusal), START).unwrap();
                }
                ServerEvent::Closed(_) => {}
            }
            events.push(event);
        }
        waiting = input.to_vec();
        let ready = link.party().is_some();
        let bound = if ready { MAX_OUTPUT_BYTES + MAX_FRAME_BYTES } else { MAX_UNREADY_BYTES };
        assert!(link.held_bytes() <= bound);
    }
    events
}

/// A client that asks for one thing as soon as it may.
fn listen(stream: &[u8], sizes: &[usize], signed_in: bool) -> Vec<ClientEvent> {
    let mut link = if signed_in {
        ClientLink::signed_in(sign_in(), START)
    } else {
        ClientLink::anonymous(START)
    };
    let mut events = Vec::new();
    for mut piece in pieces(stream, sizes) {
        while let Some(event) = link.handle_bytes(&mut piece, START) {
            if let ClientEvent::Ready(..) = event {
                assert!(link.request(Ping {}.into(), START).is_ok());
            }
            events.push(event);
        }
        assert!(piece.is_empty());
    }
    events
}

proptest! {
    #[test]
    fn a_relay_takes_any_bytes_in_any_state(
        beginning in proptest::sample::select(client_beginnings()),
        noise in vec(any::<u8>(), 0..400),
        sizes in vec(1..300_usize, 1..8),
    ) {
        let stream = [beginning, noise].concat();
        prop_assert_eq!(serve(&stream, &sizes), serve(&stream, &[usize::MAX]));
    }

    #[test]
    fn a_relay_takes_nearly_valid_frames_in_any_order(
        beginning in proptest::sample::select(client_beginnings()),
        frames in vec(nearly(client_frames()), 0..6),
        sizes in vec(1..9_000_usize, 1..8),
    ) {
        let stream = [beginning, frames.concat()].concat();
        prop_assert_eq!(serve(&stream, &sizes), serve(&stream, &[usize::MAX]));
    }

    #[test]
    fn a_client_takes_any_bytes_in_any_state(
        welcomed: bool,
        signs_in: bool,
        noise in vec(any::<u8>(), 0..400),
        sizes in vec(1..300_usize, 1..8),
    ) {
        let beginning = if welcomed { welcome() } else { Vec::new() };
        let stream = [beginning, noise].concat();
        let whole = listen(&stream, &[usize::MAX], signs_in);
        prop_assert_eq!(listen(&stream, &sizes, signs_in), whole);
    }

    #[test]
    fn a_client_takes_nearly_valid_frames_in_any_order(
        signs_in: bool,
        frames in vec(nearly(server_frames()), 0..8),
        sizes in vec(1..300_usize, 1..8),
    ) {
        let stream = [welcome(), frames.concat()].concat();
        let whole = listen(&stream, &[usize::MAX], signs_in);
        prop_assert_eq!(listen(&stream, &sizes, signs_in), whole);
    }

    #[test]
    fn no_moment_upsets_a_link(
        moments in vec(any::<u64>(), 1..8),
        beginning in proptest::sample::select(client_beginnings()),
    ) {
        let mut server = ServerLink::new(offer(), START);
        let mut client = ClientLink::signed_in(sign_in(), START);
        for moment in moments.into_iter().map(Moment) {
            let _ = server.handle_bytes(&mut beginning.as_slice(), moment);
            let _ = server.handle_timeout(moment);
            let _ = server.poll_output(moment);
            let _ = client.handle_bytes(&mut welcome().as_slice(), moment);
            let _ = client.handle_timeout(moment);
            let _ = client.poll_output(moment);
            let _ = (server.poll_timeout(), client.poll_timeout());
        }
    }
}
