//! The words about who is there.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::duration::{Span, span};
use crate::completion;

/// See who is there now.
///
/// All contacts are asked, sealed and without a trace at a relay. Only those answer
/// whose msg follows its mailbox (`msg recv --follow`) and who have chosen
/// `msg config presence on`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg who
  msg who --timeout 10s --json
  msg config presence on        let contacts who ask know that you are there")]
pub(crate) struct Who {
    /// Wait that long for answers.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = span)]
    pub(crate) timeout: Span,
}

/// Ask somebody's msg whether it is there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg ping bob
  msg ping bob --timeout 30s && msg ask bob 'a word?'

Exits with 9 if there is no answer: they may be away, or not tell.")]
pub(crate) struct Ping {
    /// A contact.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
    /// Wait that long for the answer.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = span)]
    pub(crate) timeout: Span,
}
