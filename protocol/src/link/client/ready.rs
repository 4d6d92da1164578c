//! A client's link that is open for requests.

use alloc::collections::BTreeMap;

use super::{ClientEvent, RequestError, State, Step};
use crate::{
    error::Refusal,
    frame::{ClientFrame, RequestId, ServerFrame},
    limits::{ANSWER_TIMEOUT_MS, MAX_CREDIT, MAX_FRAME_BYTES, MAX_REQUEST_BYTES, MAX_REQUESTS},
    link::{Closure, Party, Slow, wire::Wire},
    push::Push,
    request::{Ping, Request},
    response::Response,
    time::Moment,
    version::{LinkKind, Terms},
};

/// Makes requests and takes answers and pushes.
#[derive(Debug)]
pub(super) struct Ready {
    party: Party,
    max_requests: usize,
    max_bytes: usize,
    idle_ms: u64,
    next: u32,
    flight: BTreeMap<RequestId, Entry>,
    flight_bytes: usize,
    credit: u16,
    /// When a request was last written or answered.
    progress: Moment,
    /// A ping of the link's own, whose answer concerns nobody else.
    own_ping: Option<RequestId>,
    closing: Option<Refusal>,
}

#[derive(Debug)]
struct Entry {
    answer: u16,
    bytes: usize,
}

impl Ready {
    /// What a relay grants is taken within the bounds of reason.
    pub(super) fn new(party: Party, terms: &Terms, wire: &mut Wire, now: Moment) -> Self {
        wire.open_up();
        let bytes = usize::try_from(terms.request_bytes).unwrap_or(usize::MAX);
        Self {
            party,
            max_requests: usize::from(terms.requests).clamp(1, MAX_REQUESTS),
            max_bytes: bytes.clamp(MAX_FRAME_BYTES, MAX_REQUEST_BYTES),
            idle_ms: u64::from(terms.idle_s) * 1_000,
            next: 1,
            flight: BTreeMap::new(),
            flight_bytes: 0,
            credit: 0,
            progress: now,
            own_ping: None,
            closing: None,
        }
    }

    pub(super) const fn kind(&self) -> LinkKind {
        self.party.kind()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flight.len()
    }

    pub(super) const fn announced_closing(&self) -> Option<Refusal> {
        self.closing
    }

    pub(super) const fn note_progress(&mut self, now: Moment) {
        self.progress = now;
    }

    pub(super) fn deadline(&self) -> Option<(Moment, Closure)> {
        let answer = (self.progress.plus_ms(ANSWER_TIMEOUT_MS), Closure::Slow(Slow::Answer));
        (!self.flight.is_empty()).then_some(answer)
    }

    /// Half of the time after which the relay would take the link for dead.
    pub(super) fn keep_alive_at(&self) -> Option<Moment> {
        let quiet = self.flight.is_empty() && self.closing.is_none();
        (quiet && self.idle_ms > 0).then(|| self.progress.plus_ms(self.idle_ms / 2))
    }

    pub(super) fn keep_alive(&mut self, wire: &mut Wire, now: Moment) {
        if self.keep_alive_at().is_some_and(|moment| moment <= now) {
            self.own_ping = self.request(Ping {}.into(), wire, now).ok();
        }
    }

    pub(super) fn request(
        &mut self,
        request: Request,
        wire: &mut Wire,
        now: Moment,
    ) -> Result<RequestId, RequestError> {
        if self.closing.is_some() {
            return Err(RequestError::Closed);
        }
        let rules = request.rules().ok_or(RequestError::WrongLink)?;
        if !self.party.may_ask(&request, rules.links) {
            return Err(RequestError::WrongLink);
        }
        let credit = match &request {
            Request::Credit(credit) => credit.envelopes,
            _ => 0,
        };
        let id = self.free_id();
        let frame = ClientFrame::Request(id, request);
        let frame = frame.encode().map_err(|_| RequestError::TooLong)?;
        let bytes = frame.len();
        if self.flight.len() >= self.max_requests || self.flight_bytes + bytes > self.max_bytes {
            return Err(RequestError::Full);
        }
        if self.flight.is_empty() {
            self.progress = now;
        }
        self.next = id.0.wrapping_add(1);
        self.flight_bytes += bytes;
        self.flight.insert(id, Entry { answer: rules.answer, bytes });
        self.credit = self.credit.saturating_add(credit).min(MAX_CREDIT);
        wire.queue(frame, now);
        Ok(id)
    }

    /// The next id that is not in flight. There is one: few are in flight.
    fn free_id(&self) -> RequestId {
        let mut id = RequestId(self.next);
        while self.flight.contains_key(&id) {
            id = RequestId(id.0.wrapping_add(1));
        }
        id
    }

    pub(super) fn handle_frame(mut self, body: &[u8], now: Moment) -> Step {
        let result = match ServerFrame::decode(body) {
            Ok(ServerFrame::Response(id, response)) => self.answered(id, Ok(response), now),
            Ok(ServerFrame::Refusal(id, refusal)) => self.answered(id, Err(refusal), now),
            Ok(ServerFrame::Push(push)) => self.pushed(push),
            Ok(ServerFrame::Welcome(_) | ServerFrame::Farewell(_)) => Err(Closure::OutOfPlace),
            Err(error) => Err(Closure::Frame(error.into())),
        };
        match result {
            Ok(event) => (State::Ready(self), event),
            Err(closure) => (State::Closed(closure), None),
        }
    }

    fn answered(
        &mut self,
        id: RequestId,
        answer: Result<Response, Refusal>,
        now: Moment,
    ) -> Result<Option<ClientEvent>, Closure> {
        let entry = self.flight.remove(&id).ok_or(Closure::UnaskedAnswer(id))?;
        self.flight_bytes -= entry.bytes;
        self.progress = now;
        if answer.as_ref().is_ok_and(|response| response.kind() != entry.answer) {
            return Err(Closure::WrongAnswer(id));
        }
        if self.own_ping.take_if(|ping| *ping == id).is_some() {
            return Ok(None);
        }
        Ok(Some(ClientEvent::Answer(id, answer)))
    }

    fn pushed(&mut self, push: Push) -> Result<Option<ClientEvent>, Closure> {
        if let Push::Closing(closing) = &push {
            self.closing = Some(closing.reason);
            return Ok(Some(ClientEvent::Push(push)));
        }
        if self.party == Party::Anonymous {
            return Err(Closure::UnaskedPush);
        }
        let cost = u16::from(push.costs_credit());
        self.credit = self.credit.checked_sub(cost).ok_or(Closure::UnaskedPush)?;
        let known = !matches!(push, Push::Unknown(_));
        Ok(known.then_some(ClientEvent::Push(push)))
    }
}
