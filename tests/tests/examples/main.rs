//! The programs in `examples/`, as their READMEs say to run them: on the real
//! program `msg` and nothing else, against a real relay.

#![cfg(test)]

mod alerts;
mod course_server;
mod menu_chat;
mod ops_bot;
mod room;

use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use msg_tests::{
    msg::{Done, Person},
    place,
    relay::{RelayBuilder, RelayProcess},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const MSG: &str = env!("CARGO_BIN_EXE_msg");
const PATIENCE: Duration = Duration::from_mins(2);

fn relay() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start()
}

/// Where an example lies.
fn example(path: &str) -> PathBuf {
    place::repository().join("examples").join(path)
}

/// What an example finds on its path besides the system: `msg`, and the Python that
/// is there, by its own name rather than through what chooses among several.
fn path(of: &Person) -> String {
    let tools = of.home().join("tools");
    if !tools.is_dir() {
        let mut asked = Command::new("python3");
        asked.args(["-c", "import sys; print(sys.executable)"]);
        let asked = asked.output().expect("python3 is there");
        let python = String::from_utf8(asked.stdout).unwrap();
        fs::create_dir(&tools).unwrap();
        symlink(MSG, tools.join("msg")).unwrap();
        symlink(python.trim(), tools.join("python3")).unwrap();
    }
    format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display())
}

/// An example that somebody runs, not started yet.
fn command(of: &Person, program: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words).env_clear().env("PATH", path(of)).env("MSG_HOME", of.home().join("msg"));
    command.env("LC_ALL", "C.UTF-8").env("PYTHONDONTWRITEBYTECODE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs an example to its end.
fn run(of: &Person, program: &str, words: &[&str]) -> Done {
    Done::of(command(of, &example(program), words).output().expect("it starts"))
}

/// A program that runs until it is dropped, what it prints going to a file.
struct Running {
    child: Child,
    said: PathBuf,
}

impl Running {
    fn start(mut command: Command, said: &Path) -> Self {
        let file = fs::File::options().create(true).append(true).open(said).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        Self { child: command.spawn().expect("it starts"), said: said.to_owned() }
    }

    /// What it has printed.
    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).unwrap()).into_owned()
    }

    /// Waits until it has printed that.
    #[track_caller]
    fn says(&self, text: &str) {
        until(|| self.said().contains(text).then_some(()), || self.said());
    }

    /// The pipe to it.
    fn input(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("a pipe")
    }

    /// Types a line into its pipe.
    fn types(&mut self, line: &str) {
        writeln!(self.input(), "{line}").expect("it reads");
    }

    /// Asks it to end, and waits until it has.
    fn end(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        self.child.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

/// Tries until there is something.
#[track_caller]
fn until<T>(mut found: impl FnMut() -> Option<T>, otherwise: impl Fn() -> String) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {}", otherwise());
        thread::sleep(Duration::from_millis(50));
    }
}

/// Lets others know one person, and that person all of them.
fn acquaint(hub: &Person, others: &[&Person]) {
    for other in others {
        other.done(&["add-contact", &hub.name]);
        hub.done(&["add-contact", &other.name]);
    }
    hub.done(&["recv"]);
    for other in others {
        other.done(&["recv"]);
    }
}

/// Puts others, whom the hub knows, into a group of the hub's.
fn gather(hub: &Person, others: &[&Person], group: &str) {
    let names: Vec<&str> = others.iter().map(|other| other.name.as_str()).collect();
    hub.done(&[&["group", "create", group], names.as_slice()].concat());
    for other in others {
        other.done(&["group", "accept", group]);
    }
    // Everybody hears who has joined.
    for person in [hub].iter().chain(others).chain(&[hub]).chain(others) {
        person.done(&["recv"]);
    }
}

/// The fingerprint of somebody's identity, by their own account of it.
fn fingerprint(of: &Person) -> String {
    of.json(&["whoami"])[0]["fingerprint"].as_str().unwrap().to_owned()
}

/// A field of a line of JSON.
fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line.get(name).and_then(Value::as_str).unwrap_or("")
}
