//! Our relay: the program that was built beside this one, as it is by default but
//! for how many accounts may be registered in an hour.

use std::{io, sync::Arc};

use msg_protocol::{id::MailboxId, secret::Door};
use msg_tests::relay::{ALPN, Endpoint, Identity, Peer, RelayBuilder, RelayProcess};
use tokio::net::TcpStream;

use super::folder;
use crate::relay::{
    connection::{Connection, tls},
    wire::OurWire,
};

/// The one limit that stands in the way here.
const REGISTRATIONS: &str = "all-registrations-per-hour=1000000";

/// A relay that runs, and accounts that it has.
pub(crate) struct Ours {
    process: RelayProcess,
    identities: Vec<Identity>,
    mailboxes: Arc<[(MailboxId, Door)]>,
}

impl Ours {
    /// Starts a relay on an empty folder and registers so many accounts.
    pub(crate) async fn start(accounts: usize) -> io::Result<Self> {
        let program = folder::program_folder()?.join("msg-relay");
        let relay = RelayBuilder::new(program).arg("--limit").arg(REGISTRATIONS);
        let process = relay.start_in(folder::new("ours-")?);
        let identities: Vec<Identity> = (0..).take(accounts).map(Identity::random).collect();
        let mailbox = |identity: &Identity| (identity.mailbox(), identity.door.clone());
        let mailboxes = identities.iter().map(mailbox).collect();
        register(&process.endpoint(), &identities).await?;
        Ok(Self { process, identities, mailboxes })
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.process.endpoint()
    }

    /// The process itself.
    pub(crate) fn process(&mut self) -> &mut RelayProcess {
        &mut self.process
    }

    /// The accounts that it has.
    pub(crate) fn identities(&self) -> &[Identity] {
        &self.identities
    }

    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        let endpoint = self.endpoint();
        let tcp = TcpStream::connect(endpoint.address).await?;
        let stream = tls(tcp, endpoint.pin, &[ALPN]).await?;
        let mut connection = Connection::new(stream, OurWire::new(Arc::clone(&self.mailboxes)));
        connection.begin().await?;
        Ok(connection)
    }
}

/// Registers all over one link, as many at a time as it takes.
async fn register(endpoint: &Endpoint, identities: &[Identity]) -> io::Result<()> {
    const AT_A_TIME: usize = 256;
    let mut link = Peer::anonymous(endpoint).await.map_err(io::Error::other)?;
    for some in identities.chunks(AT_A_TIME) {
        let mut asked = Vec::new();
        for identity in some {
            asked.push(link.send(identity.registration(None)).map_err(io::Error::other)?);
        }
        for id in asked {
            link.wait(id).await.map_err(io::Error::other)?.map_err(io::Error::other)?;
        }
    }
    Ok(())
}
