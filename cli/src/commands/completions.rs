//! `msg completions`.

use crate::{
    args::shell::Completions,
    completion,
    failure::{Exit, Failure},
    output,
};

/// Prints what makes a shell ask for completions.
pub(crate) fn run(args: &Completions) -> Result<Exit, Failure> {
    output::data(&completion::script(&args.shell)?)?;
    Ok(Exit::Done)
}
