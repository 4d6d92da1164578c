//! `msg completions`: from the definitions of the arguments.

use clap::CommandFactory as _;

use crate::{
    args::{Args, shell::Completions},
    failure::{Exit, Failure},
    output,
};

/// Prints the completions of a shell.
pub(crate) fn run(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "msg", &mut script);
    output::data(&script)?;
    Ok(Exit::Done)
}
