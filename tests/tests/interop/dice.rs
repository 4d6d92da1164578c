//! Choices of a test, all from its seed.

use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

/// Rolls from one seed.
pub(crate) struct Dice(ChaCha20Rng);

impl Dice {
    /// Starts from `seed`, or from `MSG_TEST_SEED`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(msg_tests::seed::rng(seed))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.0.next_u64() % end).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// So many random bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
