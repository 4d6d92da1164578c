//! NATS JetStream: one file store, each write synced where the version knows how.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Process, folder, free_address, number_in, version};
use crate::relay::{
    certificate::Certificate,
    connection::{Connection, dial_over},
    wire::NatsWire,
};

const PROGRAM: &str = "nats-server";
/// Asks for one stream of all mailboxes, kept in files.
const STREAM: &str = r#"{"name":"M","subjects":["m.*"],"retention":"limits","storage":"file","max_msgs":-1,"max_bytes":-1,"max_age":0,"num_replicas":1,"discard":"old"}"#;

/// A NATS that runs, with its stream.
pub(crate) struct Nats {
    process: Process,
    certificate: Certificate,
    version: String,
    synced: bool,
    connections: AtomicUsize,
}

impl Nats {
    pub(crate) async fn start() -> io::Result<Self> {
        let version = number_in(&version(Path::new(PROGRAM))?);
        let folder = folder::new("nats-")?;
        let certificate = Certificate::new(folder.path())?;
        let address = free_address()?;
        let file = folder.path().join("nats.conf");
        let synced = [true, false].into_iter().find_map(|synced| {
            let text = configuration(folder.path(), &certificate, address.port(), synced);
            fs::write(&file, text).ok()?;
            accepts(&file).then_some(synced)
        });
        let synced = synced.ok_or_else(|| io::Error::other("does not take its configuration"))?;
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(&file);
        let process = Process::start(command, Signal::TERM, address, folder)?;
        let connections = AtomicUsize::new(0);
        let nats = Self { process, certificate, version, synced, connections };
        let create = |wire: &NatsWire| wire.api("STREAM.CREATE.M", STREAM);
        nats.open(create).await?.begin().await?;
        Ok(nats)
    }

    pub(crate) fn describe(&self) -> String {
        let sync = if self.synced { "sync_interval always" } else { "not synced" };
        format!("NATS {} JetStream, {sync}", self.version)
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        self.open(|_| Vec::new()).await
    }

    /// The server says a word in the clear, and then expects TLS.
    async fn open(&self, first: impl FnOnce(&NatsWire) -> Vec<u8>) -> io::Result<Connection> {
        let mut tcp = TcpStream::connect(self.process.address).await?;
        let mut info = Vec::new();
        while !info.ends_with(b"\r\n") {
            info.push(tcp.read_u8().await?);
        }
        let mut stream = dial_over(tcp, self.certificate.pin).await?;
        let wire = NatsWire::new(self.connections.fetch_add(1, Ordering::Relaxed));
        stream.write_all(&[wire.hello(), first(&wire)].concat()).await?;
        stream.flush().await?;
        Ok(Connection::new(stream, wire))
    }
}

fn configuration(folder: &Path, certificate: &Certificate, port: u16, synced: bool) -> String {
    let sync = if synced { "sync_interval: always" } else { "" };
    format!(
        "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\", max_file: 64G\n{sync} }}\n\
         tls {{ cert_file: \"{}\", key_file: \"{}\", timeout: 10 }}\n",
        folder.join("store").display(),
        certificate.chain.display(),
        certificate.key.display()
    )
}

/// Whether this version understands the file.
fn accepts(file: &Path) -> bool {
    let mut command = Command::new(PROGRAM);
    command.arg("-t").arg("--config").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
