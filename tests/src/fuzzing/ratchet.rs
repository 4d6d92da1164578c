//! Two devices that talk over a network in which anything happens, held against a
//! model that says which messages open, and refuse to leave a trace otherwise.

use msg_crypto::{Sealed, Session};
use msg_protocol::{envelope::Body, time::UnixSeconds};
use rand_chacha::ChaCha20Rng;

use self::model::Model;
use super::{
    script::Script,
    world::{WORLD, dice},
};
use crate::party::NOW;

mod model;

/// Messages of one script: a few more than may be missing before one.
const MOST_MESSAGES: usize = 1_100;

/// The orders: send, deliver, repeat, alter, reflect, store, wait.
pub fn conversation(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let mut network = Network::new();
    while !script.is_over() {
        match script.byte() % 8 {
            0 => network.send(0, usize::from(script.byte()) * 8),
            1 => network.send(1, usize::from(script.byte()) * 8),
            2 => {
                let count = script.byte();
                (0..usize::from(count) * 8).for_each(|_| network.send(usize::from(count & 1), 0));
            }
            3 => network.deliver(usize::from(script.word())),
            4 => network.deliver_newest(),
            5 => {
                let (index, at, mask) = (script.word(), script.word(), script.byte());
                network.alter(usize::from(index), usize::from(at), mask);
            }
            6 => network.reflect(usize::from(script.word())),
            _ => network.wait(script.byte()),
        }
    }
    network.opened > 0
}

struct Network {
    sides: [Session; 2],
    models: [Model; 2],
    sent: Vec<Sent>,
    now: UnixSeconds,
    rng: ChaCha20Rng,
    opened: usize,
}

/// A message on its way. It may arrive never, or often.
struct Sent {
    to: usize,
    sealed: Sealed,
    content: Vec<u8>,
    place: model::Place,
}

impl Network {
    /// Right after the first flight has been accepted.
    fn new() -> Self {
        let restore = |archive: &[u8]| Session::restore(archive).unwrap();
        let (alice, bob) = &WORLD.beginning;
        Self {
            sides: [restore(alice), restore(bob)],
            models: [Model::initiator(), Model::responder()],
            sent: Vec::new(),
            now: NOW,
            rng: dice(3),
            opened: 0,
        }
    }

    fn send(&mut self, from: usize, length: usize) {
        if self.sent.len() == MOST_MESSAGES {
            return;
        }
        let content = vec![u8::try_from(self.sent.len() % 251).unwrap(); length];
        let before = self.sides[from].archive();
        let sealed = self.sides[from].seal(&content, &mut self.rng);
        let place = self.models[from].send();
        assert_eq!(sealed.is_ok(), place.is_some());
        let (Ok(sealed), Some(place)) = (sealed, place) else {
            let after = self.sides[from].archive();
            assert!(after.as_bytes() == before.as_bytes(), "not sealed, and yet changed");
            return;
        };
        self.sent.push(Sent { to: 1 - from, sealed, content, place });
    }

    fn deliver(&mut self, index: usize) {
        let Some(sent) = self.sent.get(index % self.sent.len().max(1)) else {
            return;
        };
        let (side, model) = (&mut self.sides[sent.to], &mut self.models[sent.to]);
        let before = side.archive();
        let outcome = side.open(sent.sealed.kind, &sent.sealed.body, self.now);
        let expected = model.open(sent.place, self.now);
        assert_eq!(outcome.is_ok(), expected, "{outcome:?} for {:?}", sent.place);
        match outcome {
            Ok(content) => {
                assert_eq!(content, sent.content);
                self.opened += 1;
            }
            Err(_) => assert!(side.archive().as_bytes() == before.as_bytes(), "a trace"),
        }
    }

    fn deliver_newest(&mut self) {
        self.deliver(self.sent.len().saturating_sub(1));
    }

    fn alter(&mut self, index: usize, at: usize, mask: u8) {
        let Some(sent) = self.sent.get(index % self.sent.len().max(1)) else {
            return;
        };
        let mut bytes = sent.sealed.body.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= mask.max(1);
        self.refuse(sent.to, index, &Body::new(bytes).unwrap());
    }

    fn reflect(&mut self, index: usize) {
        if let Some(sent) = self.sent.get(index % self.sent.len().max(1)) {
            self.refuse(1 - sent.to, index, &sent.sealed.body.clone());
        }
    }

    fn refuse(&mut self, to: usize, index: usize, body: &Body) {
        let kind = self.sent[index % self.sent.len()].sealed.kind;
        let side = &mut self.sides[to];
        let before = side.archive();
        assert!(side.open(kind, body, self.now).is_err(), "opened what nobody has sent");
        assert!(side.archive().as_bytes() == before.as_bytes(), "a trace");
    }

    /// Both processes end, and start again some days later.
    fn wait(&mut self, days: u8) {
        self.now = self.now.plus_days(u32::from(days % 40));
        for side in &mut self.sides {
            *side = Session::restore(side.archive().as_bytes()).unwrap();
        }
    }
}
