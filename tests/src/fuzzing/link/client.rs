//! A client's end, and a relay that may send anything.

use msg_protocol::{
    frame::{ClientFrame, LENGTH_BYTES},
    limits::MAX_REQUESTS,
    link::{ClientEvent, ClientLink, RequestError},
    request::Request,
    time::Moment,
    version::{Hello, LinkKind},
};

use super::frames;
use crate::fuzzing::script::Script;

/// The kind of link, then what happens.
pub fn link_client(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let kind = *script.pick(&[LinkKind::Anonymous, LinkKind::SignedIn]);
    let mut end = End::new(kind);
    while !script.is_over() {
        match script.byte() % 6 {
            0 => {
                let length = usize::from(script.byte());
                end.take(script.bytes(length));
            }
            1 => end.take(&frames::of_relay(&mut script)),
            2 => end.ask(frames::request(&mut script)),
            3 => end.write(),
            4 => end.wait(u64::from(script.word())),
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
    link: ClientLink,
    kind: LinkKind,
    now: Moment,
    frames: usize,
    was_ready: bool,
    closed: bool,
}

impl End {
    fn new(kind: LinkKind) -> Self {
        let now = Moment(1_000);
        let link = match kind {
            LinkKind::Anonymous => ClientLink::anonymous(now),
            LinkKind::SignedIn => ClientLink::signed_in(frames::sign_in(), now),
        };
        Self { link, kind, now, frames: 0, was_ready: false, closed: false }
    }

    fn note(&mut self, event: Option<ClientEvent>) {
        let Some(event) = event else { return };
        assert!(!self.closed, "an event after the last");
        match event {
            ClientEvent::Ready(..) => {
                assert!(!self.was_ready, "ready twice");
                self.was_ready = true;
            }
            ClientEvent::Closed(closure) => {
                assert_eq!(self.link.closure(), Some(closure));
                self.closed = true;
            }
            ClientEvent::Answer(..) | ClientEvent::Push(_) => assert!(self.was_ready),
        }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(event) = self.link.handle_bytes(&mut bytes, self.now) {
            self.note(Some(event));
        }
        assert!(bytes.is_empty(), "a client takes all that comes");
    }

    fn ask(&mut self, request: Request) {
        let allowed = request.rules().is_some_and(|rules| rules.links.allow(self.kind));
        match self.link.request(request, self.now) {
            Ok(_) => assert!(allowed && self.was_ready && !self.closed, "asked out of place"),
            Err(RequestError::NotReady) => assert!(!self.was_ready && !self.closed),
            Err(RequestError::Full) => assert!(self.link.in_flight() > 0),
            Err(_) => {}
        }
    }

    fn write(&mut self) {
        let Some(bytes) = self.link.poll_output(self.now) else { return };
        let frame = ClientFrame::decode(&bytes[LENGTH_BYTES..]).unwrap();
        match frame {
            ClientFrame::Hello(hello) => {
                assert_eq!((self.frames, hello), (0, Hello::new(self.kind)));
            }
            ClientFrame::Request(_, Request::SignIn(_)) => {
                assert_eq!((self.frames, self.kind), (1, LinkKind::SignedIn));
            }
            ClientFrame::Request(_, request) => {
                assert!(request.rules().unwrap().links.allow(self.kind), "on the wrong link");
            }
        }
        self.frames += 1;
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms * 8);
        let event = self.link.handle_timeout(self.now);
        self.note(event);
        let next = self.link.poll_timeout();
        assert!(self.closed || next.is_none_or(|next| next > self.now), "time stands still");
    }

    fn check(&self) {
        assert_eq!(self.link.closure().is_some(), self.closed, "closed without saying so");
        assert_eq!(self.link.kind().is_none(), self.closed);
        assert!(self.link.in_flight() <= MAX_REQUESTS);
    }
}
