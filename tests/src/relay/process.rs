//! The real relay as a process, on a folder and a loopback port of its own, ended
//! by its id when it is dropped.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use msg_protocol::address::RelayLink;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Endpoint;
use crate::panics;

/// How long a start or an end may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);
const ANY_PORT: &str = "127.0.0.1:0";
/// How much of the disk a relay leaves free, unless its arguments say otherwise:
/// next to nothing, so that tests pass on a disk that is nearly full.
const FLOOR: [(&str, &str); 2] =
    [("MSG_RELAY_LIMITS_FLOOR_BYTES", "1MiB"), ("MSG_RELAY_LIMITS_FLOOR_PERCENT", "0")];

/// How a relay is to be started.
#[derive(Debug, Clone)]
pub struct RelayBuilder {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    before: Vec<String>,
    within: Option<PathBuf>,
}

/// A relay that runs.
#[derive(Debug)]
pub struct RelayProcess {
    builder: RelayBuilder,
    folder: TempDir,
    child: Child,
    link: RelayLink,
}

impl RelayBuilder {
    /// The program at that path.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: FLOOR.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            before: Vec::new(),
            within: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((key.into(), value.into()));
        self
    }

    /// Starts the relay by another program, which takes it as its last arguments
    /// and becomes it: `prlimit`, `faketime`.
    #[must_use]
    pub fn under(mut self, program: &[&str]) -> Self {
        self.before = program.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Lets the relay work in that folder, and keeps a terminal's signals from it.
    #[must_use]
    pub fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.within = Some(folder.into());
        self
    }

    /// Starts the relay on a new folder and a free port, and waits until it is ready.
    pub fn start(self) -> RelayProcess {
        self.start_in(TempDir::new().unwrap())
    }

    /// The same on a folder that may hold a store already, in `data`.
    pub fn start_in(self, folder: TempDir) -> RelayProcess {
        self.try_start_in(folder).unwrap_or_else(|(_, said)| no_link(&said))
    }

    /// The same; if the relay ends instead, how it did and what it said.
    pub fn try_start_in(self, folder: TempDir) -> Result<RelayProcess, (ExitStatus, String)> {
        match self.launch(folder.path(), ANY_PORT) {
            Ok((child, link)) => Ok(RelayProcess { builder: self, folder, child, link }),
            Err(status) => Err((status, read_log(folder.path()))),
        }
    }

    fn launch(&self, folder: &Path, listen: &str) -> Result<(Child, RelayLink), ExitStatus> {
        let mut child = self.spawn(folder, listen);
        match await_link(&mut child) {
            Ok(link) => return Ok((child, link)),
            Err(RecvTimeoutError::Disconnected) => {}
            // It neither serves nor ends.
            Err(RecvTimeoutError::Timeout) => drop(child.kill()),
        }
        Err(child.wait().unwrap())
    }

    fn spawn(&self, folder: &Path, listen: &str) -> Child {
        let mut words = self.before.iter().map(Path::new).chain([self.program.as_path()]);
        let mut command = Command::new(words.next().expect("there is a program"));
        let log = File::options().create(true).append(true).open(log_file(folder)).unwrap();
        command
            .args(words)
            .args(["--listen", listen, "--data"])
            .arg(data(folder))
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(folder) = &self.within {
            command.current_dir(folder).process_group(0);
        }
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()))
    }
}

/// Reads what the relay prints until its link comes; the rest is read and let go.
fn await_link(child: &mut Child) -> Result<RelayLink, RecvTimeoutError> {
    let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let mut words =
                line.split_whitespace().filter_map(|word| word.parse::<RelayLink>().ok());
            words.next().map(|link| sender.send(link));
        }
    });
    receiver.recv_timeout(PATIENCE)
}

fn no_link(said: &str) -> ! {
    panic!("the relay printed no link:\n{said}")
}

impl RelayProcess {
    /// Starts the program at that path with what it does by itself.
    pub fn start(program: impl Into<PathBuf>) -> Self {
        RelayBuilder::new(program).start()
    }

    /// Where it listens, and its key.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::of(&self.link)
    }

    /// The link that it has printed.
    pub fn link(&self) -> &RelayLink {
        &self.link
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }

    /// What it has written to its standard error, in all its runs.
    pub fn log(&self) -> String {
        read_log(self.folder.path())
    }

    /// How many panics it speaks of there.
    pub fn panics(&self) -> u64 {
        panics::told_in(&self.log())
    }

    /// Where it writes that.
    pub fn log_path(&self) -> PathBuf {
        log_file(self.folder.path())
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the relay does not end:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts it again on the same folder and port, and waits until it is ready.
    pub fn restart(&mut self) {
        if self.try_restart().is_err() {
            no_link(&self.log());
        }
    }

    /// The same; if the relay ends instead, how it did.
    pub fn try_restart(&mut self) -> Result<(), ExitStatus> {
        assert!(self.child.try_wait().unwrap().is_some(), "the relay still runs");
        let listen = self.endpoint().address.to_string();
        (self.child, self.link) = self.builder.launch(self.folder.path(), &listen)?;
        Ok(())
    }

    /// How it will be started the next time.
    pub fn builder(&mut self) -> &mut RelayBuilder {
        &mut self.builder
    }

    /// Runs a second one on the same data and returns how it ended and what it said.
    pub fn run_another(&self) -> (ExitStatus, String) {
        let aside = TempDir::new().unwrap();
        let mut command = Command::new(&self.builder.program);
        command.args(["--listen", ANY_PORT, "--data"]).arg(self.data());
        let errors = File::create(log_file(aside.path())).unwrap();
        let status = command.stdout(Stdio::null()).stderr(errors).status().unwrap();
        (status, read_log(aside.path()))
    }

    /// Whether anything listens at its port.
    pub fn listens(&self) -> bool {
        TcpStream::connect(self.endpoint().address).is_ok()
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the relay said:\n{}", self.log());
        }
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("relay.log")
}

fn read_log(folder: &Path) -> String {
    std::fs::read_to_string(log_file(folder)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
