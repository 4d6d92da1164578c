//! Two honest ends over a stream that comes in any pieces: neither ever closes,
//! and every request gets its answer.

use msg_protocol::{
    frame::RequestId,
    link::{ClientEvent, ClientLink, ServerEvent, ServerLink},
    push::PrekeysLow,
    response::Done,
    time::Moment,
    version::LinkKind,
};

use super::frames;
use crate::fuzzing::script::Script;

const NOW: Moment = Moment(1_000);

/// The kind of link, what is granted, then what happens.
pub fn link_pair(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let kind = *script.pick(&[LinkKind::Anonymous, LinkKind::SignedIn]);
    let mut pair = Pair::new(kind, u16::from(script.byte()).max(1));
    while !script.is_over() {
        match script.byte() % 7 {
            0 => pair.asked += usize::from(pair.ask(&mut script)),
            1 => pair.answer(),
            2 => drop(pair.server.push(PrekeysLow { one_time: 1 }.into(), NOW)),
            3 => pair.to_server.extend(pair.client.poll_output(NOW).unwrap_or_default()),
            4 => pair.to_client.extend(pair.server.poll_output(NOW).unwrap_or_default()),
            5 => drop(pair.carry_to_server(usize::from(script.byte()))),
            _ => drop(pair.carry_to_client(usize::from(script.byte()))),
        }
    }
    pair.settle();
    assert_eq!(pair.client.in_flight(), 0, "a request without an answer");
    assert_eq!(pair.answered, pair.asked, "an answer without a request");
    pair.asked > 0
}

struct Pair {
    client: ClientLink,
    server: ServerLink,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    open: Vec<RequestId>,
    asked: usize,
    answered: usize,
}

impl Pair {
    fn new(kind: LinkKind, requests: u16) -> Self {
        let client = match kind {
            LinkKind::Anonymous => ClientLink::anonymous(NOW),
            LinkKind::SignedIn => ClientLink::signed_in(frames::sign_in(), NOW),
        };
        let server = ServerLink::new(frames::offer(requests), NOW);
        let (to_server, to_client) = (Vec::new(), Vec::new());
        Self { client, server, to_server, to_client, open: Vec::new(), asked: 0, answered: 0 }
    }

    fn ask(&mut self, script: &mut Script<'_>) -> bool {
        self.client.request(frames::request(script), NOW).is_ok()
    }

    fn answer(&mut self) {
        let Some(id) = self.open.pop() else { return };
        let done = self.server.answer(id, Ok(Done {}.into()), NOW);
        done.or_else(|_| self.server.answer(id, Err(frames::REFUSAL), NOW)).unwrap();
    }

    /// Whether anything moved.
    fn carry_to_server(&mut self, count: usize) -> bool {
        let bytes = std::mem::take(&mut self.to_server);
        let (mut input, rest) = bytes.split_at(count.min(bytes.len()));
        let offered = input.len();
        while let Some(event) = self.server.handle_bytes(&mut input, NOW) {
            match event {
                ServerEvent::SignIn(_) => {
                    self.server.accept_sign_in(frames::SIGNED_IN, NOW).unwrap();
                }
                ServerEvent::Request(id, _) => self.open.push(id),
                ServerEvent::Closed(closure) => panic!("{closure}"),
            }
        }
        self.to_server = [input, rest].concat();
        input.len() < offered
    }

    fn carry_to_client(&mut self, count: usize) -> bool {
        let count = count.min(self.to_client.len());
        let bytes: Vec<u8> = self.to_client.drain(..count).collect();
        let mut input = bytes.as_slice();
        while let Some(event) = self.client.handle_bytes(&mut input, NOW) {
            match event {
                ClientEvent::Answer(..) => self.answered += 1,
                ClientEvent::Closed(closure) => panic!("{closure}"),
                ClientEvent::Ready(..) | ClientEvent::Push(_) => {}
            }
        }
        count > 0
    }

    /// Writes, carries and answers until nothing moves.
    fn settle(&mut self) {
        loop {
            while let Some(frame) = self.client.poll_output(NOW) {
                self.to_server.extend(frame);
            }
            while let Some(frame) = self.server.poll_output(NOW) {
                self.to_client.extend(frame);
            }
            let moved = self.carry_to_server(usize::MAX) | self.carry_to_client(usize::MAX);
            let open = !self.open.is_empty();
            self.answer();
            if !moved && !open {
                return;
            }
        }
    }
}
