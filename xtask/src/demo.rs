//! `cargo xtask demo`: what works today, shown with the code that does it.

use crate::{
    failure::Failure,
    place,
    step::Step,
    tool::{self, C_COMPILER},
};

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`demo` takes no argument, not `{word}`")));
    }
    tool::require(&[C_COMPILER])?;
    Step::cargo("relay", "build --locked --package msg-relay").run()?;
    Step::cargo("demo", "run --locked --package msg-tests --example demo --")
        .arg(place::target().join("debug/msg-relay"))
        .run()
}
