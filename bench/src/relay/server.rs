//! The servers that are measured, each a process on loopback with a folder of its
//! own, ended by its id however the measurement ends.

mod nats;
mod ours;
mod postgres;
mod redis;
mod spent;

use std::{
    fs::{self, File},
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub(crate) use self::{ours::Ours, spent::Spent};
use super::{connection::Connection, folder};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// One of the systems that keep envelopes.
pub(crate) enum Server {
    Ours(Ours),
    Redis(redis::Redis),
    Postgres(postgres::Postgres),
    Nats(nats::Nats),
}

impl Server {
    /// Starts all that are installed, ours first; says of each other why it is left
    /// out.
    pub(crate) async fn start_all(
        mailboxes: usize,
        mut left_out: impl FnMut(&str, &io::Error),
    ) -> io::Result<Vec<Self>> {
        let mut servers = vec![Self::Ours(Ours::start(mailboxes).await?)];
        let others = [
            ("Redis", redis::Redis::start().map(Self::Redis)),
            ("PostgreSQL", postgres::Postgres::start().await.map(Self::Postgres)),
            ("NATS JetStream", nats::Nats::start().await.map(Self::Nats)),
        ];
        for (name, other) in others {
            match other {
                Ok(server) => servers.push(server),
                Err(error) => left_out(name, &error),
            }
        }
        Ok(servers)
    }

    /// Ours on its own file, and on a database of one server and of three.
    pub(crate) async fn start_ours(mailboxes: usize) -> io::Result<Vec<Self>> {
        let mut servers = vec![Self::Ours(Ours::start(mailboxes).await?)];
        for (database, relays) in [(1, 1), (3, 1), (3, 3)] {
            servers.push(Self::Ours(Ours::start_on(database, relays, mailboxes).await?));
        }
        Ok(servers)
    }

    /// Processor time so far, if it is ours.
    pub(crate) fn spent(&self) -> Spent {
        match self {
            Self::Ours(ours) => ours.spent(),
            _ => Spent::default(),
        }
    }

    /// Its name, its version, and how it makes durable.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Ours(ours) => ours.describe(),
            Self::Redis(redis) => redis.describe(),
            Self::Postgres(postgres) => postgres.describe(),
            Self::Nats(nats) => nats.describe(),
        }
    }

    /// A connection that is ready for deposits.
    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        match self {
            Self::Ours(ours) => ours.connect().await,
            Self::Redis(redis) => redis.connect().await,
            Self::Postgres(postgres) => postgres.connect().await,
            Self::Nats(nats) => nats.connect().await,
        }
    }
}

/// A process with a folder and a port.
struct Process {
    child: Child,
    stop: Signal,
    address: SocketAddr,
    /// Removed when the process has ended.
    folder: TempDir,
}

impl Process {
    /// Starts `command`, whose words name `address`, and waits until it listens.
    fn start(
        mut command: Command,
        stop: Signal,
        address: SocketAddr,
        folder: TempDir,
    ) -> io::Result<Self> {
        let log = File::create(folder.path().join("log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn()?;
        let mut process = Self { child, stop, address, folder };
        process.await_listening()?;
        Ok(process)
    }

    fn await_listening(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(io::Error::other(self.last_words()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The end of what it has logged.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(3).collect();
        format!("does not start: {}", lines.into_iter().rev().collect::<Vec<_>>().join(" / "))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended or does not listen is killed below.
        let _ = kill_process(Pid::from_child(&self.child), self.stop);
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline
        {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address on loopback at which nobody listens.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// What a program prints when it is asked for its version.
fn version(program: &Path) -> io::Result<String> {
    let output = Command::new(program).arg("--version").output().map_err(|error| {
        io::Error::new(error.kind(), format!("{} is not installed", program.display()))
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first word of a text that begins with a digit.
fn number_in(text: &str) -> String {
    let mut words = text.split([' ', '=', '\n']).map(|word| word.trim_start_matches('v'));
    words.find(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("?").to_owned()
}
