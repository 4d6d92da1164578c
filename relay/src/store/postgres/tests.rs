//! The engine in a database under test: one suite with all engines, as servers
//! are usually set, and where every transaction is SERIALIZABLE, which stands in
//! for databases that know nothing else.

mod cluster;
mod faults;
mod servers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use msg_postgres_rig::Database;
use msg_protocol::id::MailboxId;

use super::{Options, Postgres};
use crate::{
    store::{
        Wake, Word,
        conformance::{self, Engine},
    },
    test_folder::Folder,
};

/// A folder for the pieces of blobs.
fn blobs() -> Folder {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Folder::new(&format!("postgres-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// For a server of which nobody asks who follows it, and which is not waited for
/// long.
fn options(dsn: String, blobs: &Folder) -> Options {
    let patience = Duration::from_secs(2);
    let options = Options::new(dsn, format!("file://{}", blobs.path().display()));
    Options { allow_single_node: true, patience, ..options }
}

/// Nobody is here.
pub(super) struct Asleep;

impl Wake for Asleep {
    fn wake(&self, _: MailboxId) {}

    fn hear(&self, _: Word) {}

    fn here(&self) -> Vec<MailboxId> {
        Vec::new()
    }
}

/// An empty database, and a folder for the pieces of blobs.
struct InDatabase<const SERIALIZABLE: bool> {
    database: Database,
    blobs: Folder,
}

impl<const SERIALIZABLE: bool> Engine for InDatabase<SERIALIZABLE> {
    type Store = Postgres;

    fn is_there() -> bool {
        msg_postgres_rig::are_there()
    }

    fn fresh() -> Self {
        let database = if SERIALIZABLE { Database::serializable() } else { Database::fresh() };
        Self { database, blobs: blobs() }
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Postgres {
        let options = options(self.database.dsn(), &self.blobs);
        // Figures are compared right after a change, on a machine that may be busy.
        let (figures_good_for, patience) = (Duration::ZERO, Duration::from_secs(30));
        let options = Options { patience, figures_good_for, ..options };
        Postgres::open(options, wake).await.unwrap()
    }
}

mod read_committed {
    use super::*;

    conformance::suite!(InDatabase<false>);
    conformance::durable_suite!(InDatabase<false>);
}

mod serializable {
    use super::*;

    conformance::suite!(InDatabase<true>);
}
