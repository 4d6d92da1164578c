//! PostgreSQL: one server, one table of envelopes, each insert a transaction that
//! is synced before it is answered. It refuses to run as root: then it runs as the
//! user that its package has made.

use std::{
    fs, io,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use super::{PATIENCE, Process, folder, free_address, number_in, version};
use crate::relay::{
    certificate::Certificate,
    connection::{Connection, dial_over},
    wire::PostgresWire,
};

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const SCHEMA: &str = "CREATE TABLE envelope (mbx bytea NOT NULL, seq bigint NOT NULL, \
    msgid bytea NOT NULL, expires timestamptz NOT NULL, body bytea NOT NULL, \
    PRIMARY KEY (mbx, seq)); \
    CREATE UNIQUE INDEX envelope_msgid ON envelope (mbx, msgid); \
    CREATE INDEX envelope_exp ON envelope (expires); \
    ALTER TABLE envelope ALTER body SET STORAGE EXTERNAL";
const SETTINGS: &str = "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\nssl = on\n\
    listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 300\n\
    shared_buffers = '512MB'\nmax_wal_size = '8GB'\ncheckpoint_timeout = '30min'\n";

/// A PostgreSQL that runs, with its table.
pub(crate) struct Postgres {
    process: Process,
    certificate: Certificate,
    version: String,
}

/// Who the server runs as, if not as whoever measures.
#[derive(Clone, Copy)]
struct User {
    user: u32,
    group: u32,
}

impl Postgres {
    pub(crate) async fn start() -> io::Result<Self> {
        let programs = programs()?;
        let version = number_in(&version(&programs.join("postgres"))?);
        let folder = folder::new("postgres-")?;
        let certificate = Certificate::new(folder.path())?;
        let user = user()?;
        hand_over(&folder, &certificate, user)?;
        let data = folder.path().join("data");
        initialise(&programs, &data, user)?;
        let address = free_address()?;
        let settings = format!(
            "{SETTINGS}port = {}\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
            address.port(),
            certificate.chain.display(),
            certificate.key.display()
        );
        fs::write(data.join("postgresql.auto.conf"), settings)?;
        let mut command = command(&programs.join("postgres"), user);
        command.arg("-D").arg(&data);
        let process = Process::start(command, Signal::QUIT, address, folder)?;
        let postgres = Self { process, certificate, version };
        postgres.open_patiently().await?.talk(&[PostgresWire::query(SCHEMA)]).await?;
        Ok(postgres)
    }

    pub(crate) fn describe(&self) -> String {
        format!("PostgreSQL {}, synchronous_commit on", self.version)
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        let mut connection = self.open().await?;
        connection.talk(&[PostgresWire::prepare()]).await?;
        Ok(connection)
    }

    /// It listens a little before it is ready.
    async fn open_patiently(&self) -> io::Result<Connection> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.open().await {
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(50)).await,
                result => return result,
            }
        }
    }

    /// Asks for TLS in the clear, then says who is there.
    async fn open(&self) -> io::Result<Connection> {
        let mut tcp = TcpStream::connect(self.process.address).await?;
        tcp.write_all(&PostgresWire::TLS_REQUEST).await?;
        if tcp.read_u8().await? != b'S' {
            return Err(io::Error::other("PostgreSQL does not want TLS"));
        }
        let stream = dial_over(tcp, self.certificate.pin).await?;
        let mut connection = Connection::new(stream, PostgresWire::default());
        connection.talk(&[PostgresWire::startup("postgres")]).await?;
        Ok(connection)
    }
}

/// The folder of the newest version's programs.
fn programs() -> io::Result<PathBuf> {
    let absent = || io::Error::new(io::ErrorKind::NotFound, "postgres is not installed");
    let folders = fs::read_dir(VERSIONS).map_err(|_| absent())?.flatten();
    let newest = folders
        .map(|entry| entry.path().join("bin"))
        .filter(|path| ["initdb", "postgres"].iter().all(|program| path.join(program).is_file()));
    newest.max().ok_or_else(absent)
}

fn user() -> io::Result<Option<User>> {
    if !rustix::process::getuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let fields = users.lines().find_map(|line| line.strip_prefix("postgres:"));
    let mut numbers = fields.unwrap_or("").split(':').skip(1).map_while(|text| text.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(user), Some(group)) => Ok(Some(User { user, group })),
        _ => Err(io::Error::other("there is no user `postgres` to run it as")),
    }
}

fn hand_over(folder: &TempDir, certificate: &Certificate, user: Option<User>) -> io::Result<()> {
    let Some(User { user, group }) = user else { return Ok(()) };
    for path in [folder.path(), &certificate.chain, &certificate.key] {
        chown(path, Some(user), Some(group))?;
    }
    Ok(())
}

fn initialise(programs: &Path, data: &Path, user: Option<User>) -> io::Result<()> {
    let mut command = command(&programs.join("initdb"), user);
    command.args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"]).arg(data);
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(errors.lines().last().unwrap_or("initdb failed").to_owned()))
}

fn command(program: &Path, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some(User { user, group }) = user {
        command.uid(user).gid(group);
    }
    command
}
