//! Redis: a stream for each mailbox, the log synced before each answer.

use std::{io, path::Path, process::Command};

use rustix::process::Signal;

use super::{Process, folder, free_address, number_in, version};
use crate::relay::{
    certificate::Certificate,
    connection::{Connection, dial},
    wire::RedisWire,
};

const PROGRAM: &str = "redis-server";

/// A Redis that runs.
pub(crate) struct Redis {
    process: Process,
    certificate: Certificate,
    version: String,
}

impl Redis {
    pub(crate) fn start() -> io::Result<Self> {
        let version = number_in(&version(Path::new(PROGRAM))?);
        let folder = folder::new("redis-")?;
        let certificate = Certificate::new(folder.path())?;
        let address = free_address()?;
        let mut command = Command::new(PROGRAM);
        command
            .args(["--port", "0", "--bind", "127.0.0.1", "--tls-auth-clients", "no"])
            .args(["--tls-port", &address.port().to_string()])
            .arg("--tls-cert-file")
            .arg(&certificate.chain)
            .arg("--tls-key-file")
            .arg(&certificate.key)
            .arg("--tls-ca-cert-file")
            .arg(&certificate.chain)
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            // It would otherwise copy its memory to disk in the middle of a turn.
            .args(["--auto-aof-rewrite-percentage", "0"])
            .arg("--dir")
            .arg(folder.path());
        let process = Process::start(command, Signal::TERM, address, folder)?;
        Ok(Self { process, certificate, version })
    }

    pub(crate) fn describe(&self) -> String {
        format!("Redis {} streams, appendfsync always", self.version)
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        let stream = dial(self.process.address, self.certificate.pin).await?;
        Ok(Connection::new(stream, RedisWire::default()))
    }
}
