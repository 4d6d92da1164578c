//! What is measured, and against whom. Each figure is a ratio of two programs
//! that took turns in one run, so that a slow or busy machine slows both.

mod cli;
mod crypto;
mod groups;
mod machine;
mod output;
mod relay;
mod turns;

use std::{env, io, process::ExitCode};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["crypto"] => {
            crypto::run();
            ExitCode::SUCCESS
        }
        ["cli", rest @ ..] => cli::run(rest).map_or_else(usage, ended),
        // The other side of `cli`.
        ["bare", folder] => ended(cli::bare::run(folder.as_ref())),
        ["groups", rest @ ..] => groups::run(rest).map_or_else(usage, ended),
        ["relay", rest @ ..] => relay::run(rest).map_or_else(usage, ended),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    output::talk("crypto");
    output::talk("cli [--small] [commands] [files] [lines]");
    output::talk("groups [--full]");
    output::talk("relay [--full] [deposits] [pushes] [idle] [growth]");
    ExitCode::from(2)
}

fn ended(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::talk(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
