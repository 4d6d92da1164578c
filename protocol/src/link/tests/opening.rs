//! How links open, and how they fail to.

use super::*;
use crate::{
    push::Closing,
    version::{MAX_VERSION, Welcome},
};

#[test]
fn an_anonymous_link_is_ready_after_one_round_trip() {
    let mut pair = Pair::new(ClientLink::anonymous(Moment(0)));
    assert_eq!(pair.client.request(Ping {}.into(), pair.now), Err(RequestError::NotReady));
    pair.run();
    let [ClientEvent::Ready(welcome, None)] = &pair.learnt()[..] else { panic!() };
    assert_eq!((welcome.version, welcome.epoch), (MAX_VERSION, EPOCH));
    assert_eq!(pair.server.party(), Some(&Party::Anonymous));
}

#[test]
fn hello_and_sign_in_leave_together() {
    let mut pair = Pair::new(ClientLink::signed_in(sign_in(), Moment(0)));
    pair.run();
    assert_eq!(pair.server_events, [ServerEvent::SignIn(sign_in())]);
    assert_eq!(pair.learnt(), [], "not ready before the answer");
    assert!(!pair.server.wants_input(), "nothing more is taken before the answer");
    pair.server.accept_sign_in(signed_in(), pair.now).unwrap();
    pair.run();
    let [ClientEvent::Ready(_, Some(answer))] = &pair.learnt()[..] else { panic!() };

    assert_eq!(*answer, signed_in());
    assert_eq!(pair.server.party(), Some(&Party::SignedIn(bob())));
}

#[test]
fn a_refused_sign_in_closes_both_ends() {
    let mut pair = Pair::new(ClientLink::signed_in(sign_in(), Moment(0)));
    pair.run();
    let denied = Refusal::for_good(Code::DENIED);
    pair.server.refuse_sign_in(denied, pair.now).unwrap();
    pair.run();
    assert_eq!(pair.server.closure(), Some(Closure::SignInRefused(denied)));
    assert_eq!(pair.learnt(), [ClientEvent::Closed(Closure::SignInRefused(denied))]);
    assert_eq!(pair.server.accept_sign_in(signed_in(), pair.now), Err(ServerUseError::WrongState));
}

#[test]
fn a_version_from_later_is_told_which_there_are() {
    let hello = Hello { min: 40, max: 50, kind: LinkKind::Anonymous };
    let bytes = ClientFrame::Hello(hello).encode().unwrap();
    let mut server = server(Terms::default());
    let event = server.handle_bytes(&mut bytes.as_slice(), Moment(0));
    let closure = Closure::NoCommonVersion { min: 40, max: 50 };
    assert_eq!(event, Some(ServerEvent::Closed(closure)));
    let [ServerFrame::Farewell(farewell)] = frames_of(&mut server)[..] else { panic!() };
    assert_eq!((farewell.code, farewell.min, farewell.max), (Code::NO_COMMON_VERSION, 1, 1));

    let mut client = ClientLink::anonymous(Moment(0));
    let bytes = ServerFrame::Farewell(farewell).encode().unwrap();
    let event = client.handle_bytes(&mut bytes.as_slice(), Moment(0));
    assert_eq!(event, Some(ClientEvent::Closed(Closure::Farewell(farewell))));
}

#[test]
fn a_version_that_was_not_offered_is_refused() {
    let mut pair = Pair::new(ClientLink::anonymous(Moment(0)));
    let welcome =
        Welcome { version: 2, epoch: EPOCH, time: UnixSeconds(0), terms: Terms::default() };
    let bytes = ServerFrame::Welcome(welcome).encode().unwrap();
    let event = pair.client.handle_bytes(&mut bytes.as_slice(), pair.now);
    assert_eq!(event, Some(ClientEvent::Closed(Closure::ForeignVersion(2))));
}

