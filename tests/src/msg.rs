//! A person with the real program `msg`: a home of their own, an environment that
//! is empty but for what a test puts there, no terminal.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use msg_protocol::address::RelayLink;
use serde_json::Value;
use tempfile::TempDir;

use crate::{clock, panics, relay::RelayProcess};

/// Somebody.
pub struct Person {
    /// What the account is called.
    pub name: String,
    program: PathBuf,
    home: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Done {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its data.
    pub stdout: Vec<u8>,
    /// Its talk.
    pub stderr: String,
}

impl Person {
    /// Somebody without an account.
    pub fn new(program: impl Into<PathBuf>, name: &str) -> Self {
        Self::living_in(TempDir::with_prefix("msg-home-").expect("a folder"), program, name)
    }

    /// The same in a folder that is there.
    pub fn living_in(home: TempDir, program: impl Into<PathBuf>, name: &str) -> Self {
        Self { name: name.to_owned(), program: program.into(), home }
    }

    /// Somebody with an account at a relay that asks for no password.
    pub fn registered(program: impl Into<PathBuf>, name: &str, relay: &RelayProcess) -> Self {
        Self::registered_at(program, name, relay.link())
    }

    /// The same by the relay's link.
    pub fn registered_at(program: impl Into<PathBuf>, name: &str, link: &RelayLink) -> Self {
        let person = Self::new(program, name);
        person.register_at(link);
        person
    }

    /// Makes an account at a relay that asks for no password.
    pub fn register(&self, relay: &RelayProcess) {
        self.register_at(relay.link());
    }

    /// The same by the relay's link.
    pub fn register_at(&self, link: &RelayLink) {
        let link = link.to_secret_text();
        self.done(&["register", &self.name, "--relay", &link, "--unattended"]);
    }

    /// Where everything of theirs is.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command with these words, not started yet.
    pub fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env_clear().env("MSG_HOME", self.home.path().join("msg"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The same, by a clock that is so many seconds off.
    pub fn command_at<S: AsRef<OsStr>>(&self, off_s: i64, words: &[S]) -> Command {
        let mut command = self.command(words);
        command.env("LD_PRELOAD", clock::library()).env("FAKETIME", format!("{off_s:+}s"));
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        command
    }

    /// Starts a command.
    pub fn start<S: AsRef<OsStr>>(&self, words: &[S]) -> Child {
        self.command(words).spawn().expect("msg starts")
    }

    /// Runs a command.
    pub fn run<S: AsRef<OsStr>>(&self, words: &[S]) -> Done {
        Done::of(self.command(words).output().expect("msg starts"))
    }

    /// Runs a command by a clock that is so many seconds off.
    pub fn run_at<S: AsRef<OsStr>>(&self, off_s: i64, words: &[S]) -> Done {
        Done::of(self.command_at(off_s, words).output().expect("msg starts"))
    }

    /// Runs a command that reads `input`.
    pub fn pipe<S: AsRef<OsStr>>(&self, words: &[S], input: &[u8]) -> Done {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().expect("msg starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // A command that refuses does not read.
            let _ = stdin.write_all(&input);
        });
        let done = Done::of(child.wait_with_output().expect("msg ends"));
        writer.join().expect("the writer ends");
        done
    }

    /// Runs a command that must succeed; gives what it prints.
    #[track_caller]
    pub fn done<S: AsRef<OsStr>>(&self, words: &[S]) -> String {
        let done = self.run(words);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        done.text()
    }

    /// The same as lines of JSON.
    #[track_caller]
    pub fn json<S: AsRef<OsStr>>(&self, words: &[S]) -> Vec<Value> {
        let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
        let done = self.run(&[words.as_slice(), &[OsStr::new("--json")]].concat());
        assert_eq!(done.code, Some(0), "{}{}", done.text(), done.stderr);
        done.lines()
    }

    /// The bodies of all that is unread; read now.
    #[track_caller]
    pub fn read(&self) -> Vec<String> {
        let lines = self.json(&["recv"]);
        let body = |line: &Value| line.get("body").and_then(Value::as_str).map(str::to_owned);
        lines.iter().filter_map(body).collect()
    }

    /// Every file of theirs, as bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.home.path(), &mut files);
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let bytes = fs::read(&path).expect("a file");
            files.push((path, bytes));
        }
    }
}

impl Done {
    /// What a process that has ended did. It may fail, but not panic.
    #[track_caller]
    pub fn of(output: Output) -> Self {
        let Output { status, stdout, stderr } = output;
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        assert_eq!(panics::told_in(&stderr), 0, "{status}: {stderr}");
        Self { code: status.code(), stdout, stderr }
    }

    /// Its data as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its data as lines of JSON.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).expect("a line of JSON");
        self.text().lines().map(parse).collect()
    }
}

/// Two people at one relay who have added each other.
pub fn friends(program: &str, relay: &RelayProcess, names: [&str; 2]) -> [Person; 2] {
    friends_at(program, relay.link(), names)
}

/// The same by the relay's link.
pub fn friends_at(program: &str, link: &RelayLink, names: [&str; 2]) -> [Person; 2] {
    let people = names.map(|name| Person::registered_at(program, name, link));
    befriend(&people);
    people
}

/// Lets two people add each other.
pub fn befriend([one, other]: &[Person; 2]) {
    one.done(&["add-contact", &other.name]);
    other.done(&["add-contact", &one.name]);
    one.done(&["recv"]);
    other.done(&["recv"]);
}
