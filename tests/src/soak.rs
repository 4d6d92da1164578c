//! How often a test with many runs repeats itself: as often as every change can
//! afford, or as many times as often as `MSG_SOAK` says.

use std::env;

/// `every_run`, times the number in `MSG_SOAK`.
pub fn times(every_run: u64) -> u64 {
    let factor = env::var("MSG_SOAK").map_or(1, |text| text.parse().expect("MSG_SOAK is a number"));
    every_run * factor
}

/// Whether there is time for more than every change can afford.
pub fn is_on() -> bool {
    times(1) > 1
}
