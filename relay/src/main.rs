//! The binary `msg-relay`.

use std::process::ExitCode;

fn main() -> ExitCode {
    msg_relay::main_from(std::env::args_os())
}
