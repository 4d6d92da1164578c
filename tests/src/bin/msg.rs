//! The binary `msg` as it is built, so that tests of this package can run it.

fn main() -> std::process::ExitCode {
    msg_cli::main_from(std::env::args_os())
}
