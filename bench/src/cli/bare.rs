//! The least that a client can do: TCP, TLS 1.3, one deposit, and a file synced
//! before and after, as a process of its own. Where to and with what right it reads
//! from a file.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use msg_protocol::{address::Pin, id::MailboxId, secret::Door};
use msg_tests::relay::ALPN;
use tokio::net::TcpStream;

use crate::relay::{
    connection::{Connection, Until, tls},
    letters::Letters,
    server::Ours,
    wire::OurWire,
};

const SIZE: usize = 4_096;
const FILE: &str = "target";
const JOURNAL: &str = "journal";

/// Where to deposit.
pub(crate) struct Target;

impl Target {
    /// Writes down the relay and its first mailbox.
    pub(crate) fn write(ours: &Ours, folder: &Path) -> io::Result<()> {
        let endpoint = ours.endpoint();
        let [identity, ..] = ours.identities() else { return Err(odd("no account")) };
        let mut bytes = identity.mailbox().as_bytes().to_vec();
        bytes.extend_from_slice(identity.door.expose());
        let text = format!("{}\n{}\n", endpoint.address, endpoint.pin);
        fs::write(folder.join(FILE), [text.as_bytes(), &bytes].concat())
    }
}

/// Deposits once.
pub(crate) fn run(folder: &Path) -> io::Result<()> {
    let bytes = fs::read(folder.join(FILE))?;
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let address = text().unwrap_or_default().to_owned();
    let pin: Pin = text().unwrap_or_default().parse().map_err(|_| odd("no pin"))?;
    let rest = parts.next().unwrap_or_default();
    let mailbox = rest.first_chunk().ok_or_else(|| odd("no mailbox"))?;
    let door = rest.last_chunk().ok_or_else(|| odd("no door"))?;
    let mailboxes = Arc::from([(MailboxId(*mailbox), Door::new(*door))]);
    synced(folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = tls(TcpStream::connect(address).await?, pin, &[ALPN]).await?;
        let mut connection = Connection::new(stream, OurWire::new(mailboxes));
        connection.begin().await?;
        for mut letters in Letters::sources(1, 1, SIZE, seed()) {
            connection.deposit(1, Until::Count(1), &mut letters).await?;
        }
        io::Result::Ok(())
    })?;
    synced(folder)
}

fn synced(folder: &Path) -> io::Result<()> {
    let mut journal = File::options().create(true).append(true).open(folder.join(JOURNAL))?;
    journal.write_all(&[0; SIZE])?;
    journal.sync_data()
}

/// Another one for each process, so that no envelope is a repeat.
fn seed() -> u64 {
    let now: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or_default()
}

fn odd(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}
