//! A store under test: an empty database of its own, and a folder for the pieces of
//! blobs.

use std::{sync::Arc, time::Duration};

use msg_postgres_rig::{Database, Session, are_there};

use super::{Asleep, blobs, options};
use crate::{
    store::{
        Wake,
        conformance::Engine,
        postgres::{OpenError, Options, Postgres},
    },
    test_folder::Folder,
};

/// What a store is opened on, by one node or several.
pub(crate) struct InDatabase {
    pub(crate) database: Database,
    pub(crate) blobs: Folder,
}

impl InDatabase {
    /// `None` where there is no PostgreSQL.
    pub(crate) fn found() -> Option<Self> {
        are_there().then(Self::fresh)
    }

    /// For figures that are compared right after a change, on a machine that may be
    /// busy.
    pub(crate) fn options(&self) -> Options {
        let (figures_good_for, patience) = (Duration::ZERO, Duration::from_secs(30));
        let options = options(self.database.dsn(), &self.blobs);
        Options { patience, figures_good_for, ..options }
    }

    /// One more that serves.
    pub(crate) async fn node(&self) -> Result<Postgres, OpenError> {
        Postgres::open(self.options(), Arc::new(Asleep)).await
    }

    /// Whoever moves it somewhere else, or something into it.
    pub(crate) async fn mover(&self) -> Result<Postgres, OpenError> {
        Postgres::open_to_move(self.options(), Arc::new(Asleep)).await
    }

    /// For somebody who looks into it by hand.
    pub(crate) fn session(&self) -> Session {
        let server = self.database.server();
        server.session(server.primary(), self.database.name()).unwrap()
    }
}

impl Engine for InDatabase {
    type Store = Postgres;

    fn is_there() -> bool {
        are_there()
    }

    fn fresh() -> Self {
        Self { database: Database::fresh(), blobs: blobs() }
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Postgres {
        Postgres::open(self.options(), wake).await.unwrap()
    }

    async fn open_to_move(&self, wake: Arc<dyn Wake>) -> Postgres {
        Postgres::open_to_move(self.options(), wake).await.unwrap()
    }
}

/// The same where every transaction is SERIALIZABLE.
pub(super) struct Serializable(InDatabase);

impl Engine for Serializable {
    type Store = Postgres;

    fn is_there() -> bool {
        are_there()
    }

    fn fresh() -> Self {
        Self(InDatabase { database: Database::serializable(), blobs: blobs() })
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Postgres {
        self.0.open(wake).await
    }
}
