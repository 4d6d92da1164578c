//! How often a test of faults runs, from which seed on, and what it tells a soak.
//!
//! Every change gets few runs. `cargo xtask soak` asks for more, and gathers the
//! [`Row`]s that the tests print. Of the environment, all optional:
//!
//! ```text
//! MSG_SOAK=N           so many times the runs of every change
//! MSG_SOAK_SEED=N      seeds from there on
//! MSG_SOAK_MINUTES=N   how long a load goes on
//! MSG_TEST_SEED=N      only that seed, or those of N..M
//! ```
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at its first surprise, and its row goes to the one who reads its output"
)]

mod line;
mod row;

use std::{env, ops::Range, time::Duration};

pub use line::{COLUMNS, FAILED, Line};
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
/// first one in `MSG_TEST_SEED`.
pub fn base(own: u64) -> u64 {
    only().map(|seeds| seeds.start).or_else(|| number("MSG_SOAK_SEED")).unwrap_or(own)
}

/// As many seeds as [`times`] says, or those in `MSG_TEST_SEED`.
pub fn seeds(every_run: u64) -> Range<u64> {
    let base = base(0);
    only().unwrap_or_else(|| base..base + times(every_run))
}

/// Whether one seed alone was asked for: its run may tell more of itself.
pub fn is_alone() -> bool {
    only().is_some_and(|seeds| seeds.end - seeds.start == 1)
}

/// The seeds in `MSG_TEST_SEED`, if they are all that is asked for.
pub fn only() -> Option<Range<u64>> {
    let text = env::var("MSG_TEST_SEED").ok()?;
    let number = |text: &str| text.parse::<u64>().expect("MSG_TEST_SEED is N or N..M");
    Some(match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&text)..number(&text) + 1,
    })
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
