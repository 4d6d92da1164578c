//! Whether clients seal two texts under one key, as far as the relay that they talk
//! to can see: the nonce of an envelope, which its keys are made of, has one body
//! for good. `crypto/SPEC.md` §5 "Message".

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use msg_protocol::{
    envelope::{Envelope, EnvelopeKind},
    request::Request,
};
use sha2::{Digest as _, Sha256};

use crate::{
    adversary::wire::block,
    relay::{Answer, Lie},
};

const NONCE_BYTES: usize = 24;

/// All nonces that went by. A [`Lie`] that tells none; clones share what they saw.
#[derive(Debug, Clone, Default)]
pub struct Nonces(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    bodies: BTreeMap<[u8; NONCE_BYTES], [u8; 32]>,
    reused: u64,
}

impl Nonces {
    /// How often a nonce came with another body than before.
    pub fn reused(&self) -> u64 {
        self.0.lock().unwrap().reused
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().bodies.len()
    }

    /// An envelope has left.
    pub fn see(&self, envelope: &Envelope) {
        let bytes = envelope.body.as_bytes();
        let start = match envelope.kind {
            EnvelopeKind::Session => 0,
            EnvelopeKind::Handshake => block::length(bytes),
        };
        let nonce = bytes[start..start + NONCE_BYTES].try_into().unwrap();
        let body = Sha256::digest(bytes).into();
        let mut seen = self.0.lock().unwrap();
        if seen.bodies.insert(nonce, body).is_some_and(|before| before != body) {
            seen.reused += 1;
        }
    }
}

impl Lie for Nonces {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        if let Request::Deposit(deposit) = request {
            self.see(&deposit.envelope);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use msg_protocol::envelope::Body;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::*;
    use crate::relay::{Identity, envelope};

    #[test]
    fn the_same_envelope_again_is_fine_and_another_one_with_its_nonce_is_found() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let first = envelope(Identity::random(1).mailbox(), 4_096, &mut rng);
        let nonces = Nonces::default();
        nonces.see(&first);
        nonces.see(&first);
        assert_eq!((nonces.reused(), nonces.count()), (0, 1));
        let mut bytes = first.body.as_bytes().to_vec();
        bytes[4_000] ^= 1;
        nonces.see(&Envelope { body: Body::new(bytes).unwrap(), ..first });
        assert_eq!((nonces.reused(), nonces.count()), (1, 1));
    }
}
