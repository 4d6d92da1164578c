//! `cargo xtask test`: all that must hold before a change is taken.
//!
//! The last line is the sum over all test binaries: `N passed, N failed`.

use std::{fs, path::PathBuf};

use crate::{
    failure::Failure,
    output, place,
    step::Step,
    tool::{self, C_COMPILER, FAKETIME, JQ, OPENSSL, POSTGRESQL, PYTHON},
};

/// What the lines `test result: …` add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    binaries: u64,
}

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`test` takes no argument, not `{word}`")));
    }
    tool::require(&[C_COMPILER, FAKETIME, JQ, OPENSSL, PYTHON])?;
    tool::require_components()?;
    database();
    let python = interop_python()?;
    Step::cargo("format", "fmt --all --check").run()?;
    Step::cargo("lints", "clippy --workspace --all-targets --locked -- -D warnings").run()?;
    Step::cargo("documentation", "doc --workspace --no-deps --locked")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    tests(&python)
}

/// What tests of the relay's other engine start. Without it the rest goes on, and
/// they say themselves that they are skipped.
fn database() {
    if let Err(failure) = tool::require_server(POSTGRESQL) {
        output::failure(&failure);
        output::line("the tests that need PostgreSQL will be skipped");
    }
}

fn tests(python: &PathBuf) -> Result<(), Failure> {
    let mut tally = Tally::default();
    let result = Step::cargo("tests", "test --workspace --locked --no-fail-fast")
        .env("MSG_INTEROP_PYTHON", python)
        .run_reading(|line| tally.add(line));
    if let Err(failure) = &result {
        output::failure(failure);
        tally.failed = tally.failed.max(1);
    }
    output::line(&format!("\n{} passed, {} failed", tally.passed, tally.failed));
    result.map_err(|_| Failure::Shown)
}

impl Tally {
    fn add(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        let count = |word: &str| {
            let (before, _) = counts.split_once(word)?;
            before.trim_end().rsplit(' ').next()?.parse::<u64>().ok()
        };
        self.passed += count("passed").unwrap_or(0);
        self.failed += count("failed;").unwrap_or(0);
        self.binaries += 1;
    }
}

/// Python with the packages of the interoperation tests, made anew when their list changes.
fn interop_python() -> Result<PathBuf, Failure> {
    let list = place::repository().join("tests/interop/requirements.txt");
    let wanted = fs::read_to_string(&list)
        .map_err(|error| Failure::File(format!("cannot read {}: {error}", list.display())))?;
    let venv = place::target().join("interop-venv");
    let python = venv.join("bin/python");
    let installed = venv.join("requirements.txt");
    if python.is_file() && fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    Step::new("python environment", "python3").words("-m venv --clear").arg(&venv).run()?;
    Step::new("python packages", &python)
        .words("-m pip install --quiet --disable-pip-version-check --requirement")
        .arg(&list)
        .run()?;
    fs::write(&installed, wanted)
        .map_err(|error| Failure::File(format!("cannot write {}: {error}", installed.display())))?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_binaries_add_up() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        tally.add("test door::is_shut ... ok");
        tally.add("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        assert_eq!(tally, Tally { passed: 13, failed: 2, binaries: 2 });
    }
}
