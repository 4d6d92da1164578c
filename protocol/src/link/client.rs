//! A link as a client sees it. SPEC §"Links".
//!
//! ```text
//!            welcome, anonymous
//! Opening ─────────────────────────────────▶ Ready ──▶ Closed
//!    │  │ welcome               signed in      ▲          ▲
//!    │  └──────────▶ SigningIn ────────────────┘          │
//!    └──────────────────┴─────────────────────────────────┘
//!       farewell, refused, deadline, anything malformed or unasked
//! ```
//!
//! Hello and sign-in leave together. Requests are pipelined, each with an id of
//! its own; an answer that nobody asked for, or that is no answer to its
//! request, closes the link.

mod opening;
mod ready;

use alloc::vec::Vec;
use core::mem;

use self::{
    opening::{Opening, SigningIn},
    ready::Ready,
};
use super::{Closure, Party, wire::Wire};
use crate::{
    error::Refusal,
    frame::{ClientFrame, RequestId},
    push::Push,
    request::{Request, SignIn},
    response::{Response, SignedIn},
    time::Moment,
    version::{Hello, LinkKind, Welcome},
};

/// What the client learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// Requests may be made.
    Ready(Welcome, Option<SignedIn>),
    /// The answer to a request.
    Answer(RequestId, Result<Response, Refusal>),
    /// Something unasked.
    Push(Push),
    /// Nothing more will come.
    Closed(Closure),
}

/// Why a request is not made. The caller's fault, or it has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The link is not ready yet.
    #[error("link is not ready")]
    NotReady,
    /// The link is closed, or the relay has said that it will be.
    #[error("link is closed")]
    Closed,
    /// The request belongs on the other kind of link.
    #[error("request belongs on the other kind of link")]
    WrongLink,
    /// As many requests are in flight as the relay grants: wait for an answer.
    #[error("too many requests are in flight")]
    Full,
    /// It fits no frame.
    #[error("request fits no frame")]
    TooLong,
}

/// One link of a client.
#[derive(Debug)]
pub struct ClientLink {
    wire: Wire,
    state: State,
}

#[derive(Debug)]
enum State {
    Opening(Opening),
    SigningIn(SigningIn),
    Ready(Ready),
    Closed(Closure),
}

/// The state that follows, and what the client learns.
type Step = (State, Option<ClientEvent>);

impl ClientLink {
    /// A link for depositing and asking, on which nobody signs in.
    pub fn anonymous(now: Moment) -> Self {
        Self::open(Party::Anonymous, None, now)
    }

    /// A link for a device's own mail.
    pub fn signed_in(sign_in: SignIn, now: Moment) -> Self {
        Self::open(Party::SignedIn(sign_in.name.clone()), Some(sign_in), now)
    }

    fn open(party: Party, sign_in: Option<SignIn>, now: Moment) -> Self {
        let mut wire = Wire::new(now);
        queue(&ClientFrame::Hello(Hello::new(party.kind())), &mut wire, now);
        if let Some(sign_in) = sign_in {
            queue(&ClientFrame::Request(SigningIn::ID, sign_in.into()), &mut wire, now);
        }
        Self { wire, state: State::Opening(Opening::new(party, now)) }
    }

    /// Which kind of link it is or will be; `None` once it is closed.
    pub const fn kind(&self) -> Option<LinkKind> {
        match &self.state {
            State::Opening(opening) => Some(opening.kind()),
            State::SigningIn(_) => Some(LinkKind::SignedIn),
            State::Ready(ready) => Some(ready.kind()),
            State::Closed(_) => None,
        }
    }

    /// Why the link is closed, if it is.
    pub const fn closure(&self) -> Option<Closure> {
        match &self.state {
            State::Closed(closure) => Some(*closure),
            _ => None,
        }
    }

    /// Requests that are not answered yet.
    pub fn in_flight(&self) -> usize {
        match &self.state {
            State::Ready(ready) => ready.in_flight(),
            _ => 0,
        }
    }

