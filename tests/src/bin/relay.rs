//! The relay's program, built where the tests find it.

fn main() -> std::process::ExitCode {
    msg_relay::main_from(std::env::args_os())
}
