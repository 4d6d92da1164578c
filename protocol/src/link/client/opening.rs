//! The states of a client's link before it is ready.

use super::{ClientEvent, State, Step, ready::Ready};
use crate::{
    frame::{RequestId, ServerFrame},
    limits::OPENING_TIMEOUT_MS,
    link::{Closure, Party, Slow, wire::Wire},
    push::Push,
    response::Response,
    time::Moment,
    version::{LinkKind, MAX_VERSION, MIN_VERSION, Welcome},
};

/// Waits for the relay's first frame.
#[derive(Debug)]
pub(super) struct Opening {
    party: Party,
    opened: Moment,
}

/// Waits for the answer to the sign-in.
#[derive(Debug)]
pub(super) struct SigningIn {
    party: Party,
    opened: Moment,
    welcome: Welcome,
}

const fn deadline(opened: Moment) -> (Moment, Closure) {
    (opened.plus_ms(OPENING_TIMEOUT_MS), Closure::Slow(Slow::Opening))
}

const fn close(closure: Closure) -> Step {
    (State::Closed(closure), None)
}

impl Opening {
    pub(super) const fn new(party: Party, opened: Moment) -> Self {
        Self { party, opened }
    }

    pub(super) const fn kind(&self) -> LinkKind {
        self.party.kind()
    }

    pub(super) const fn deadline(&self) -> (Moment, Closure) {
        deadline(self.opened)
    }

    pub(super) fn handle_frame(self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        match ServerFrame::decode(body) {
            Ok(ServerFrame::Welcome(welcome)) => self.welcomed(welcome, wire, now),
            Ok(ServerFrame::Farewell(farewell)) => close(Closure::Farewell(farewell)),
            Ok(_) => close(Closure::OutOfPlace),
            Err(error) => close(Closure::Frame(error.into())),
        }
    }

    fn welcomed(self, welcome: Welcome, wire: &mut Wire, now: Moment) -> Step {
        if !(MIN_VERSION..=MAX_VERSION).contains(&welcome.version) {
            return close(Closure::ForeignVersion(welcome.version));
        }
        match self.party.kind() {
            LinkKind::Anonymous => {
                let ready = Ready::new(self.party, &welcome.terms, wire, now);
                (State::Ready(ready), Some(ClientEvent::Ready(welcome, None)))
            }
            LinkKind::SignedIn => {
                let Self { party, opened } = self;
                (State::SigningIn(SigningIn { party, opened, welcome }), None)
            }
        }
    }
}

impl SigningIn {
    /// The id of the sign-in; later requests count on from it.
    pub(super) const ID: RequestId = RequestId(0);

    pub(super) const fn deadline(&self) -> (Moment, Closure) {
        deadline(self.opened)
    }

    pub(super) fn handle_frame(self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        match ServerFrame::decode(body) {
            Ok(ServerFrame::Response(Self::ID, Response::SignedIn(signed_in))) => {
                let ready = Ready::new(self.party, &self.welcome.terms, wire, now);
                (State::Ready(ready), Some(ClientEvent::Ready(self.welcome, Some(signed_in))))
            }
            Ok(ServerFrame::Refusal(Self::ID, refusal)) => close(Closure::SignInRefused(refusal)),
            Ok(ServerFrame::Response(Self::ID, _)) => close(Closure::WrongAnswer(Self::ID)),
            Ok(ServerFrame::Response(id, _) | ServerFrame::Refusal(id, _)) => {
                close(Closure::UnaskedAnswer(id))
            }
            Ok(ServerFrame::Push(Push::Closing(closing))) => {
                close(Closure::Closing(closing.reason))
            }
            Ok(_) => close(Closure::OutOfPlace),
            Err(error) => close(Closure::Frame(error.into())),
        }
    }
}
