//! The states of a relay's link before it is ready.

use super::{Offer, ServerEvent, State, Step, close, farewell, queue, ready::Ready};
use crate::{
    error::Refusal,
    frame::{ClientFrame, RequestId, ServerFrame},
    limits::OPENING_TIMEOUT_MS,
    link::{Closure, Party, Slow, wire::Wire},
    request::{Request, SignIn},
    response::SignedIn,
    time::Moment,
    version::{Hello, LinkKind, MAX_VERSION, MIN_VERSION, Terms, Welcome},
};

/// Waits for the client's first frame.
#[derive(Debug)]
pub(super) struct Greeting {
    offer: Offer,
    opened: Moment,
}

/// Waits for a device to say who it is.
#[derive(Debug)]
pub(super) struct SigningIn {
    terms: Terms,
    opened: Moment,
}

/// Waits for the relay to check who it is. Takes no input meanwhile.
#[derive(Debug)]
pub(super) struct Checking {
    terms: Terms,
    opened: Moment,
    id: RequestId,
    party: Party,
}

const fn deadline(opened: Moment) -> (Moment, Closure) {
    (opened.plus_ms(OPENING_TIMEOUT_MS), Closure::Slow(Slow::Opening))
}

impl Greeting {
    pub(super) const fn new(offer: Offer, opened: Moment) -> Self {
        Self { offer, opened }
    }

    pub(super) const fn deadline(&self) -> (Moment, Closure) {
        deadline(self.opened)
    }

    pub(super) fn handle_frame(self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        let closure = match ClientFrame::decode(body) {
            Ok(ClientFrame::Hello(hello)) => match hello.choose(MIN_VERSION, MAX_VERSION) {
                Some(version) => return self.welcome(hello, version, wire, now),
                None => Closure::NoCommonVersion { min: hello.min, max: hello.max },
            },
            Ok(ClientFrame::Request(..)) => Closure::OutOfPlace,
            Err(error) => Closure::Frame(error.into()),
        };
        queue(&farewell(closure.last_word()), wire, now);
        (State::Closed(closure), None)
    }

    fn welcome(self, hello: Hello, version: u16, wire: &mut Wire, now: Moment) -> Step {
        let Offer { epoch, time, terms } = self.offer;
        let welcome = Welcome { version, epoch, time, terms: terms.clone() };
        queue(&ServerFrame::Welcome(welcome), wire, now);
        let state = match hello.kind {
            LinkKind::Anonymous => State::Ready(Ready::new(Party::Anonymous, terms, wire)),
            LinkKind::SignedIn => State::SigningIn(SigningIn { terms, opened: self.opened }),
        };
        (state, None)
    }
}

impl SigningIn {
    pub(super) const fn deadline(&self) -> (Moment, Closure) {
        deadline(self.opened)
    }

    pub(super) fn handle_frame(self, body: &[u8], wire: &mut Wire, now: Moment) -> Step {
        match ClientFrame::decode(body) {
            Ok(ClientFrame::Request(id, Request::SignIn(sign_in))) => self.check(id, sign_in),
            Ok(_) => close(Closure::OutOfPlace, wire, now),
            Err(error) => close(Closure::Frame(error.into()), wire, now),
        }
    }

    fn check(self, id: RequestId, sign_in: SignIn) -> Step {
        let party = Party::SignedIn(sign_in.name.clone());
        let checking = Checking { terms: self.terms, opened: self.opened, id, party };
        (State::Checking(checking), Some(ServerEvent::SignIn(sign_in)))
    }
}

impl Checking {
    pub(super) const fn deadline(&self) -> (Moment, Closure) {
        deadline(self.opened)
    }

    pub(super) fn accept(self, signed_in: SignedIn, wire: &mut Wire, now: Moment) -> State {
        queue(&ServerFrame::Response(self.id, signed_in.into()), wire, now);
        State::Ready(Ready::new(self.party, self.terms, wire))
    }

    pub(super) fn refuse(&self, refusal: Refusal, wire: &mut Wire, now: Moment) {
        queue(&ServerFrame::Refusal(self.id, refusal), wire, now);
    }
}
