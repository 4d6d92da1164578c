//! Randomness that a failure can be repeated with: each test owns a seed and
//! prints it, and `MSG_TEST_SEED` puts another in its place, or for a test with many
//! runs a range of them: `MSG_TEST_SEED=1000..2000`.

use std::{env, ops::Range};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// A generator that starts from `seed`, or from the number in `MSG_TEST_SEED`.
///
/// The harness shows the printed line only when the test fails.
pub fn rng(seed: u64) -> ChaCha20Rng {
    let seed = asked_for().map_or(seed, |seeds| seeds.start);
    eprintln!("MSG_TEST_SEED={seed}");
    ChaCha20Rng::seed_from_u64(seed)
}

/// The seeds from 0 on for a test with many runs, or those in `MSG_TEST_SEED`.
/// The test prints the seed of the run that fails.
pub fn seeds(count: u64) -> Range<u64> {
    asked_for().unwrap_or(0..count)
}

/// Whether one run alone was asked for, which may tell more of itself.
pub fn is_alone() -> bool {
    asked_for().is_some_and(|seeds| seeds.end - seeds.start == 1)
}

fn asked_for() -> Option<Range<u64>> {
    let text = env::var("MSG_TEST_SEED").ok()?;
    let number = |text: &str| text.parse::<u64>().expect("MSG_TEST_SEED is N or N..M");
    Some(match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&text)..number(&text) + 1,
    })
}
