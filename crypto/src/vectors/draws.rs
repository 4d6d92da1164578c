//! Randomness with a name for each draw: what the code draws is recorded, and
//! must be drawn in the order and the lengths that the names are given.

use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::convert::Infallible;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};

use super::json::Json;
use crate::secret::Secret;

/// A generator that knows what is about to be drawn.
pub(crate) struct Draws {
    rng: ChaCha20Rng,
    expected: VecDeque<(&'static str, usize)>,
    recorded: Vec<(&'static str, Vec<u8>)>,
}

impl Draws {
    /// The generator of one file of vectors: its seed is the hash of the file's name.
    pub(crate) fn of(file: &str) -> Self {
        let rng = ChaCha20Rng::from_seed(Sha256::digest(file).into());
        Self { rng, expected: VecDeque::new(), recorded: Vec::new() }
    }

    /// Bytes for the generator's own use.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A secret for the generator's own use.
    pub(crate) fn secret<const N: usize>(&mut self) -> Secret<N> {
        Secret::new(self.bytes())
    }

    /// Runs `code`, which must draw exactly this; gives what it drew.
    pub(crate) fn record<T>(
        &mut self,
        names: &[(&'static str, usize)],
        code: impl FnOnce(&mut Self) -> T,
    ) -> (T, Drawn) {
        self.expected.extend(names);
        let value = code(self);
        assert!(self.expected.is_empty(), "not drawn: {:?}", self.expected);
        (value, Drawn(core::mem::take(&mut self.recorded)))
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("every draw is of bytes");
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("every draw is of bytes");
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let (name, length) = self.expected.pop_front().expect("a draw that has a name");
        assert_eq!(out.len(), length, "length of the draw `{name}`");
        self.rng.fill_bytes(out);
        self.recorded.push((name, out.to_vec()));
        Ok(())
    }
}

impl TryCryptoRng for Draws {}

/// What has been drawn, by name.
pub(crate) struct Drawn(Vec<(&'static str, Vec<u8>)>);

impl Drawn {
    /// The bytes of a draw.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        let (_, bytes) = self.0.iter().find(|(known, _)| *known == name).expect("a draw");
        bytes
    }

    /// The bytes of a draw of known length.
    pub(crate) fn secret<const N: usize>(&self, name: &str) -> Secret<N> {
        Secret::new(self.bytes(name).try_into().expect("a draw of that length"))
    }

    /// The draws as members of an object.
    pub(crate) fn to_json(&self) -> Json {
        let member = |(name, bytes): &(&'static str, Vec<u8>)| (String::from(*name), bytes.into());
        Json::Object(self.0.iter().map(member).collect())
    }
}
