//! The only place that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "all output passes here")]

use crate::failure::Failure;

/// A line of what the command is for.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// The title of a step about to run.
pub(crate) fn step(name: &str, command: &str) {
    eprintln!("\n== {name}: {command}");
}

/// What happened, and what to do.
pub(crate) fn failure(failure: &Failure) {
    if matches!(failure, Failure::Shown) {
        return;
    }
    eprintln!("\nerror: {failure}");
    if let Some(hint) = failure.hint() {
        eprintln!("hint: {hint}");
    }
}
