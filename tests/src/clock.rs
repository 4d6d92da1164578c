//! Programs whose wall clock is off.

use std::process::Command;

/// What `faketime` puts before the libraries of a program: without the program
/// itself, which would stand between a process and its signals.
pub fn library() -> String {
    let asked = Command::new("faketime").args(["-f", "+0s", "printenv", "LD_PRELOAD"]).output();
    let output = asked.expect("faketime is installed: `cargo xtask test` does it");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
