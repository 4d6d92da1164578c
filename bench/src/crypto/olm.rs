//! Two devices of vodozemac's.
#![expect(clippy::unwrap_used, reason = "a measurement of something broken must stop")]

use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};

use super::HANDSHAKES;
use crate::turns::per_item;

/// An established session, both sides.
pub(crate) struct OlmPair {
    alice: Session,
    bob: Session,
}

impl OlmPair {
    pub(crate) fn new() -> Self {
        let alice = Account::new();
        let mut bob = Account::new();
        bob.generate_one_time_keys(1);
        let one_time = bob.one_time_keys().into_values().next().unwrap();
        let mut ours = begin(&alice, &bob, one_time);
        let mut theirs = accept(&mut bob, &alice, &ours.encrypt("hello").unwrap());
        let answer = theirs.encrypt("hello yourself").unwrap();
        ours.decrypt(&answer).unwrap();
        Self { alice: ours, bob: theirs }
    }

    pub(crate) fn one_way(&mut self, content: &[u8]) {
        let message = self.alice.encrypt(content).unwrap();
        assert_eq!(self.bob.decrypt(&message).unwrap().len(), content.len());
    }

    pub(crate) fn ping_pong(&mut self, content: &[u8]) {
        self.one_way(content);
        let message = self.bob.encrypt(content).unwrap();
        assert_eq!(self.alice.decrypt(&message).unwrap().len(), content.len());
    }
}

/// Nanoseconds for one handshake: begin, seal the first message, accept it.
pub(crate) fn handshakes() -> f64 {
    let alice = Account::new();
    let mut bob = Account::new();
    bob.generate_one_time_keys(HANDSHAKES as usize);
    let keys: Vec<_> = bob.one_time_keys().into_values().collect();
    per_item(HANDSHAKES, || {
        for key in keys {
            let mut session = begin(&alice, &bob, key);
            accept(&mut bob, &alice, &session.encrypt("hello").unwrap());
        }
    })
}

fn begin(alice: &Account, bob: &Account, one_time: vodozemac::Curve25519PublicKey) -> Session {
    let config = SessionConfig::version_1();
    alice.create_outbound_session(config, bob.curve25519_key(), one_time).unwrap()
}

fn accept(bob: &mut Account, alice: &Account, first: &OlmMessage) -> Session {
    let OlmMessage::PreKey(first) = first else { unreachable!("the first message") };
    let config = SessionConfig::version_1();
    bob.create_inbound_session(config, alice.curve25519_key(), first).unwrap().session
}
