//! What a relay's end does for its clients, and what they cannot do to it.

use super::*;
use crate::{
    bounded::Bytes,
    kinded::Unknown,
    limits::{
        FRAME_TIMEOUT_MS, MAX_BATCH_ENVELOPES, MAX_CREDIT, MAX_OUTPUT_BYTES, WRITE_TIMEOUT_MS,
    },
    push::{Closing, PrekeysLow, Push},
    request::Collect,
    response::Collected,
};

#[test]
fn a_request_from_later_is_refused_and_the_link_goes_on() {
    let mut pair = Pair::anonymous();
    let unknown = Unknown { kind: 4_711, body: Bytes::new(vec![1, 2, 3]).unwrap() };
    pair.to_server.extend(request_bytes(900, Request::Unknown(unknown)));
    pair.carry_to_server();
    let refusal = Refusal::for_good(Code::UNKNOWN_REQUEST);
    assert_eq!(frames_of(&mut pair.server), [ServerFrame::Refusal(RequestId(900), refusal)]);
    pair.ask(Ping {});
    pair.run();
    assert_eq!(pair.came().len(), 1);
}

#[test]
fn neither_end_lets_a_deposit_onto_a_signed_in_link() {
    let mut pair = Pair::signed_in();
    assert_eq!(pair.client.request(deposit(4_096).into(), pair.now), Err(RequestError::WrongLink));
    for (id, request) in [deposit(4_096).into(), Request::from(EndBatch {})].into_iter().enumerate()
    {
        let id = u32::try_from(id).unwrap() + 900;
        pair.to_server.extend(request_bytes(id, request));
        pair.carry_to_server();
        let refusal = Refusal::for_good(Code::WRONG_LINK);
        assert_eq!(frames_of(&mut pair.server), [ServerFrame::Refusal(RequestId(id), refusal)]);
    }
    assert_eq!(pair.came(), [], "the relay never hears of it");
}

#[test]
fn neither_end_lets_an_anonymous_link_collect() {
    let mut pair = Pair::anonymous();
    let collect = Collect { after: 0, envelopes: 1, bytes: 1 };
    assert_eq!(pair.client.request(collect.clone().into(), pair.now), Err(RequestError::WrongLink));
    pair.to_server.extend(request_bytes(900, collect));
    pair.to_server.extend(request_bytes(901, sign_in()));
    pair.carry_to_server();
    assert_eq!(frames_of(&mut pair.server).len(), 2);
    assert_eq!(pair.came(), []);
}

#[test]
fn a_signed_in_link_tells_nobody_whom_a_device_looks_for() {
    let mut pair = Pair::signed_in();
    let own = FetchCards { name: bob(), from: None };
    let other = FetchCards { name: "carol".parse().unwrap(), from: None };
    assert_eq!(pair.client.request(other.clone().into(), pair.now), Err(RequestError::WrongLink));
    pair.to_server.extend(request_bytes(900, other));
    pair.carry_to_server();
    assert_eq!(frames_of(&mut pair.server).len(), 1);
    assert_eq!(pair.came(), []);
    pair.ask(own);
    pair.run();
    assert_eq!(pair.came().len(), 1);
}

#[test]
fn a_full_batch_and_its_end_are_in_flight_at_once() {
    let mut pair = Pair::anonymous();
    let ids: Vec<RequestId> = (0..MAX_BATCH_ENVELOPES).map(|_| pair.ask(deposit(4_096))).collect();
    let end = pair.ask(EndBatch {});
    pair.run();
    assert_eq!(pair.came(), [ids.as_slice(), &[end]].concat());
    for id in ids.iter().chain([&end]) {
        pair.answer(*id);
    }
    pair.run();
    assert_eq!(pair.learnt().len(), MAX_BATCH_ENVELOPES + 1);
    assert_eq!(pair.client.in_flight(), 0);
}

#[test]
fn the_largest_batch_by_bytes_is_in_flight_at_once() {
    let mut pair = Pair::anonymous();
    let count = crate::limits::MAX_BATCH_BYTES / 65_536;
    for _ in 0..count {
        pair.ask(deposit(65_536));
    }
    pair.ask(EndBatch {});
    pair.run();
    assert_eq!(pair.came().len(), count + 1);
}

