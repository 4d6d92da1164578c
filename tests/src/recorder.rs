//! A generator of randomness that keeps all it has given: what leaks when a
//! source of keys is broken.

use std::convert::Infallible;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, TryCryptoRng, TryRng};

use crate::adversary::Keyring;

/// A seeded generator with a log.
pub struct Recorder {
    inner: ChaCha20Rng,
    draws: Vec<Vec<u8>>,
}

impl Recorder {
    /// Records what `inner` gives.
    pub fn of(inner: ChaCha20Rng) -> Self {
        Self { inner, draws: Vec::new() }
    }

    /// The draws, in order.
    pub fn draws(&self) -> &[Vec<u8>] {
        &self.draws
    }

    /// Every draw that can have become a private X25519 key.
    pub fn leaked_dh(&self) -> Keyring {
        let mut keyring = Keyring::default();
        for draw in &self.draws {
            if let Ok(secret) = draw.as_slice().try_into() {
                keyring.learn_dh(secret);
            }
        }
        keyring
    }

    /// Every draw that can have become a KEM key.
    pub fn leaked_kem(&self) -> Keyring {
        let mut keyring = Keyring::default();
        for draw in &self.draws {
            if let Ok(seed) = draw.as_slice().try_into() {
                keyring.learn_kem(seed);
            }
        }
        keyring
    }
}

impl TryRng for Recorder {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.inner.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.inner.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.inner.fill_bytes(bytes);
        self.draws.push(bytes.to_vec());
        Ok(())
    }
}

impl TryCryptoRng for Recorder {}
