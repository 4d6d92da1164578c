//! The engine in a database under test: one suite with all engines, as servers
//! are usually set, and where every transaction is SERIALIZABLE, which stands in
//! for databases that know nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use msg_postgres_rig::Database;

use super::{Options, Postgres};
use crate::{
    store::{
        Wake,
        conformance::{self, Engine},
    },
    test_folder::Folder,
};

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
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let database = if SERIALIZABLE { Database::serializable() } else { Database::fresh() };
        Self { database, blobs: Folder::new(&format!("postgres-{number}")) }
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Postgres {
        let blobs = format!("file://{}", self.blobs.path().display());
        let options = Options::new(self.database.dsn(), blobs);
        // Figures are compared right after a change.
        let figures_good_for = Duration::ZERO;
        let options = Options { allow_single_node: true, figures_good_for, ..options };
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
