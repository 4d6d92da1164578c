//! A link as a relay sees it. SPEC §"Links".
//!
//! ```text
//!            anonymous
//! Greeting ───────────────────────────────────────▶ Ready ──▶ Closed
//!    │   │ to be signed in           accepted        ▲         ▲
//!    │   └──────────────▶ SigningIn ──▶ Checking ────┘         │
//!    └───────────────────────┴─────────────┴───────────────────┘
//!          no common version, deadline, anything malformed, refused
//! ```
//!
//! Until it is ready a link takes frames of 4 KiB at most and has 10 seconds.
//! A ready link stops taking input while too much is in flight: whoever asks
//! much, or reads slowly, slows nobody but himself.

mod flight;
mod opening;
mod ready;

use alloc::vec::Vec;
use core::mem;

use self::{
    opening::{Checking, Greeting, SigningIn},
    ready::Ready,
};
use super::{Closure, Party, wire::Wire};
use crate::{
    error::Refusal,
    frame::{RequestId, ServerFrame},
    id::RelayEpoch,
    push::{Closing, Push},
    request::{Request, SignIn},
    response::{Response, SignedIn},
    time::{Moment, UnixSeconds},
    version::{Farewell, MAX_VERSION, MIN_VERSION, Terms},
};

/// What a relay says to whoever comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// This run of the relay.
    pub epoch: RelayEpoch,
    /// The relay's clock.
    pub time: UnixSeconds,
    /// What it grants.
    pub terms: Terms,
}

/// What the relay has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// Check a device's credential, then [`ServerLink::accept_sign_in`] or
    /// [`ServerLink::refuse_sign_in`].
    SignIn(SignIn),
    /// Do this, then [`ServerLink::answer`].
    Request(RequestId, Request),
    /// Write what [`ServerLink::poll_output`] still gives, for no longer than
    /// [`WRITE_TIMEOUT_MS`](crate::limits::WRITE_TIMEOUT_MS), then hang up.
    Closed(Closure),
}

/// The relay has done something that has no place at this point. The caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerUseError {
    /// The link is not in the state for it. It may have closed meanwhile.
    #[error("link is not in the state for that")]
    WrongState,
    /// No request with that id is in flight.
    #[error("no such request is in flight")]
    NoSuchRequest,
    /// That is no answer to that request.
    #[error("that is no answer to that request")]
    WrongAnswer,
    /// It fits no frame.
    #[error("answer fits no frame")]
    TooLong,
}

/// Why something is not pushed now. It stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The link is not signed in, or closed.
    #[error("link takes no pushes")]
    WrongState,
    /// The client has given no leave.
    #[error("client has given no leave for more")]
    NoCredit,
    /// The client does not read.
    #[error("client does not read")]
    Congested,
    /// It fits no frame.
    #[error("push fits no frame")]
    TooLong,
}

/// One link of a relay.
#[derive(Debug)]
pub struct ServerLink {
    wire: Wire,
    state: State,
}

#[derive(Debug)]
enum State {
    Greeting(Greeting),
    SigningIn(SigningIn),
    Checking(Checking),
    Ready(Ready),
    Closed(Closure),
}

/// The state that follows, and what the relay has to do.
type Step = (State, Option<ServerEvent>);

impl ServerLink {
    /// A link whose TLS handshake is done.
    pub fn new(offer: Offer, now: Moment) -> Self {
        Self { wire: Wire::new(now), state: State::Greeting(Greeting::new(offer, now)) }
    }

    /// Takes frames of at most so many bytes once the link is ready.
    #[must_use]
    pub fn with_frame_limit(mut self, bytes: usize) -> Self {
        self.wire.limit_frames(bytes);
        self
    }

    /// Who is at the other end, once the link is ready.
    pub const fn party(&self) -> Option<&Party> {
        match &self.state {
            State::Ready(ready) => Some(ready.party()),
            _ => None,
        }
    }

    /// Why the link is closed, if it is.
    pub const fn closure(&self) -> Option<Closure> {
        match &self.state {
            State::Closed(closure) => Some(*closure),
            _ => None,
        }
    }

