//! What the command line does: from arguments to an exit code.
//!
//! 0 is done, 1 failed, 2 is a command line or a configuration that is wrong.

use core::fmt::Display;
use std::{ffi::OsString, io, process::ExitCode};

use clap::{Parser as _, error::ErrorKind};

use crate::{
    admin,
    args::{Args, Command, Migrate, Printing, admin::Admin},
    config::{Config, ConfigError, Environment},
    migrate, output, run, startup,
};

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Runs the command line; the first argument is the program's name.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match Args::try_parse_from(arguments) {
        Ok(args) => obey(&args),
        Err(error) => explain(&error),
    }
}

/// Whether these arguments are a whole command, or the beginning of one, or what is
/// wrong with them. Nothing is done.
pub fn understands(arguments: &[OsString]) -> Result<bool, String> {
    match Args::try_parse_from(arguments) {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(true),
            ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Ok(false),
            _ => Err(error.to_string()),
        },
    }
}

/// Shows help or version where they were asked for, or what is wrong.
fn explain(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        output::talk(&text);
        return ExitCode::from(USAGE);
    }
    printed(output::data(&text))
}

fn obey(args: &Args) -> ExitCode {
    // Before anything is read that could be written anywhere.
    if let Err(error) = startup::harden() {
        return failed(&format_args!("cannot make the process private: {error}"), None);
    }
    let flags = args.flags();
    let read = || Config::load(&flags, &Environment::of_process());
    let config = match read() {
        Ok(config) => config,
        Err(error) => return refused(&error),
    };
    output::choose(config.color);
    match &args.command {
        None => serve(config, read),
        Some(Command::Config(printing)) => print_config(&config, *printing),
        Some(Command::Limits(printing)) => print_limits(&config, *printing),
        Some(Command::Init(printing)) => init(&config, *printing),
        Some(Command::Migrate(words)) => move_store(&config, *words),
        Some(Command::Admin(words)) => operate(&config, words),
    }
}

fn serve(config: Config, read: impl Fn() -> Result<Config, ConfigError>) -> ExitCode {
    match run::run(config, read) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, error.hint().as_deref()),
    }
}

fn refused(error: &ConfigError) -> ExitCode {
    output::failure(error, error.hint().as_deref());
    ExitCode::from(USAGE)
}

fn print_config(config: &Config, printing: Printing) -> ExitCode {
    if printing.json {
        return printed(output::data(&format!("{}\n", config.to_json())));
    }
    printed(output::data(&config.to_toml()))
}

fn print_limits(config: &Config, printing: Printing) -> ExitCode {
    if printing.json {
        let lines = config.limits_json().into_iter().map(|limit| format!("{limit}\n"));
        return printed(output::data(&lines.collect::<String>()));
    }
    let head = ["NAME", "VALUE", "DEFAULT", "ORIGIN", "WHAT IT BOUNDS"];
    printed(output::data(&output::table(head, &config.limits_table())))
}

fn init(config: &Config, printing: Printing) -> ExitCode {
    match run::init(config) {
        Ok(made) => printed(admin::print(&made, printing.json)),
        Err(error) => failed(&error, error.hint().as_deref()),
    }
}

fn move_store(config: &Config, words: Migrate) -> ExitCode {
    match migrate::migrate(config, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure(&error, error.hint().as_deref());
            ExitCode::from(if error.is_usage() { USAGE } else { FAILED })
        }
    }
}

fn operate(config: &Config, words: &Admin) -> ExitCode {
    match admin::operate(config, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure(&error, error.hint().as_deref());
            ExitCode::from(if error.is_usage() { USAGE } else { FAILED })
        }
    }
}

fn printed(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format_args!("cannot write to stdout: {error}"), None),
    }
}

fn failed(error: &dyn Display, hint: Option<&str>) -> ExitCode {
    output::failure(error, hint);
    ExitCode::from(FAILED)
}
