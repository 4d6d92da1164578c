//! How often a test of faults runs, from which seed on, and what it tells a soak.
//!
//! Every change gets few runs. `cargo xtask soak` asks for more, and gathers the
//! [`Row`]s that the tests print. Of the environment, all optional:
//!
//! ```text
//! MSG_SOAK=N           so many times the runs of every change
//! MSG_SOAK_SEED=N      seeds from there on
//! MSG_SOAK_MINUTES=N   how long a load goes on
//! MSG_TEST_SEED=N      only that seed
//! ```
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at its first surprise, and its row goes to the one who reads its output"
)]

mod row;

use std::{env, ops::Range, time::Duration};

pub use row::{Found, Row};

/// `every_run`, times the number in `MSG_SOAK`.
pub fn times(every_run: u64) -> u64 {
    every_run * number("MSG_SOAK").unwrap_or(1)
}

/// Whether there is time for more than every change can afford.
pub fn is_on() -> bool {
    times(1) > 1
}

/// How long a load goes on, if a soak says so.
pub fn lasts() -> Option<Duration> {
    number("MSG_SOAK_MINUTES").map(Duration::from_mins)
}

/// The seed from which a test makes all that it draws: its own, the soak's, or the
/// one in `MSG_TEST_SEED`.
pub fn base(own: u64) -> u64 {
    number("MSG_TEST_SEED").or_else(|| number("MSG_SOAK_SEED")).unwrap_or(own)
}

/// As many seeds as [`times`] says, or the one in `MSG_TEST_SEED`.
pub fn seeds(every_run: u64) -> Range<u64> {
    let base = base(0);
    let count = if number("MSG_TEST_SEED").is_some() { 1 } else { times(every_run) };
    base..base + count
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
