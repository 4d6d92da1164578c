//! Arguments that were not understood, or that ask for help.

use std::ffi::OsString;

use clap::{
    CommandFactory as _, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::Args;
use crate::{
    failure::{Exit, Failure},
    output,
};

/// Words that other programs have, and what does it here.
pub(super) const ELSEWHERE: [(&str, &str); 22] = [
    ("add", "msg add-contact"),
    ("cat", "msg recv"),
    ("chat", "msg recv --follow"),
    ("follow", "msg recv --follow"),
    ("init", "msg register"),
    ("invite", "msg link"),
    ("list", "msg contacts"),
    ("listen", "msg recv --follow"),
    ("log", "msg history"),
    ("login", "msg register, or msg unlock"),
    ("ls", "msg contacts"),
    ("publish", "msg send"),
    ("queue", "msg outbox"),
    ("read", "msg recv"),
    ("receive", "msg recv"),
    ("remove", "msg remove-contact"),
    ("rm", "msg remove-contact"),
    ("settings", "msg config"),
    ("signup", "msg register"),
    ("subscribe", "msg recv --follow"),
    ("version", "msg --version"),
    ("watch", "msg recv --follow"),
];

/// The arguments, with `msg help COMMAND` as the `msg COMMAND --help` that it means.
pub(crate) fn asked(arguments: &[OsString]) -> Vec<OsString> {
    match arguments {
        [program, help, command @ ..] if help == "help" => {
            let flag = OsString::from("--help");
            [program].into_iter().chain(command).chain([&flag]).cloned().collect()
        }
        _ => arguments.to_vec(),
    }
}

/// What follows from arguments that name nothing to do: help and version are data,
/// the rest is wrong usage.
pub(crate) fn ended(error: &Error, arguments: &[OsString]) -> Result<Exit, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::data(error.to_string().as_bytes())?;
            Ok(Exit::Done)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::say(&error.to_string());
            Ok(Exit::Usage)
        }
        _ => Err(failure(&error.to_string(), elsewhere(error), command(arguments))),
    }
}

/// The parser says what is wrong, then tips, then the usage, with empty lines
/// between them.
fn failure(said: &str, elsewhere: Option<&str>, command: Option<String>) -> Failure {
    let mut parts = said.split("\n\n").map(str::trim);
    let message = parts.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let lines: Vec<&str> = parts.flat_map(str::lines).map(str::trim).collect();
    let tips = lines.iter().filter_map(|line| line.strip_prefix("tip: "));
    let usage = lines.iter().copied().filter(|line| line.starts_with("Usage: "));
    let hints: Vec<&str> = tips.chain(usage).collect();
    let hint = match (elsewhere, command) {
        (Some(here), _) => format!("it is {here} here; msg --help lists the commands"),
        (None, Some(command)) if hints.is_empty() => format!("msg {command} --help shows how"),
        (None, None) if hints.is_empty() => "msg --help shows how".to_owned(),
        (None, _) => hints.join("; "),
    };
    Failure::new(Exit::Usage, message).hint(hint)
}

/// What an unknown command is called here.
fn elsewhere(error: &Error) -> Option<&'static str> {
    let ContextValue::String(word) = error.get(ContextKind::InvalidSubcommand)? else {
        return None;
    };
    ELSEWHERE.iter().find(|(there, _)| there == word).map(|(_, here)| *here)
}

/// The first argument that is a command.
fn command(arguments: &[OsString]) -> Option<String> {
    let commands = Args::command();
    let is_command = |word: &&str| commands.find_subcommand(word).is_some();
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    words.take_while(|word| *word != "--").find(is_command).map(str::to_owned)
}
