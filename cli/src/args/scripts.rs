//! The words that scripts use most.

use std::ffi::OsString;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::{
    duration::{Span, span},
    recipients::Recipients,
};
use crate::completion;

/// The most lines of output that a message tells.
const MOST_LINES: u64 = 1_000;

/// Run a command, and tell somebody how it ended.
///
/// The command's output passes through unchanged, and so do its exit code and the
/// signals that msg gets. When it has ended, a message says how, after how long,
/// and what its last lines were.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg run ops -- rsync -a /srv backup:/srv
  msg run alice --on-failure -- ./nightly.sh
  msg run alice,bob --tail 50 -- make test

The command runs without a shell; write sh -c '…' for pipes. Its output goes
through pipes, so it sees no terminal there. It runs even if nobody can be told:
what stands in the way is said on stderr, and a message that cannot leave is kept.

Exits with the command's own code: 128 and the number of the signal that ended it,
127 if there is no such command, 126 if it cannot be started.")]
pub(crate) struct Run {
    /// A contact, or several: bob,carol.
    #[arg(value_name = "TO[,TO...]", add = ArgValueCompleter::new(completion::recipients))]
    pub(crate) to: Recipients,
    /// The command and its arguments, after --.
    #[arg(value_name = "CMD", last = true, required = true)]
    pub(crate) command: Vec<OsString>,
    /// Tell the last N lines of its output (16 KB at most).
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = lines)]
    pub(crate) tail: usize,
    /// Tell only if it fails.
    #[arg(long)]
    pub(crate) on_failure: bool,
}

fn lines(text: &str) -> Result<usize, String> {
    let number = text.parse::<u64>().ok().filter(|number| *number <= MOST_LINES);
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| format!("a number from 0 to {MOST_LINES} is expected"))
}

/// Ask somebody something, and wait for the answer.
///
/// The answer is what they send with `msg reply` to that message; its text alone is
/// printed, and counts as read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg ask bob 'deploy 1.4 to production?' --timeout 10m
  [ \"$(msg ask bob 'go on?')\" = yes ] && ./deploy
  git diff --stat | msg ask bob
  msg ask '#ops' 'who takes this one?' --timeout 1h

Exits with 9 if no answer came in time; the question stays with them.")]
pub(crate) struct Ask {
    /// A contact, or a group: then the first answer of anybody counts.
    #[arg(value_name = "TO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) to: String,
    /// What to ask; - or nothing for stdin.
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Vec<OsString>,
    /// Wait that long for the answer.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = span)]
    pub(crate) timeout: Span,
    /// Write the answer byte for byte; not to a terminal.
    #[arg(long, conflicts_with = "json")]
    pub(crate) raw: bool,
}
