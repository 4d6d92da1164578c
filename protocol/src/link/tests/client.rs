//! What a client's end does, and what a relay cannot do to it.

use super::*;
use crate::{
    bounded::Bytes,
    kinded::Unknown,
    limits::{ANSWER_TIMEOUT_MS, MAX_REQUESTS},
    push::{Arrived, PrekeysLow, Push},
};

fn told(pair: &mut Pair, frame: &ServerFrame) -> Option<ClientEvent> {
    let bytes = frame.encode().unwrap();
    pair.client.handle_bytes(&mut bytes.as_slice(), pair.now)
}

fn closes(pair: &mut Pair, frame: &ServerFrame, closure: Closure) {
    assert_eq!(told(pair, frame), Some(ClientEvent::Closed(closure)));
    assert_eq!(pair.client.request(Ping {}.into(), pair.now), Err(RequestError::Closed));
}

#[test]
fn answers_find_their_requests_in_any_order() {
    let mut pair = Pair::anonymous();
    let ids: Vec<RequestId> = (0..5).map(|_| pair.ask(Ping {})).collect();
    pair.run();
    for id in ids.iter().rev() {
        pair.answer(*id);
    }
    pair.run();
    let answers: Vec<ClientEvent> =
        ids.iter().rev().map(|id| ClientEvent::Answer(*id, Ok(Done {}.into()))).collect();
    assert_eq!(pair.learnt(), answers);
}

#[test]
fn a_refusal_concerns_its_request_only() {
    let mut pair = Pair::anonymous();
    let id = pair.ask(deposit(4_096));
    pair.run();
    let full = Refusal::for_now(Code::MAILBOX_FULL, 60);
    pair.server.answer(id, Err(full), pair.now).unwrap();
    pair.run();
    assert_eq!(pair.learnt(), [ClientEvent::Answer(id, Err(full))]);
    pair.ask(Ping {});
}

#[test]
fn an_answer_that_nobody_asked_for_closes_the_link() {
    let frame = ServerFrame::Response(RequestId(77), Done {}.into());
    closes(&mut Pair::anonymous(), &frame, Closure::UnaskedAnswer(RequestId(77)));
    let refusal = ServerFrame::Refusal(RequestId(77), Refusal::for_good(Code::DENIED));
    closes(&mut Pair::anonymous(), &refusal, Closure::UnaskedAnswer(RequestId(77)));
}

#[test]
fn an_answer_comes_once() {
    let mut pair = Pair::anonymous();
    let id = pair.ask(Ping {});
    let frame = ServerFrame::Response(id, Done {}.into());
    assert!(matches!(told(&mut pair, &frame), Some(ClientEvent::Answer(..))));
    closes(&mut pair, &frame, Closure::UnaskedAnswer(id));
}

#[test]
fn an_answer_to_another_question_closes_the_link() {
    let mut pair = Pair::anonymous();
    let id = pair.ask(Ping {});
    let frame = ServerFrame::Response(id, signed_in().into());
    closes(&mut pair, &frame, Closure::WrongAnswer(id));
}

#[test]
fn pushes_without_leave_close_the_link() {
    let push = ServerFrame::Push(arrived(1));
    closes(&mut Pair::signed_in(), &push, Closure::UnaskedPush);
    let low: Push = PrekeysLow { one_time: 1 }.into();
    closes(&mut Pair::anonymous(), &ServerFrame::Push(low), Closure::UnaskedPush);

    let mut pair = Pair::signed_in();
    pair.ask(Credit { envelopes: 1, after: 0 });
    assert!(matches!(
        told(&mut pair, &push),
        Some(ClientEvent::Push(Push::Arrived(Arrived { .. })))
    ));
    closes(&mut pair, &push, Closure::UnaskedPush);
}

#[test]
fn a_push_from_later_is_passed_over() {
    let mut pair = Pair::signed_in();
    let unknown = Unknown { kind: 999, body: Bytes::new(vec![1]).unwrap() };
    assert_eq!(told(&mut pair, &ServerFrame::Push(Push::Unknown(unknown))), None);
    assert_eq!(pair.client.closure(), None);
}

#[test]
fn a_relay_greets_once() {
    let mut pair = Pair::anonymous();
    let farewell = Farewell { code: Code::TOO_MANY_LINKS, min: 1, max: 1, retry_after_s: None };
    closes(&mut pair, &ServerFrame::Farewell(farewell), Closure::OutOfPlace);
}

#[test]
fn a_client_keeps_to_what_the_relay_grants() {
    let mut pair = Pair::anonymous();
    for _ in 0..MAX_REQUESTS {
        pair.ask(Ping {});
    }
    assert_eq!(pair.client.request(Ping {}.into(), pair.now), Err(RequestError::Full));
    pair.run();
    let id = pair.came()[0];
    pair.answer(id);
    pair.run();
    pair.ask(Ping {});
}

#[test]
fn terms_that_make_no_sense_do_no_harm() {
    let terms = Terms { requests: 0, request_bytes: 0, idle_s: 0, ..Terms::default() };
    let mut pair = Pair::new(ClientLink::anonymous(Moment(0)));
    pair.server = server(terms);
    pair.run();
    let id = pair.ask(deposit(65_536));
    assert_eq!(pair.client.in_flight(), 1);
    assert_eq!(pair.client.request(Ping {}.into(), pair.now), Err(RequestError::Full));
    let frame = ServerFrame::Response(id, Done {}.into());
    assert!(told(&mut pair, &frame).is_some());
    assert_eq!(pair.client.poll_timeout().map(|_| ()), Some(()), "only the unwritten output");
}

#[test]
fn a_relay_that_does_not_answer_is_given_up() {
    let mut pair = Pair::anonymous();
    pair.now = Moment(5_000);
    pair.ask(Ping {});
    pair.run();
    let due = Moment(5_000 + ANSWER_TIMEOUT_MS);
    assert_eq!(pair.client.poll_timeout(), Some(due));
    assert_eq!(pair.client.handle_timeout(Moment(due.0 - 1)), None);
    let event = pair.client.handle_timeout(due);
    assert_eq!(event, Some(ClientEvent::Closed(Closure::Slow(Slow::Answer))));
}

#[test]
fn a_quiet_link_is_kept_alive_by_itself() {
    let mut pair = Pair::signed_in();
    for _ in 0..10 {
        pair.now = pair.client.poll_timeout().unwrap();
        assert_eq!(pair.client.handle_timeout(pair.now), None);
        pair.run();
        for id in pair.came() {
            pair.answer(id);
        }
        pair.run();
        assert_eq!(pair.server.handle_timeout(pair.now), None);
        assert_eq!(pair.learnt(), [], "nobody is told of it");
    }
    assert!(pair.now > Moment(u64::from(Terms::default().idle_s) * 1_000));
}
