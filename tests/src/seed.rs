//! Randomness that a failure can be repeated with: each test owns a seed and
//! prints it, and `MSG_TEST_SEED` puts another in its place.

use std::{env, ops::Range};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// A generator that starts from `seed`, or from the number in `MSG_TEST_SEED`.
///
/// The harness shows the printed line only when the test fails.
pub fn rng(seed: u64) -> ChaCha20Rng {
    let seed = asked_for().unwrap_or(seed);
    eprintln!("MSG_TEST_SEED={seed}");
    ChaCha20Rng::seed_from_u64(seed)
}

/// The seeds from 0 on for a test with many runs, or the one in `MSG_TEST_SEED`.
/// The test prints the seed of the run that fails.
pub fn seeds(count: u64) -> Range<u64> {
    asked_for().map_or(0..count, |seed| seed..seed + 1)
}

fn asked_for() -> Option<u64> {
    env::var("MSG_TEST_SEED").ok().map(|text| text.parse().expect("MSG_TEST_SEED is a number"))
}
