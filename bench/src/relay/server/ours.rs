//! Our relay: the program that was built beside this one, as it is by default but
//! for how many accounts may be registered in an hour. Alone on its own file, or
//! several on a database of one server or three.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use msg_protocol::{id::MailboxId, secret::Door};
use msg_tests::{
    cluster::Relays,
    postgres::Cluster,
    relay::{ALPN, Endpoint, Identity, Peer, RelayBuilder, RelayProcess},
};
use tokio::net::TcpStream;

use super::{
    folder,
    spent::{self, Spent},
};
use crate::relay::{
    connection::{Connection, tls},
    wire::OurWire,
};

/// The one limit that stands in the way here.
const REGISTRATIONS: &str = "all-registrations-per-hour=1000000";

/// The processes that serve.
enum Host {
    Alone(Box<RelayProcess>),
    Together(Box<Relays>),
}

/// A relay that runs, of one process or several, and accounts that it has.
pub(crate) struct Ours {
    host: Host,
    next: AtomicUsize,
    identities: Vec<Identity>,
    mailboxes: Arc<[(MailboxId, Door)]>,
}

impl Ours {
    /// Starts a relay on an empty folder and registers so many accounts.
    pub(crate) async fn start(accounts: usize) -> io::Result<Self> {
        let process = builder()?.start_in(folder::new("ours-")?);
        Self::with(Host::Alone(Box::new(process)), accounts).await
    }

    /// The same with so many relays on a database of so many servers.
    pub(crate) async fn start_on(
        servers: usize,
        relays: usize,
        accounts: usize,
    ) -> io::Result<Self> {
        let mut builder = builder()?;
        if servers == 1 {
            builder = builder.env("MSG_RELAY_POSTGRES_ALLOW_SINGLE_NODE", "true");
        }
        let relays = Relays::start(Cluster::of(servers).start()?, builder, relays);
        Self::with(Host::Together(Box::new(relays)), accounts).await
    }

    async fn with(host: Host, accounts: usize) -> io::Result<Self> {
        let identities: Vec<Identity> = (0..).take(accounts).map(Identity::random).collect();
        let mailbox = |identity: &Identity| (identity.mailbox(), identity.door.clone());
        let mailboxes = identities.iter().map(mailbox).collect();
        let ours = Self { host, next: AtomicUsize::new(0), identities, mailboxes };
        register(&ours.endpoint(), &ours.identities).await?;
        Ok(ours)
    }

    /// What keeps the envelopes, and how many answer for them.
    pub(crate) fn describe(&self) -> String {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            more => format!("{more} {what}s"),
        };
        match &self.host {
            Host::Alone(_) => "msg-relay".into(),
            Host::Together(relays) => format!(
                "{} on PostgreSQL, {}",
                count(relays.nodes().len(), "msg-relay"),
                count(relays.database.size(), "server")
            ),
        }
    }

    /// Where it listens: each in turn, if there are several.
    pub(crate) fn endpoint(&self) -> Endpoint {
        match &self.host {
            Host::Alone(process) => process.endpoint(),
            Host::Together(relays) => {
                let turn = self.next.fetch_add(1, Ordering::Relaxed) % relays.nodes().len();
                relays.node(turn + 1).endpoint()
            }
        }
    }

    /// The process itself, or the first of several.
    pub(crate) fn process(&mut self) -> &mut RelayProcess {
        match &mut self.host {
            Host::Alone(process) => process,
            Host::Together(relays) => relays.node_mut(1).process(),
        }
    }

    /// Processor time so far: of the relays, and of the servers of their database.
    pub(crate) fn spent(&self) -> Spent {
        let of = |id: u32| spent::by_family(id).unwrap_or_default();
        match &self.host {
            Host::Alone(process) => Spent { relays: of(process.id()), database: Duration::ZERO },
            Host::Together(relays) => Spent {
                relays: relays.nodes().iter().map(|node| of(node.id())).sum(),
                database: (1..=relays.database.size())
                    .filter_map(|number| relays.database.id(number))
                    .map(of)
                    .sum(),
            },
        }
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

/// The program, with its one setting.
fn builder() -> io::Result<RelayBuilder> {
    let program = folder::program_folder()?.join("msg-relay");
    Ok(RelayBuilder::new(program).arg("--limit").arg(REGISTRATIONS))
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
