//! A relay's end, and a client that may send anything.

use msg_protocol::{
    frame::{LENGTH_BYTES, RequestId, ServerFrame},
    limits::{MAX_FRAME_BYTES, MAX_OUTPUT_BYTES},
    link::{Party, ServerEvent, ServerLink, ServerUseError},
    response::Done,
    time::Moment,
};

use super::frames;
use crate::fuzzing::script::Script;

/// How many requests may be in flight, then what happens.
pub fn link_server(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let mut end = End::new(u16::from(script.byte()));
    while !script.is_over() {
        match script.byte() % 9 {
            0 => {
                let length = usize::from(script.byte());
                end.take(script.bytes(length));
            }
            1 => end.take(&frames::of_client(&mut script)),
            2 => end.check_sign_in(script.byte() & 1 == 0),
            3 => end.answer(usize::from(script.byte())),
            4 => drop(end.link.push(frames::push(&mut script), end.now)),
            5 => end.write(),
            6 => end.wait(u64::from(script.word())),
            7 => end.drain(),
            _ => {
                let event = end.link.handle_end();
                end.note(event);
                assert!(end.closed, "open after its end");
            }
        }
        end.check();
    }
    end.was_ready
}

struct End {
    link: ServerLink,
    now: Moment,
    requests: u16,
    asked: Vec<RequestId>,
    checking: bool,
    was_ready: bool,
    closed: bool,
}

impl End {
    fn new(requests: u16) -> Self {
        let now = Moment(1_000);
        Self {
            link: ServerLink::new(frames::offer(requests), now),
            now,
            requests,
            asked: Vec::new(),
            checking: false,
            was_ready: false,
            closed: false,
        }
    }

    fn note(&mut self, event: Option<ServerEvent>) {
        let Some(event) = event else { return };
        assert!(!self.closed, "an event after the last");
        match event {
            ServerEvent::SignIn(_) => {
                assert!(!self.checking && self.link.party().is_none(), "two sign-ins");
                self.checking = true;
            }
            ServerEvent::Request(id, request) => {
                let party = self.link.party().expect("a request on a link that is ready");
                assert!(request.rules().unwrap().links.allow(party.kind()), "on the wrong link");
                assert!(!self.asked.contains(&id), "one id for two requests");
                self.asked.push(id);
            }
            ServerEvent::Closed(closure) => {
                assert_eq!(self.link.closure(), Some(closure));
                self.closed = true;
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(event) = self.link.handle_bytes(&mut bytes, self.now) {
            self.note(Some(event));
        }
        assert!(bytes.is_empty() || !self.link.wants_input(), "input that is wanted is left");
    }

    fn check_sign_in(&mut self, accept: bool) {
        let outcome = if accept {
            self.link.accept_sign_in(frames::SIGNED_IN, self.now)
        } else {
            self.link.refuse_sign_in(frames::REFUSAL, self.now)
        };
        assert_eq!(outcome.is_ok(), self.checking && !self.closed, "{outcome:?}");
        if outcome.is_ok() {
            self.checking = false;
            self.closed = !accept;
            assert_eq!(matches!(self.link.party(), Some(Party::SignedIn(_))), accept);
        }
    }

    fn answer(&mut self, index: usize) {
        if self.asked.is_empty() {
            let nobody = self.link.answer(RequestId(7), Err(frames::REFUSAL), self.now);
            assert!(nobody.is_err());
            return;
        }
        let id = self.asked.swap_remove(index % self.asked.len());
        let mut outcome = self.link.answer(id, Ok(Done {}.into()), self.now);
        if outcome == Err(ServerUseError::WrongAnswer) {
            outcome = self.link.answer(id, Err(frames::REFUSAL), self.now);
        }
        assert_eq!(outcome.is_ok(), !self.closed, "{outcome:?}");
        self.closed |= self.link.closure().is_some();
    }

    fn write(&mut self) {
        if let Some(bytes) = self.link.poll_output(self.now) {
            ServerFrame::decode(&bytes[LENGTH_BYTES..]).unwrap();
        }
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms * 8);
        let event = self.link.handle_timeout(self.now);
        self.note(event);
        let next = self.link.poll_timeout();
        assert!(self.closed || next.is_none_or(|next| next > self.now), "time stands still");
    }

    fn drain(&mut self) {
        self.link.drain(frames::REFUSAL, self.now);
        self.closed |= self.link.closure().is_some();
        assert!(self.closed || !self.asked.is_empty(), "nothing to wait for");
    }

    fn check(&mut self) {
        self.was_ready |= self.link.party().is_some();
        assert_eq!(self.link.closure().is_some(), self.closed, "closed without saying so");
        assert!(self.closed || self.asked.len() <= usize::from(self.requests));
        let requests = (1 << 17) + MAX_FRAME_BYTES;
        let bound = requests + MAX_FRAME_BYTES + MAX_OUTPUT_BYTES + 2 * MAX_FRAME_BYTES;
        assert!(self.link.held_bytes() <= bound, "{} bytes held", self.link.held_bytes());
    }
}
