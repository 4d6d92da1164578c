//! Seeds that once found something, by what they found.

use crate::runs;

/// What was found, and the seed.
const CASES: &[(&str, u64)] = &[];

#[test]
fn what_was_once_found_is_not_there_again() {
    for (what, seed) in CASES {
        let outcome = runs::one(*seed, None);
        assert_eq!(outcome.wrong, [""; 0], "{what}, seed {seed}");
    }
}
