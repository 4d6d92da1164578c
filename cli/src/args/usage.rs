//! Arguments that were not understood, or that ask for help.

use clap::{Error, error::ErrorKind};

use crate::{
    failure::{Exit, Failure},
    output,
};

/// What follows from arguments that name nothing to do: help and version are data,
/// the rest is wrong usage.
pub(crate) fn ended(error: &Error) -> Result<Exit, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::data(error.to_string().as_bytes())?;
            Ok(Exit::Done)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::say(&error.to_string());
            Ok(Exit::Usage)
        }
        _ => Err(failure(&error.to_string())),
    }
}

/// The parser says what is wrong, then tips, then the usage, with empty lines
/// between them.
fn failure(said: &str) -> Failure {
    let mut parts = said.split("\n\n").map(str::trim);
    let message = parts.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let lines: Vec<&str> = parts.flat_map(str::lines).map(str::trim).collect();
    let tips = lines.iter().filter_map(|line| line.strip_prefix("tip: "));
    let usage = lines.iter().copied().filter(|line| line.starts_with("Usage: "));
    let hints: Vec<&str> = tips.chain(usage).collect();
    let hints = if hints.is_empty() { vec!["msg --help shows how"] } else { hints };
    Failure::new(Exit::Usage, message).hint(hints.join("; "))
}
