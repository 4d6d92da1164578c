//! `cargo xtask demo`: what works today, shown with the code that does it.

use crate::{failure::Failure, step::Step};

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`demo` takes no argument, not `{word}`")));
    }
    Step::cargo("demo", "run --locked --package msg-crypto --example demo").run()
}