    /// Whether [`handle_bytes`](Self::handle_bytes) would take anything now. If
    /// not, leave it in the socket: it may after the next answer or output.
    pub fn wants_input(&self) -> bool {
        match &self.state {
            State::Greeting(_) | State::SigningIn(_) | State::Closed(_) => true,
            State::Checking(_) => false,
            State::Ready(ready) => self.wire.is_inside_frame() || ready.has_room(&self.wire),
        }
    }

    /// Takes bytes from the front of `input` up to the next event. Call again
    /// until there is none and the input is empty or no more is wanted.
    #[must_use = "an event is told once"]
    pub fn handle_bytes(&mut self, input: &mut &[u8], now: Moment) -> Option<ServerEvent> {
        while !input.is_empty() && self.wants_input() {
            if self.closure().is_some() {
                *input = &[];
                return None;
            }
            let event = match self.wire.take_frame(input, now) {
                Ok(None) => continue,
                Ok(Some(body)) => self.step(|state, wire| state.handle_frame(&body, wire, now)),
                Err(error) => self.fail(error.into(), now),
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// The client has ended the stream.
    #[must_use = "an event is told once"]
    pub fn handle_end(&mut self) -> Option<ServerEvent> {
        let closure = self.wire.end();
        self.close_silently(closure)
    }

    /// Time has passed.
    #[must_use = "an event is told once"]
    pub fn handle_timeout(&mut self, now: Moment) -> Option<ServerEvent> {
        let (moment, closure) = self.deadline()?;
        if now < moment { None } else { self.fail(closure, now) }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.deadline().map(|(moment, _)| moment)
    }

    /// The next frame to write. Call again only when it is written.
    #[must_use = "a frame is given once"]
    pub fn poll_output(&mut self, now: Moment) -> Option<Vec<u8>> {
        self.wire.poll_output(now)
    }

    /// The next frames to write, in one piece: as many as fit in `bytes`, but
    /// one at least. Call again only when they are written.
    #[must_use = "a frame is given once"]
    pub fn poll_outputs(&mut self, bytes: usize, now: Moment) -> Option<Vec<u8>> {
        self.wire.poll_outputs(bytes, now)
    }

    /// The device's credential is right.
    pub fn accept_sign_in(
        &mut self,
        signed_in: SignedIn,
        now: Moment,
    ) -> Result<(), ServerUseError> {
        let State::Checking(_) = self.state else { return Err(ServerUseError::WrongState) };
        self.step(|state, wire| match state {
            State::Checking(checking) => (checking.accept(signed_in, wire, now), None),
            other => (other, None),
        });
        Ok(())
    }

    /// The device's credential is not right, or the relay does not want it now.
    pub fn refuse_sign_in(&mut self, refusal: Refusal, now: Moment) -> Result<(), ServerUseError> {
        let State::Checking(checking) = &self.state else {
            return Err(ServerUseError::WrongState);
        };
        checking.refuse(refusal, &mut self.wire, now);
        self.state = State::Closed(Closure::SignInRefused(refusal));
        Ok(())
    }

    /// Answers a request.
    pub fn answer(
        &mut self,
        id: RequestId,
        answer: Result<Response, Refusal>,
        now: Moment,
    ) -> Result<(), ServerUseError> {
        let State::Ready(ready) = &mut self.state else { return Err(ServerUseError::WrongState) };
        ready.answer(id, answer, &mut self.wire, now)?;
        if ready.is_drained() {
            self.state = State::Closed(Closure::Here);
        }
        Ok(())
    }

    /// Tells the client something unasked.
    pub fn push(&mut self, push: Push, now: Moment) -> Result<(), PushError> {
        match &mut self.state {
            State::Ready(ready) => ready.push(push, &mut self.wire, now),
            _ => Err(PushError::WrongState),
        }
    }

    /// Envelopes that the client still has leave for.
    pub const fn credit(&self) -> u16 {
        match &self.state {
            State::Ready(ready) => ready.credit(),
            _ => 0,
        }
    }

    /// Whether a push would be taken now, if the client has given leave for it.
    pub fn takes_pushes(&self) -> bool {
        match &self.state {
            State::Ready(ready) => ready.takes_pushes(&self.wire),
            _ => false,
        }
    }

    /// Takes no more requests, says so, and closes when all in flight are answered.
    pub fn drain(&mut self, reason: Refusal, now: Moment) {
        if let State::Ready(ready) = &self.state
            && ready.is_draining()
        {
            return;
        }
        self.last_word(reason, now);
        let waits_for_answers = match &mut self.state {
            State::Ready(ready) => ready.drain(),
            _ => false,
        };
        if !waits_for_answers {
            self.close_silently(Closure::Here);
        }
    }

    /// Bytes of memory that the peer has made this link hold.
    pub fn held_bytes(&self) -> usize {
        let in_flight = match &self.state {
            State::Ready(ready) => ready.in_flight_bytes(),
            _ => 0,
        };
        self.wire.held_bytes() + in_flight
    }

    fn deadline(&self) -> Option<(Moment, Closure)> {
        let own = match &self.state {
            State::Greeting(greeting) => Some(greeting.deadline()),
            State::SigningIn(signing_in) => Some(signing_in.deadline()),
            State::Checking(checking) => Some(checking.deadline()),
            State::Ready(ready) => ready.deadline(&self.wire),
            State::Closed(_) => None,
        };
        let wire = if self.closure().is_none() { self.wire.deadline() } else { None };
        own.into_iter().chain(wire).min_by_key(|(moment, _)| *moment)
    }

    fn step(&mut self, transition: impl FnOnce(State, &mut Wire) -> Step) -> Option<ServerEvent> {
        let state = mem::replace(&mut self.state, State::Closed(Closure::Here));
        let (state, event) = transition(state, &mut self.wire);
        self.state = state;
        match (event, self.closure()) {
            (None, Some(closure)) => Some(ServerEvent::Closed(closure)),
            (event, _) => event,
        }
    }

    fn fail(&mut self, closure: Closure, now: Moment) -> Option<ServerEvent> {
        self.last_word(closure.last_word(), now);
        self.close_silently(closure)
    }

    fn close_silently(&mut self, closure: Closure) -> Option<ServerEvent> {
        if self.closure().is_some() {
            return None;
        }
        self.state = State::Closed(closure);
        Some(ServerEvent::Closed(closure))
    }

    fn last_word(&mut self, reason: Refusal, now: Moment) {
        let frame = match &self.state {
            State::Greeting(_) => farewell(reason),
            State::Closed(_) => return,
            _ => ServerFrame::Push(Closing { reason }.into()),
        };
        queue(&frame, &mut self.wire, now);
    }
}

impl State {
    fn handle_frame(self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        match self {
            Self::Greeting(greeting) => greeting.handle_frame(body, wire, now),
            Self::SigningIn(signing_in) => signing_in.handle_frame(body, wire, now),
            Self::Ready(ready) => ready.handle_frame(body, wire, now),
            other @ (Self::Checking(_) | Self::Closed(_)) => (other, None),
        }
    }
}

/// Closes with the last word that belongs to the reason, as a push.
fn close(closure: Closure, wire: &mut Wire, now: Moment) -> Step {
    let closing = Closing { reason: closure.last_word() };
    queue(&ServerFrame::Push(closing.into()), wire, now);
    (State::Closed(closure), None)
}

const fn farewell(reason: Refusal) -> ServerFrame {
    ServerFrame::Farewell(Farewell {
        code: reason.code,
        min: MIN_VERSION,
        max: MAX_VERSION,
        retry_after_s: reason.retry_after_s,
    })
}

/// Queues a frame of known small size; one that fits no frame there is none.
fn queue(frame: &ServerFrame, wire: &mut Wire, now: Moment) {
    if let Ok(bytes) = frame.encode() {
        wire.queue(bytes, now);
    }
}
