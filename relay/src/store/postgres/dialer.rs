//! Connections that are good: to a server that takes writes and keeps its word.
//!
//! - Every connection is checked when it is made, the first and each later one: a
//!   server may have been configured otherwise meanwhile, or another one may have
//!   taken its place. SCALING.md lists the settings.
//! - Servers are asked one by one, each for so long, beginning with the one that was
//!   good last: one that hangs keeps nobody from the others.
//! - When another server, or another history, is found, every connection to the one
//!   before ends, and whoever is linked comes again: what is in its hands may never
//!   be answered.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use msg_protocol::id::RelayEpoch;
use sha2::{Digest as _, Sha256};
use tokio::{task::AbortHandle, time::timeout};
use tokio_postgres::{Config, config::SslMode};
use tracing::warn;

use super::{
    failure::OpenError,
    line::{Hear, Line, reason},
    options::Options,
    seldom::Seldom,
    servers::servers,
    tls::DatabaseTls,
};
use crate::store::Wake;

/// How long a server may take from a dial to its last answer.
const DIAL_TIME: Duration = Duration::from_secs(5);

/// A node that vanishes leaves no lock behind for long, and waits for none.
const USUAL: &str = "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '5s'; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 3; SET tcp_user_timeout = '15s'";
/// What moves the store, changes its tables or reads all of it takes its time.
const PATIENT: &str = "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 3; SET tcp_user_timeout = '15s'";

/// Makes connections.
pub(super) struct Dialer {
    servers: Vec<Config>,
    tls: DatabaseTls,
    allow_single_node: bool,
    session: &'static str,
    /// The one that was good last.
    last: AtomicUsize,
    known: Mutex<Known>,
    complaint: Seldom,
    wake: Arc<dyn Wake>,
}

/// What is known of the server dialled last, and the connections that there are.
#[derive(Default)]
struct Known {
    /// What tells its history from others.
    history: Option<[u8; 32]>,
    lines: Vec<([u8; 32], AbortHandle)>,
}

impl Dialer {
    /// For the database that the options name. Whoever is linked is told by `wake`
    /// of another history. What moves the store takes its time.
    pub(super) fn new(
        options: &Options,
        wake: Arc<dyn Wake>,
        moves: bool,
    ) -> Result<Self, OpenError> {
        let servers = servers(options)?;
        let is_plain = servers.iter().all(|server| server.get_ssl_mode() == SslMode::Disable);
        let roots = options.roots.as_deref();
        let tls = DatabaseTls::read(if is_plain { None } else { roots })?;
        Ok(Self {
            servers,
            tls,
            allow_single_node: options.allow_single_node,
            session: if moves { PATIENT } else { USUAL },
            last: AtomicUsize::new(0),
            known: Mutex::default(),
            complaint: Seldom::default(),
            wake,
        })
    }

    /// A connection to a server that has been checked.
    pub(super) async fn dial(&self, hear: Option<&Hear>) -> Result<Line, OpenError> {
        self.dial_any(hear, self.session).await
    }

    /// The same for what takes its time.
    pub(super) async fn dial_patiently(&self) -> Result<Line, OpenError> {
        self.dial_any(None, PATIENT).await
    }

    /// The epoch of a store that has that seed, on the server dialled last.
    pub(super) fn epoch(&self, seed: &[u8]) -> RelayEpoch {
        let mut hash = Sha256::new();
        hash.update(seed);
        hash.update(self.known().history.unwrap_or_default());
        let digest: [u8; 32] = hash.finalize().into();
        RelayEpoch(digest.first_chunk().copied().unwrap_or_default())
    }

    async fn dial_any(
        &self,
        hear: Option<&Hear>,
        session: &'static str,
    ) -> Result<Line, OpenError> {
        let mut why = Vec::new();
        let first = self.last.load(Ordering::Relaxed);
        for place in 0..self.servers.len() {
            let number = (first + place) % self.servers.len();
            let Some(server) = self.servers.get(number) else { continue };
            let asked = timeout(DIAL_TIME, self.ask(server, hear, session)).await;
            match asked.unwrap_or_else(|_| Err(unreachable("it does not answer"))) {
                Ok((line, history)) => {
                    self.last.store(number, Ordering::Relaxed);
                    self.enter(history, &line);
                    return Ok(line);
                }
                Err(error) => why.push(error),
            }
        }
        let error = worst(why);
        self.complain(&error);
        Err(error)
    }

    async fn ask(
        &self,
        server: &Config,
        hear: Option<&Hear>,
        session: &'static str,
    ) -> Result<(Line, [u8; 32]), OpenError> {
        let (client, connection) = server
            .connect(self.tls.clone())
            .await
            .map_err(|error| OpenError::Unreachable(reason(&error)))?;
        let line = Line::new(client, connection, hear.cloned(), self.allow_single_node);
        line.script(session).await.map_err(OpenError::Unreachable)?;
        line.check().await?;
        let history = history(&line).await?;
        Ok((line, history))
    }

    /// Notes a connection. If it leads to another history than those before, they
    /// end.
    fn enter(&self, history: [u8; 32], line: &Line) {
        let mut known = self.known();
        let before = known.history.replace(history);
        known.lines.retain(|(of, line)| {
            if *of != history {
                line.abort();
            }
            *of == history && !line.is_finished()
        });
        known.lines.push((history, line.carrier()));
        drop(known);
        if before.is_some_and(|before| before != history) {
            warn!("another server, or another history of it, is the database now");
            self.wake.begin_anew();
        }
    }

    /// Says now and then why the database is out of reach.
    fn complain(&self, error: &OpenError) {
        if self.complaint.is_due() {
            let hint = error.hint().unwrap_or_default();
            warn!(error = %error, "the database is out of reach; {hint}");
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unreachable(why: &str) -> OpenError {
    OpenError::Unreachable(why.to_owned())
}

/// What says most of why no server is good: a setting, or else what each said.
fn worst(mut why: Vec<OpenError>) -> OpenError {
    let says_more = |error: &OpenError| !matches!(error, OpenError::Unreachable(_));
    if let Some(place) = why.iter().position(says_more) {
        return why.swap_remove(place);
    }
    let mut reasons: Vec<String> = Vec::new();
    for error in why {
        match error {
            OpenError::Unreachable(reason) if !reasons.contains(&reason) => reasons.push(reason),
            _ => (),
        }
    }
    OpenError::Unreachable(reasons.join("; "))
}

/// What tells this server, its timeline and its run from any other: a failover and
/// a restore to a point in time begin another timeline, and whoever puts an older
/// copy of the files in place starts the server.
async fn history(line: &Line) -> Result<[u8; 32], OpenError> {
    const ASK: &str = "SELECT system_identifier::text, \
         substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), \
         extract(epoch FROM pg_postmaster_start_time())::text FROM pg_control_system()";
    let lost = || unreachable("it does not say which history it has");
    let row = line.row(ASK, &[]).await.map_err(|_| lost())?.ok_or_else(lost)?;
    let part = |place| row.try_get::<_, &str>(place).map_err(|_| lost());
    Ok(Sha256::digest(format!("{}/{}/{}", part(0)?, part(1)?, part(2)?)).into())
}
