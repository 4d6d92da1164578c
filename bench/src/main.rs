//! What is measured, and against whom. Each figure is a ratio of two programs
//! that took turns in one run, so that a slow or busy machine slows both.

mod crypto;
mod machine;
mod output;
mod turns;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let what: Vec<String> = env::args().skip(1).collect();
    if what == ["crypto"] {
        crypto::run();
        return ExitCode::SUCCESS;
    }
    output::talk("what can be measured: crypto");
    ExitCode::from(2)
}
