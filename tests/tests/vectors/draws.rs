//! Randomness that a vector states, drawn in the order that README fixes.

use std::{collections::VecDeque, convert::Infallible};

use rand_core::{TryCryptoRng, TryRng};

use crate::case::Fields;

/// The names of all draws, in the order in which one operation draws them.
const ORDER: [&str; 6] = ["ek", "dh", "kem", "m", "salt", "nonce"];

/// What is still to be drawn.
pub(crate) struct Draws(VecDeque<(&'static str, Vec<u8>)>);

impl Draws {
    /// Runs `operation` on the stated draws, all of which it must use.
    pub(crate) fn run<T>(stated: Fields<'_>, operation: impl FnOnce(&mut Self) -> T) -> T {
        let present = ORDER.into_iter().filter(|name| stated.has(name));
        let draws: VecDeque<_> = present.map(|name| (name, stated.bytes(name))).collect();
        assert_eq!(draws.len(), stated.0.as_object().unwrap().len(), "draws of unknown names");
        let mut draws = Self(draws);
        let value = operation(&mut draws);
        assert!(draws.0.is_empty(), "not drawn: {:?}", draws.0);
        value
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
        let (name, bytes) = self.0.pop_front().expect("a draw that the vector states");
        assert_eq!(out.len(), bytes.len(), "length of the draw `{name}`");
        out.copy_from_slice(&bytes);
        Ok(())
    }
}

impl TryCryptoRng for Draws {}
