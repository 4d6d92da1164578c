//! The binary `msg`.

use std::process::ExitCode;

fn main() -> ExitCode {
    msg_cli::main_from(std::env::args_os())
}