    /// Makes a request. Its answer comes as an event with the same id.
    pub fn request(&mut self, request: Request, now: Moment) -> Result<RequestId, RequestError> {
        match &mut self.state {
            State::Opening(_) | State::SigningIn(_) => Err(RequestError::NotReady),
            State::Ready(ready) => ready.request(request, &mut self.wire, now),
            State::Closed(_) => Err(RequestError::Closed),
        }
    }

    /// Takes bytes from the front of `input` up to the next event. Call again
    /// until there is none.
    #[must_use = "an event is told once"]
    pub fn handle_bytes(&mut self, input: &mut &[u8], now: Moment) -> Option<ClientEvent> {
        while !input.is_empty() {
            if self.closure().is_some() {
                *input = &[];
                return None;
            }
            let event = match self.wire.take_frame(input, now) {
                Ok(None) => continue,
                Ok(Some(body)) => self.step(|state, wire| state.handle_frame(&body, wire, now)),
                Err(error) => self.close(error.into()),
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// The relay has ended the stream.
    #[must_use = "an event is told once"]
    pub fn handle_end(&mut self) -> Option<ClientEvent> {
        let announced = match &self.state {
            State::Ready(ready) => ready.announced_closing(),
            _ => None,
        };
        self.close(announced.map_or_else(|| self.wire.end(), Closure::Closing))
    }

    /// Time has passed: closes a link that was too slow, keeps a quiet one alive.
    #[must_use = "an event is told once"]
    pub fn handle_timeout(&mut self, now: Moment) -> Option<ClientEvent> {
        if let State::Ready(ready) = &mut self.state {
            ready.keep_alive(&mut self.wire, now);
        }
        let (moment, closure) = self.deadline()?;
        if now < moment { None } else { self.close(closure) }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let keep_alive = match &self.state {
            State::Ready(ready) => ready.keep_alive_at(),
            _ => None,
        };
        let deadline = self.deadline().map(|(moment, _)| moment);
        deadline.into_iter().chain(keep_alive).min()
    }

    /// The next frame to write. Call again only when it is written.
    #[must_use = "a frame is given once"]
    pub fn poll_output(&mut self, now: Moment) -> Option<Vec<u8>> {
        let frame = self.wire.poll_output(now);
        if let (Some(_), State::Ready(ready)) = (&frame, &mut self.state) {
            ready.note_progress(now);
        }
        frame
    }

    fn deadline(&self) -> Option<(Moment, Closure)> {
        let own = match &self.state {
            State::Opening(opening) => Some(opening.deadline()),
            State::SigningIn(signing_in) => Some(signing_in.deadline()),
            State::Ready(ready) => ready.deadline(),
            State::Closed(_) => return None,
        };
        own.into_iter().chain(self.wire.deadline()).min_by_key(|(moment, _)| *moment)
    }

    fn step(&mut self, transition: impl FnOnce(State, &mut Wire) -> Step) -> Option<ClientEvent> {
        let state = mem::replace(&mut self.state, State::Closed(Closure::Here));
        let (state, event) = transition(state, &mut self.wire);
        self.state = state;
        match (event, self.closure()) {
            (None, Some(closure)) => Some(ClientEvent::Closed(closure)),
            (event, _) => event,
        }
    }

    fn close(&mut self, closure: Closure) -> Option<ClientEvent> {
        if self.closure().is_some() {
            return None;
        }
        self.state = State::Closed(closure);
        Some(ClientEvent::Closed(closure))
    }
}

impl State {
    fn handle_frame(self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        match self {
            Self::Opening(opening) => opening.handle_frame(body, wire, now),
            Self::SigningIn(signing_in) => signing_in.handle_frame(body, wire, now),
            Self::Ready(ready) => ready.handle_frame(body, now),
            closed @ Self::Closed(_) => (closed, None),
        }
    }
}

/// Queues a frame of known small size; one that fits no frame there is none.
fn queue(frame: &ClientFrame, wire: &mut Wire, now: Moment) {
    if let Ok(bytes) = frame.encode() {
        wire.queue(bytes, now);
    }
}
