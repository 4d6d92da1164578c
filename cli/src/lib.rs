//! The command line `msg`: words, flags, exit codes, and what people and programs
//! read. No protocol and no cryptography: that is `msg-client`.
//!
//! Stdout is data, stderr is talk. Exit codes are `failure::Exit`; what others
//! wrote passes through `text` before a person sees it.

mod account;
mod args;
mod child;
mod commands;
mod completion;
mod failure;
mod hygiene;
mod output;
mod paths;
mod progress;
mod prompt;
mod report;
mod secrets;
pub mod text;

use std::{ffi::OsString, panic, process::ExitCode};

use clap::{
    Parser as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    args::Args,
    failure::{Exit, Failure},
};

/// Runs `msg` with these arguments, the first of which is the program's name.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    hygiene::mute_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // The hook has said where it was; a panic is a failure like others.
    let exit = panic::catch_unwind(|| run(&arguments)).unwrap_or(Exit::Failed);
    ExitCode::from(exit.code())
}

fn run(arguments: &[OsString]) -> Exit {
    let wants_json = args::wants_json(arguments);
    let outcome = harden().and_then(|()| match completion::answer(arguments) {
        Some(answered) => answered,
        None => match parse(arguments) {
            Ok(args) => commands::run(&args),
            Err(error) => args::usage::ended(&error, arguments),
        },
    });
    outcome.unwrap_or_else(|failure| {
        failure.say(wants_json);
        failure.exit()
    })
}

fn parse(arguments: &[OsString]) -> Result<Args, clap::Error> {
    Args::try_parse_from(args::recipients::grouped(&args::usage::asked(arguments)))
}

/// Whether these arguments are a whole command, or the beginning of one, or what is
/// wrong with them. Nothing is done.
pub fn understands(arguments: &[OsString]) -> Result<bool, String> {
    match parse(arguments) {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(true),
            ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Ok(false),
            // A flag whose value is yet to come.
            ErrorKind::InvalidValue if is_empty(error.get(ContextKind::InvalidValue)) => Ok(false),
            _ => Err(error.to_string()),
        },
    }
}

fn is_empty(value: Option<&ContextValue>) -> bool {
    matches!(value, Some(ContextValue::String(text)) if text.is_empty())
}

fn harden() -> Result<(), Failure> {
    let refused = |error| format!("the system does not let this process be private: {error}");
    hygiene::harden().map_err(|error| Failure::new(Exit::Failed, refused(error)))
}
