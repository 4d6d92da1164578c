//! What each word does, one file a word: it asks the client library, and reports.

mod completions;
mod man;

use crate::{
    args::{Args, Command},
    failure::{Exit, Failure},
};

/// Does what the arguments say.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
        _ => Err(Failure::new(Exit::Failed, "this msg was built without its client")),
    }
}
