//! Two devices of ours.
#![expect(clippy::unwrap_used, reason = "a measurement of something broken must stop")]

use msg_crypto::Session;
use msg_tests::party::{NOW, Party};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::HANDSHAKES;
use crate::turns::per_item;

/// An established session, both sides.
pub(crate) struct OurPair {
    alice: Session,
    bob: Session,
    rng: ChaCha20Rng,
}

impl OurPair {
    pub(crate) fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let one = Party::new("alice", &mut rng);
        let mut other = Party::new("bob", &mut rng);
        let (alice, bob) = one.established(&mut other, &mut rng);
        Self { alice, bob, rng }
    }

    pub(crate) fn one_way(&mut self, content: &[u8]) {
        let sealed = self.alice.seal(content, &mut self.rng).unwrap();
        let opened = self.bob.open(sealed.kind, &sealed.body, NOW).unwrap();
        assert_eq!(opened.len(), content.len());
    }

    pub(crate) fn ping_pong(&mut self, content: &[u8]) {
        self.one_way(content);
        let sealed = self.bob.seal(content, &mut self.rng).unwrap();
        let opened = self.alice.open(sealed.kind, &sealed.body, NOW).unwrap();
        assert_eq!(opened.len(), content.len());
    }

    /// Bytes of one side's stored session.
    pub(crate) fn stored(&self) -> usize {
        self.alice.archive().as_bytes().len()
    }
}

/// Nanoseconds for one handshake: begin, seal the first message, accept it.
pub(crate) fn handshakes() -> f64 {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let alice = Party::new("alice", rng);
    let mut bob = Party::new("bob", rng);
    per_item(HANDSHAKES, || {
        for _ in 0..HANDSHAKES {
            let mut session = alice.initiate(&mut bob, rng);
            let first = session.seal(b"hello", rng).unwrap();
            let accepted = bob.accept(&first.body, NOW).unwrap();
            assert_eq!(accepted.content, b"hello");
        }
    })
}

/// Body sizes of a content of `size` bytes: in an established session, and first.
pub(crate) fn body_sizes(size: usize) -> (usize, usize) {
    let mut pair = OurPair::new();
    let content = vec![b'x'; size];
    let established = pair.alice.seal(&content, &mut pair.rng).unwrap();
    let alice = Party::new("alice", &mut pair.rng);
    let mut bob = Party::new("bob", &mut pair.rng);
    let mut session = alice.initiate(&mut bob, &mut pair.rng);
    let first = session.seal(&content, &mut pair.rng).unwrap();
    (established.body.as_bytes().len(), first.body.as_bytes().len())
}