#[test]
fn requests_over_what_is_granted_wait_in_the_socket() {
    let mut server = server(Terms { requests: 2, ..Terms::default() });
    let hello = ClientFrame::Hello(Hello::new(LinkKind::Anonymous)).encode().unwrap();
    let requests: Vec<Vec<u8>> = (1..=3).map(|id| request_bytes(id, Ping {})).collect();
    let bytes = [hello, requests.concat()].concat();
    let mut input = bytes.as_slice();
    let mut taken = Vec::new();
    while let Some(event) = server.handle_bytes(&mut input, Moment(0)) {
        taken.push(event);
    }
    assert_eq!(taken.len(), 2);
    assert!(!server.wants_input());
    assert_eq!(input, requests[2]);
    server.answer(RequestId(1), Ok(Done {}.into()), Moment(0)).unwrap();
    assert!(server.handle_bytes(&mut input, Moment(0)).is_some());
}

#[test]
fn a_slow_reader_slows_itself_and_costs_a_bounded_amount() {
    let mut pair = Pair::signed_in();
    let row = Row { sequence: 1, knock: false, envelope: envelope(65_536) };
    let mut answered = 0;
    for id in 1..1_000 {
        let collect = Collect { after: 0, envelopes: 1, bytes: 65_536 };
        pair.to_server.extend(request_bytes(id, collect));
        pair.carry_to_server();
        for id in pair.came() {
            let rows = crate::bounded::List::new(vec![row.clone()]).unwrap();
            let answer = Collected { rows, more: true };
            pair.server.answer(id, Ok(answer.into()), pair.now).unwrap();
            answered += 1;
        }
        assert!(pair.server.held_bytes() <= MAX_OUTPUT_BYTES + 2 * MAX_FRAME_BYTES);
    }
    assert!(!pair.server.wants_input());
    assert!(answered <= 8, "{answered} answers for a client that does not read");

    assert!(pair.server.poll_output(pair.now).is_some());
    let event = pair.server.handle_timeout(pair.now.plus_ms(WRITE_TIMEOUT_MS));
    assert_eq!(event, Some(ServerEvent::Closed(Closure::Slow(Slow::Reading))));
}

#[test]
fn a_flood_of_nonsense_that_reads_no_answer_is_bounded_too() {
    let mut pair = Pair::anonymous();
    let unknown = || Request::Unknown(Unknown { kind: 999, body: Bytes::new(vec![]).unwrap() });
    let flood: Vec<u8> = (0..20_000).flat_map(|id| request_bytes(id, unknown())).collect();
    let mut input = flood.as_slice();
    assert_eq!(pair.server.handle_bytes(&mut input, pair.now), None);
    assert!(!input.is_empty());
    assert!(pair.server.held_bytes() <= MAX_OUTPUT_BYTES);
}

#[test]
fn envelopes_are_pushed_only_where_there_is_leave() {
    let mut pair = Pair::signed_in();
    assert_eq!(pair.server.push(arrived(1), pair.now), Err(PushError::NoCredit));
    let id = pair.ask(Credit { envelopes: 2, after: 0 });
    pair.run();
    assert_eq!(pair.came(), [id]);
    pair.answer(id);
    assert_eq!(pair.server.credit(), 2);
    pair.server.push(arrived(1), pair.now).unwrap();
    pair.server.push(arrived(2), pair.now).unwrap();
    assert_eq!(pair.server.push(arrived(3), pair.now), Err(PushError::NoCredit));
    let low: Push = PrekeysLow { one_time: 9 }.into();
    pair.server.push(low.clone(), pair.now).unwrap();
    pair.run();
    let pushes: Vec<ClientEvent> = pair.learnt().split_off(1);
    let expected = [arrived(1), arrived(2), low].map(ClientEvent::Push);
    assert_eq!(pushes, expected);
}

#[test]
fn leave_to_push_is_bounded() {
    let mut pair = Pair::signed_in();
    for _ in 0..3 {
        pair.ask(Credit { envelopes: u16::MAX, after: 0 });
    }
    pair.run();
    assert_eq!(pair.server.credit(), MAX_CREDIT);
    let pushed =
        (0..2_000).take_while(|sequence| pair.server.push(arrived(*sequence), pair.now).is_ok());
    assert!(pushed.count() < 140, "a client that does not read is not filled with mail");
    assert_eq!(pair.server.push(arrived(0), pair.now), Err(PushError::Congested));
}

#[test]
fn an_anonymous_link_takes_no_pushes() {
    let mut pair = Pair::anonymous();
    let low: Push = PrekeysLow { one_time: 9 }.into();
    assert_eq!(pair.server.push(low, pair.now), Err(PushError::WrongState));
}

#[test]
fn an_id_in_flight_twice_closes_the_link() {
    let mut pair = Pair::anonymous();
    pair.to_server.extend([request_bytes(5, Ping {}), request_bytes(5, Ping {})].concat());
    pair.carry_to_server();
    assert_eq!(pair.server.closure(), Some(Closure::RepeatedId(RequestId(5))));
    pair.run();
    let closing = Closing { reason: Refusal::for_good(Code::PROTOCOL) };
    assert_eq!(pair.learnt(), [ClientEvent::Push(closing.into())]);
    let event = pair.client.handle_end();
    let reason = Closure::Closing(Refusal::for_good(Code::PROTOCOL));
    assert_eq!(event, Some(ClientEvent::Closed(reason)));
}