#[test]
fn whoever_does_not_greet_is_cut_with_a_code() {
    for bytes in [
        request_bytes(1, Ping {}),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0; 4],
        vec![0, 0, 0, 1, 9],
        vec![0xff; 64],
    ] {
        let mut server = server(Terms::default());
        let event = server.handle_bytes(&mut bytes.as_slice(), Moment(0));
        assert!(matches!(event, Some(ServerEvent::Closed(_))), "{bytes:?}");
        let frames = frames_of(&mut server);
        assert!(matches!(
            frames.as_slice(),
            [ServerFrame::Farewell(farewell)] if farewell.code == Code::PROTOCOL
        ));
    }
}

#[test]
fn only_a_sign_in_follows_where_one_was_announced() {
    let hello = ClientFrame::Hello(Hello::new(LinkKind::SignedIn)).encode().unwrap();
    let bytes = [hello, request_bytes(0, Ping {})].concat();
    let mut server = server(Terms::default());
    let event = server.handle_bytes(&mut bytes.as_slice(), Moment(0));
    assert_eq!(event, Some(ServerEvent::Closed(Closure::OutOfPlace)));
    let closing = Closing { reason: Refusal::for_good(Code::PROTOCOL) };
    assert_eq!(frames_of(&mut server)[1], ServerFrame::Push(closing.into()));
}

#[test]
fn a_link_has_ten_seconds_in_each_state_before_it_is_ready() {
    let slow = Closure::Slow(Slow::Opening);
    let hello = ClientFrame::Hello(Hello::new(LinkKind::SignedIn)).encode().unwrap();
    let asked = [hello.clone(), request_bytes(0, sign_in())].concat();
    for bytes in [Vec::new(), hello[..3].to_vec(), hello, asked] {
        let mut server = server(Terms::default());
        let _ = server.handle_bytes(&mut bytes.as_slice(), Moment(9_000));
        assert_eq!(server.poll_timeout(), Some(Moment(OPENING_TIMEOUT_MS)));
        assert_eq!(server.handle_timeout(Moment(OPENING_TIMEOUT_MS - 1)), None);
        let event = server.handle_timeout(Moment(OPENING_TIMEOUT_MS));
        assert_eq!(event, Some(ServerEvent::Closed(slow)));
        assert!(server.poll_output(Moment(OPENING_TIMEOUT_MS)).is_some(), "a last word");
    }
    let mut client = ClientLink::anonymous(Moment(0));
    let event = client.handle_timeout(Moment(OPENING_TIMEOUT_MS));
    assert_eq!(event, Some(ClientEvent::Closed(slow)));
}

#[test]
fn a_link_that_is_not_ready_costs_little() {
    let hello = ClientFrame::Hello(Hello::new(LinkKind::SignedIn)).encode().unwrap();
    let length = u32::try_from(MAX_FRAME_BYTES).unwrap().to_be_bytes();
    let flood = [hello.as_slice(), &length, &vec![7; MAX_FRAME_BYTES]].concat();
    let mut server = server(Terms::default());
    for piece in flood.chunks(100) {
        let _ = server.handle_bytes(&mut &*piece, Moment(0));
        assert!(server.held_bytes() <= MAX_UNREADY_BYTES);
    }
    assert!(matches!(
        server.closure(),
        Some(Closure::Frame(FrameError::TooLong { limit: 4_096, .. }))
    ));
}

#[test]
fn requests_behind_a_sign_in_wait_for_its_answer() {
    let hello = ClientFrame::Hello(Hello::new(LinkKind::SignedIn)).encode().unwrap();
    let bytes = [hello, request_bytes(0, sign_in()), request_bytes(1, Ping {})].concat();
    let mut server = server(Terms::default());
    let mut input = bytes.as_slice();
    let event = server.handle_bytes(&mut input, Moment(0));
    assert_eq!(event, Some(ServerEvent::SignIn(sign_in())));
    assert_eq!(server.handle_bytes(&mut input, Moment(0)), None);
    assert!(!input.is_empty(), "left in the socket");
    server.accept_sign_in(signed_in(), Moment(0)).unwrap();
    let event = server.handle_bytes(&mut input, Moment(0));
    assert_eq!(event, Some(ServerEvent::Request(RequestId(1), Ping {}.into())));
}
