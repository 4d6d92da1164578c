//! An empty database for a test, on one server that all tests of a process share. It
//! starts with the first of them, and ends with the process.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use crate::Cluster;

static SERVER: LazyLock<Cluster> = LazyLock::new(|| {
    let server = Cluster::of(1).start();
    server.unwrap_or_else(|error| panic!("{error}"))
});

/// A database that goes when this does.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// An empty one, at READ COMMITTED.
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        SERVER.create_database(&name);
        Self { name }
    }

    /// An empty one in which a transaction that asks for nothing is SERIALIZABLE.
    pub fn serializable() -> Self {
        let database = Self::fresh();
        SERVER.set_isolation(&database.name, "serializable");
        database
    }

    /// How applications find it.
    pub fn dsn(&self) -> String {
        SERVER.dsn_for(&self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server, which other tests use as well.
    pub fn server(&self) -> &'static Cluster {
        &SERVER
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        SERVER.drop_database(&self.name);
    }
}
