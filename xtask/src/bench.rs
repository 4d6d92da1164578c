//! `cargo xtask bench WHAT`: the measurements of the `bench` crate, in release.

use crate::{
    failure::Failure,
    step::Step,
    tool::{self, C_COMPILER},
};

/// Runs the command; the crate itself knows what can be measured.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    tool::require(&[C_COMPILER])?;
    let bench = Step::cargo("bench", "run --release --locked --package msg-bench --");
    words.iter().fold(bench, Step::arg).run()
}
