//! One step of a command: a process that is named, shown, run in the repository's
//! folder, and repeatable by the line that a failure prints.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use crate::{failure::Failure, output, place};

/// A process about to run.
pub(crate) struct Step {
    name: String,
    command: Command,
}

impl Step {
    /// A step that runs `program`.
    pub(crate) fn new(name: &str, program: impl AsRef<Path>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.current_dir(place::repository());
        Self { name: name.into(), command }
    }

    /// A step that runs cargo with `words`.
    pub(crate) fn cargo(name: &str, words: &str) -> Self {
        Self::new(name, "cargo").words(words)
    }

    /// Adds arguments, parted at spaces.
    pub(crate) fn words(self, words: &str) -> Self {
        words.split_whitespace().fold(self, Self::arg)
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<Path>) -> Self {
        self.command.arg(arg.as_ref());
        self
    }

    /// Lets it run in another folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<Path>) -> Self {
        self.command.env(key, value.as_ref());
        self
    }

    /// Runs it; success is exit code 0.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        output::step(&self.name, &self.line());
        let status = self.command.status().map_err(|error| self.failure(&error.to_string()))?;
        self.ended(status)
    }

    /// Becomes it, so that Ctrl-C is for it alone. What comes back is why it could not.
    pub(crate) fn run_in_our_place(mut self) -> Failure {
        output::step(&self.name, &self.line());
        let error = self.command.exec();
        self.failure(&error.to_string())
    }

    /// Runs it, and shows `each` every line that it prints.
    pub(crate) fn run_reading(mut self, mut each: impl FnMut(&str)) -> Result<(), Failure> {
        output::step(&self.name, &self.line());
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.failure(&error.to_string()))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line.map_err(|error| self.failure(&error.to_string()))?;
                let line = String::from_utf8_lossy(&line);
                output::line(&line);
                each(&line);
            }
        }
        let status = child.wait().map_err(|error| self.failure(&error.to_string()))?;
        self.ended(status)
    }

    /// Whether it succeeds, in silence.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Runs it untitled, and returns what it prints.
    pub(crate) fn read(mut self) -> Result<String, Failure> {
        let output = self
            .command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.failure(&error.to_string()))?;
        self.ended(output.status)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Shows `each` every line of its output, and nothing to the user. A program
    /// that is not there prints no line.
    pub(crate) fn read_silently(mut self, each: impl FnMut(&str)) {
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::null()).output();
        if let Ok(output) = output {
            String::from_utf8_lossy(&output.stdout).lines().for_each(each);
        }
    }

    fn ended(&self, status: ExitStatus) -> Result<(), Failure> {
        if status.success() { Ok(()) } else { Err(self.failure(&status.to_string())) }
    }

    fn failure(&self, ending: &str) -> Failure {
        Failure::Step { name: self.name.clone(), ending: ending.into(), repeat: self.line() }
    }

    /// The step as a line of shell.
    pub(crate) fn line(&self) -> String {
        let variables = self.command.get_envs().filter_map(|(key, value)| {
            Some(format!("{}={}", key.display(), quoted(&value?.to_string_lossy())))
        });
        let words = std::iter::once(self.command.get_program())
            .chain(self.command.get_args())
            .map(|word| quoted(&word.to_string_lossy()));
        variables.chain(words).collect::<Vec<_>>().join(" ")
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_can_be_pasted_into_a_shell() {
        let step = Step::new("x", "tool").env("FLAGS", "-D warnings").words("a b").arg("it's");
        assert_eq!(step.line(), r"FLAGS='-D warnings' tool a b 'it'\''s'");
    }

    #[test]
    fn a_failing_step_names_itself_and_how_to_repeat_it() {
        let failure = Step::new("nothing works", "false").run().unwrap_err();
        assert!(failure.to_string().contains("`nothing works`"));
        assert_eq!(failure.hint().unwrap(), "repeat it with: false");
    }

    #[test]
    fn lines_are_shown_to_the_reader_even_if_they_are_no_text() {
        let mut lines = Vec::new();
        let step = Step::new("print", "printf").arg(r"one\n\377\n");
        step.run_reading(|line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["one", "\u{fffd}"]);
    }
}
