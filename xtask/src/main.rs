//! `cargo xtask …`: the habits of the repository, one command a file.
//!
//! A command prints each step that it runs. When one fails it says which, and
//! the line that repeats it. Exit codes: 0 done, 1 a step failed, 2 usage.

mod audit;
mod bench;
mod cluster;
mod demo;
mod failure;
mod fuzz;
mod models;
mod output;
mod place;
mod reproduce;
mod soak;
mod step;
mod test;
mod tool;
mod vectors;

use std::{env, process::ExitCode};

use failure::Failure;

/// One command: its words as help shows them, and what it does.
struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        usage: "demo [--clients N] [--keep]",
        about: "a relay, alice, bob and carol on this machine: every command with what it prints",
        run: demo::run,
    },
    Command {
        name: "cluster",
        usage: "cluster",
        about: "three PostgreSQL nodes and three relays on this machine, until Ctrl-C",
        run: cluster::run,
    },
    Command {
        name: "test",
        usage: "test",
        about: "install what is missing, then format, lints, documentation and every test",
        run: test::run,
    },
    Command {
        name: "vectors",
        usage: "vectors",
        about: "write the test vectors anew, after a change of what they show",
        run: vectors::run,
    },
    Command {
        name: "audit",
        usage: "audit",
        about: "licences, banned crates, sources and duplicates of all dependencies",
        run: audit::run,
    },
    Command {
        name: "bench",
        usage: "bench crypto | cli [--small] [PART] | groups [--full] | relay [--full] [--store postgres] [PART]",
        about: "the cryptography, the commands or the relay, measured beside neighbours in the same run",
        run: bench::run,
    },
    Command {
        name: "fuzz",
        usage: "fuzz [--seconds N] [TARGET]",
        about: "the fuzz targets, 60 seconds each or as told",
        run: fuzz::run,
    },
    Command {
        name: "soak",
        usage: "soak [--only PART,…] [--minutes N] [--times N] [--seed N]",
        about: "the tests of faults with the runs of a release, and one table of what they found",
        run: soak::run,
    },
    Command {
        name: "reproduce",
        usage: "reproduce",
        about: "build what is released twice, in two places, and compare the bytes",
        run: reproduce::run,
    },
    Command {
        name: "models",
        usage: "models [NAME ...]",
        about: "the symbolic models of the cryptography, and the mutants that must fail",
        run: models::run,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}

fn dispatch(words: &[String]) -> Result<(), Failure> {
    let Some((name, rest)) = words.split_first() else {
        help();
        return Ok(());
    };
    if ["help", "--help", "-h"].contains(&name.as_str()) {
        help();
        return Ok(());
    }
    let command = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .ok_or_else(|| Failure::Usage(format!("no command `{name}`")))?;
    if rest.iter().any(|word| ["--help", "-h"].contains(&word.as_str())) {
        output::line(&shown(command));
        return Ok(());
    }
    (command.run)(rest)
}

fn help() {
    output::line("The habits of this repository.\n");
    for command in COMMANDS {
        output::line(&shown(command));
    }
}

/// A command as help shows it: usages are too long to stand beside what they are for.
fn shown(command: &Command) -> String {
    format!("cargo xtask {}\n    {}", command.usage, command.about)
}
