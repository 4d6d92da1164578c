//! The words about what is kept: found again, and taken elsewhere.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::duration::{Span, span};
use crate::completion;

/// Find messages by words in them.
///
/// A message is found if all the words are in it, in whatever case and order.
/// Works without a network, and marks nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg search backup failed             both words, anywhere
  msg search 'disk is full' --with ops these words together
  msg search invoice -n 1 --json

Exits with 0 even if nothing is found.")]
pub(crate) struct Search {
    /// What is looked for.
    #[arg(value_name = "WORD", required = true)]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) words: Vec<String>,
    /// Only with that contact, or in that group.
    #[arg(long, value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) with: Option<String>,
    /// The last N that are found.
    #[arg(short = 'n', value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,
}

/// In which form messages are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A line of JSON for each message, exactly as `msg history --json` has it.
    Jsonl,
    /// A mailbox that mail programs read (mboxrd).
    Mbox,
}

/// Write all messages out, oldest first.
///
/// What is written is no longer sealed: keep it where nobody else reads. Works
/// without a network, and marks nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg export -o messages.jsonl
  msg export bob --since 30d | jq -r .body
  msg export --format mbox -o archive.mbox && mutt -f archive.mbox
  msg export | age -r age1… >messages.age

A file is made anew, for you alone to read; one that is there is left as it is.")]
pub(crate) struct Export {
    /// Only with that contact, or in that group.
    #[arg(value_name = "WITH", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) with: Option<String>,
    /// In that form.
    #[arg(long, value_name = "FORM", default_value = "jsonl")]
    pub(crate) format: Form,
    /// Into that file [default: stdout].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Not older than that.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) since: Option<Span>,
}