#[test]
fn an_answer_must_answer_its_request() {
    let mut pair = Pair::anonymous();
    let id = pair.ask(Ping {});
    pair.run();
    let wrong = Response::from(signed_in());
    assert_eq!(pair.server.answer(id, Ok(wrong), pair.now), Err(ServerUseError::WrongAnswer));
    pair.answer(id);
    let again = pair.server.answer(id, Ok(Done {}.into()), pair.now);
    assert_eq!(again, Err(ServerUseError::NoSuchRequest));
}

#[test]
fn a_frame_that_has_begun_must_come_whole() {
    let mut pair = Pair::anonymous();
    assert_eq!(pair.server.handle_bytes(&mut [0, 0].as_slice(), Moment(1_000)), None);
    assert_eq!(pair.server.handle_bytes(&mut [1].as_slice(), Moment(29_000)), None);
    let due = Moment(1_000 + FRAME_TIMEOUT_MS);
    assert_eq!(pair.server.poll_timeout(), Some(due));
    let event = pair.server.handle_timeout(due);
    assert_eq!(event, Some(ServerEvent::Closed(Closure::Slow(Slow::Frame))));
}

#[test]
fn an_idle_link_is_cut_but_not_one_that_waits_for_an_answer() {
    let mut pair = Pair::anonymous();
    let id = pair.ask(Ping {});
    pair.run();
    assert_eq!(pair.server.poll_timeout(), None);
    pair.answer(id);
    pair.run();
    let due = Moment(u64::from(Terms::default().idle_s) * 1_000);
    assert_eq!(pair.server.poll_timeout(), Some(due));
    let event = pair.server.handle_timeout(due);
    assert_eq!(event, Some(ServerEvent::Closed(Closure::Slow(Slow::Idle))));
}

#[test]
fn a_relay_that_stops_answers_what_it_has_taken() {
    let mut pair = Pair::anonymous();
    let id = pair.ask(Ping {});
    pair.run();
    let reason = Refusal::for_now(Code::UNAVAILABLE, 5);
    pair.server.drain(reason, pair.now);
    pair.server.drain(reason, pair.now);
    pair.run();
    assert_eq!(pair.learnt(), [ClientEvent::Push(Closing { reason }.into())]);
    assert_eq!(pair.client.request(Ping {}.into(), pair.now), Err(RequestError::Closed));
    assert_eq!(pair.server.closure(), None, "one request is in flight");
    pair.answer(id);
    pair.run();
    assert_eq!(pair.server.closure(), Some(Closure::Here));
    assert_eq!(pair.learnt(), [ClientEvent::Answer(id, Ok(Done {}.into()))]);
    let event = pair.client.handle_end();
    assert_eq!(event, Some(ClientEvent::Closed(Closure::Closing(reason))));
}

#[test]
fn the_terms_are_those_of_the_limits() {
    let terms = Terms::default();
    assert_eq!(usize::from(terms.requests), crate::limits::MAX_REQUESTS);
    assert_eq!(terms.request_bytes as usize, crate::limits::MAX_REQUEST_BYTES);
}

#[test]
fn the_end_of_a_stream_closes_a_link() {
    let mut pair = Pair::anonymous();
    assert_eq!(pair.server.handle_bytes(&mut [0].as_slice(), pair.now), None);
    assert_eq!(pair.server.handle_end(), Some(ServerEvent::Closed(Closure::Truncated)));
    assert_eq!(pair.server.handle_end(), None, "once");
    assert_eq!(pair.client.handle_end(), Some(ClientEvent::Closed(Closure::Ended)));
    assert_eq!(pair.server.poll_timeout(), None);
    assert_eq!(pair.server.handle_bytes(&mut [1, 2, 3].as_slice(), pair.now), None);
}

#[test]
fn frames_go_out_together_as_far_as_they_fit() {
    let mut wire = wire::Wire::new(Moment(0));
    for length in [10, 20, 30, 100, 5] {
        wire.queue(vec![1; length], Moment(0));
    }
    let mut pieces = Vec::new();
    while let Some(piece) = wire.poll_outputs(50, Moment(1)) {
        pieces.push(piece.len());
    }
    assert_eq!(pieces, [30, 30, 100, 5]);
    assert_eq!(wire.queued(), 0);
    assert!(wire.deadline().is_none());
}
