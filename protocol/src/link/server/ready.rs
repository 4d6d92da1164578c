//! A relay's link that is open for requests.

use alloc::vec::Vec;

use super::{PushError, ServerEvent, ServerUseError, State, Step, close, flight::Flight, queue};
use crate::{
    error::{Code, Refusal},
    frame::{ClientFrame, RequestId, ServerFrame},
    limits::{MAX_CREDIT, MAX_OUTPUT_BYTES},
    link::{Closure, Party, Slow, wire::Wire},
    push::Push,
    request::{Request, Rules},
    response::Response,
    time::Moment,
    version::Terms,
};

/// Takes requests and pushes.
#[derive(Debug)]
pub(super) struct Ready {
    party: Party,
    terms: Terms,
    flight: Flight,
    credit: u16,
    draining: bool,
}

impl Ready {
    pub(super) fn new(party: Party, terms: Terms, wire: &mut Wire) -> Self {
        wire.open_up();
        Self { party, terms, flight: Flight::default(), credit: 0, draining: false }
    }

    pub(super) const fn party(&self) -> &Party {
        &self.party
    }

    pub(super) const fn credit(&self) -> u16 {
        self.credit
    }

    pub(super) const fn in_flight_bytes(&self) -> usize {
        self.flight.bytes()
    }

    /// Whether one more request can be taken, and its answer kept if the client
    /// does not read.
    pub(super) fn has_room(&self, wire: &Wire) -> bool {
        let request_bytes = usize::try_from(self.terms.request_bytes).unwrap_or(usize::MAX);
        !self.draining
            && self.flight.len() < usize::from(self.terms.requests)
            && self.flight.bytes() < request_bytes
            && self.keeps_up(wire)
    }

    /// A silent client with nothing to wait for is cut.
    pub(super) fn deadline(&self, wire: &Wire) -> Option<(Moment, Closure)> {
        let idle_ms = u64::from(self.terms.idle_s) * 1_000;
        let idle = (wire.last_input().plus_ms(idle_ms), Closure::Slow(Slow::Idle));
        (idle_ms > 0 && self.flight.is_empty()).then_some(idle)
    }

    pub(super) fn handle_frame(mut self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        let (id, request) = match ClientFrame::decode(body) {
            Ok(ClientFrame::Request(id, request)) => (id, request),
            Ok(ClientFrame::Hello(_)) => return close(Closure::OutOfPlace, wire, now),
            Err(error) => return close(Closure::Frame(error.into()), wire, now),
        };
        if self.flight.contains(id) {
            return close(Closure::RepeatedId(id), wire, now);
        }
        match self.admit(&request) {
            Ok(rules) => {
                self.flight.insert(id, body.len(), rules);
                (State::Ready(self), Some(ServerEvent::Request(id, request)))
            }
            Err(code) => {
                queue(&ServerFrame::Refusal(id, Refusal::for_good(code)), wire, now);
                (State::Ready(self), None)
            }
        }
    }

    fn admit(&mut self, request: &Request) -> Result<Rules, Code> {
        let rules = request.rules().ok_or(Code::UNKNOWN_REQUEST)?;
        if !self.party.may_ask(request, rules.links) {
            return Err(Code::WRONG_LINK);
        }
        if let Request::Credit(credit) = request {
            self.credit = self.credit.saturating_add(credit.envelopes).min(MAX_CREDIT);
        }
        Ok(rules)
    }

    pub(super) fn answer(
        &mut self,
        id: RequestId,
        answer: Result<Response, Refusal>,
        wire: &mut Wire,
        now: Moment,
    ) -> Result<(), ServerUseError> {
        let rules = self.flight.rules(id).ok_or(ServerUseError::NoSuchRequest)?;
        let frame = match answer {
            Ok(response) if response.kind() == rules.answer => ServerFrame::Response(id, response),
            Ok(_) => return Err(ServerUseError::WrongAnswer),
            Err(refusal) => ServerFrame::Refusal(id, refusal),
        };
        let bytes: Vec<u8> = frame.encode().map_err(|_| ServerUseError::TooLong)?;
        self.flight.remove(id);
        wire.queue(bytes, now);
        Ok(())
    }

    pub(super) fn push(
        &mut self,
        push: Push,
        wire: &mut Wire,
        now: Moment,
    ) -> Result<(), PushError> {
        if self.party == Party::Anonymous || self.draining {
            return Err(PushError::WrongState);
        }
        let cost = u16::from(push.costs_credit());
        let credit = self.credit.checked_sub(cost).ok_or(PushError::NoCredit)?;
        if !self.keeps_up(wire) {
            return Err(PushError::Congested);
        }
        let bytes = ServerFrame::Push(push).encode().map_err(|_| PushError::TooLong)?;
        wire.queue(bytes, now);
        self.credit = credit;
        Ok(())
    }

    pub(super) fn takes_pushes(&self, wire: &Wire) -> bool {
        self.party != Party::Anonymous && !self.draining && self.keeps_up(wire)
    }

    /// Whether the client reads what it is told.
    fn keeps_up(&self, wire: &Wire) -> bool {
        self.flight.answer_bytes() + wire.queued() < MAX_OUTPUT_BYTES
    }

    pub(super) const fn is_draining(&self) -> bool {
        self.draining
    }

    /// Takes no more requests; says whether some are still in flight.
    pub(super) fn drain(&mut self) -> bool {
        self.draining = true;
        !self.flight.is_empty()
    }

    pub(super) fn is_drained(&self) -> bool {
        self.draining && self.flight.is_empty()
    }
}
