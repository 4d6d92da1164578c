//! Randomness that a failure can be repeated with: each test owns a seed and
//! prints it, and `MSG_TEST_SEED` puts another in its place.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// A generator that starts from `seed`, or from the number in `MSG_TEST_SEED`.
///
/// The harness shows the printed line only when the test fails.
pub fn rng(seed: u64) -> ChaCha20Rng {
    let seed = msg_soak::only().map_or(seed, |seeds| seeds.start);
    eprintln!("MSG_TEST_SEED={seed}");
    ChaCha20Rng::seed_from_u64(seed)
}
