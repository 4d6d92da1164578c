//! First messages: a handshake and one message in it, through to what the
//! recipient makes of it, whole and altered.

use alloc::{vec, vec::Vec};

use msg_protocol::envelope::Body;

use super::{
    case::{Case, File},
    draws::Draws,
    handshake::Handshake,
    json::{Json, object},
    party::NOW,
    ratchet::{Mirror, content_json},
};
use crate::handshake::responder::{AcceptError, Accepted, CardHistory, accept};

#[test]
fn first_messages_are_as_their_vectors_say() {
    let rng = &mut Draws::of("first_message");
    let cases = vec![
        FirstMessage::new(Handshake::new(true, 0, rng), b"hello", rng)
            .into_case("on a one-time pair, and each field altered", true),
        FirstMessage::new(Handshake::new(false, 0, rng), b"", rng)
            .into_case("on a last-resort key, without content", true),
        FirstMessage::new(Handshake::new(true, 0, rng), &[0x61; 1_151], rng)
            .into_case("the most that 4 KiB hold", false),
        FirstMessage::new(Handshake::new(true, 0, rng), &[0x61; 1_152], rng)
            .into_case("one byte more", false),
        FirstMessage::new(Handshake::new(false, 5, rng), b"from one of six devices", rng)
            .into_case("initiator padded to 2,048", false),
    ];
    File {
        name: "first_message",
        about: "A seals a first message, B opens it. Each of `alterations` puts bytes in the place \
                of the body's own; B refuses them all, with nothing changed, before the true body \
                opens. After that B refuses the true body as well.",
        spec: "crypto/SPEC.md §4, §5",
        cases,
    }
    .keep();
}

/// A handshake, and the body of a message in it.
struct FirstMessage {
    handshake: Handshake,
    inputs: Json,
    steps: Json,
    body: Vec<u8>,
}

impl FirstMessage {
    fn new(mut handshake: Handshake, content: &[u8], rng: &mut Draws) -> Self {
        let mut mirror = Mirror::initiator(&handshake);
        let session = &mut handshake.session;
        let (sealed, drawn) =
            rng.record(&mirror.draws(), |rng| session.seal(content, rng).unwrap());
        let (steps, body) = mirror.seal(content, &drawn);
        assert_eq!(sealed.body.as_bytes(), body, "the formulas give what the session gives");
        let inputs = object! {
            "handshake": handshake.inputs.clone(),
            "content": content_json(content),
            "draws": drawn.to_json(),
        };
        let schedule = &handshake.schedule;
        let session = object! { "th2": &schedule.th2(), "SK": &schedule.session_secret };
        let steps = object! { "session": session, "sealing": steps };
        Self { handshake, inputs, steps, body }
    }

    fn into_case(mut self, name: &str, with_alterations: bool) -> Case {
        let refused = if with_alterations { self.alterations() } else { vec![] };
        let accepted = self.accept(self.body.clone()).unwrap();
        let again = self.accept(self.body.clone()).err().unwrap();
        assert!(matches!(again, AcceptError::UnknownPrekey(_) | AcceptError::Replayed));
        let alice = &self.handshake.alice;
        assert_eq!(accepted.initiator, alice.card);
        let outputs = object! {
            "body": &self.body,
            "opened": object! {
                "identity": accepted.session.peer().identity.as_bytes(),
                "device": accepted.session.peer().device.as_bytes(),
                "content": content_json(&accepted.content),
            },
        };
        let case = Case::new("first message", name, self.inputs);
        case.steps(self.steps).outputs(outputs).alterations(refused)
    }

    fn accept(&mut self, body: Vec<u8>) -> Result<Accepted, AcceptError> {
        let Handshake { bob, prekeys, .. } = &mut self.handshake;
        let cards = CardHistory::new(&bob.card);
        accept(&Body::new(body).unwrap(), &bob.device, &cards, &mut prekeys.own, NOW)
    }

    /// One alteration of each field of the block and of the wire.
    fn alterations(&mut self) -> Vec<Json> {
        let block = self.handshake.block.len();
        let places = [
            ("another suite", 0, vec![2]),
            ("a version of B's card that there is not", 4, vec![2]),
            ("an unknown signed prekey", 8, vec![9]),
            ("the other kind of KEM key", 9, vec![1 - self.body[9]]),
            ("an unknown kind of KEM key", 9, vec![2]),
            ("an unknown KEM key", 13, vec![9]),
            ("EK of low order", 14, vec![0; 32]),
            ("EK altered", 14, self.flipped(14)),
            ("CT altered", 46, self.flipped(46)),
            ("another length of the sealed part", 1_134, vec![0x08, 0x10]),
            ("a length that no sealed part has", 1_135, self.flipped(1_135)),
            ("the sealed part altered", 1_136, self.flipped(1_136)),
            ("the tag of the sealed part altered", block - 1, self.flipped(block - 1)),
            ("the nonce altered", block, self.flipped(block)),
            ("the header altered", block + 24, self.flipped(block + 24)),
            ("the body altered", block + 24 + 1_240, self.flipped(block + 24 + 1_240)),
            ("the body's tag altered", self.body.len() - 1, self.flipped(self.body.len() - 1)),
        ];
        places.into_iter().map(|(name, at, with)| self.alteration(name, at, &with)).collect()
    }

    fn flipped(&self, at: usize) -> Vec<u8> {
        vec![self.body[at] ^ 1]
    }

    fn alteration(&mut self, name: &str, at: usize, with: &[u8]) -> Json {
        let mut body = self.body.clone();
        body[at..at + with.len()].copy_from_slice(with);
        assert!(self.accept(body).is_err());
        let replace = object! { "at": at, "with": with };
        object! { "name": name, "replace": replace, "refused": true }
    }
}
