//! What an operator says of the database.

use std::{fmt, path::PathBuf, time::Duration};

/// How the database is reached, and what is asked of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// One or several hosts in PostgreSQL's own notation.
    pub dsn: String,
    /// The password, if it does not stand in the DSN.
    pub password: Option<Vec<u8>>,
    /// Certificate authorities, in PEM, by which the database is known; `None`
    /// for those of the system.
    pub roots: Option<PathBuf>,
    /// Whether a server that no other one follows will do.
    pub allow_single_node: bool,
    /// Connections that write envelopes, each committing what has gathered.
    pub writers: usize,
    /// Connections for everything else that changes something.
    pub changers: usize,
    /// Connections that read.
    pub readers: usize,
    /// How long anybody waits for the database before the store counts as out of
    /// reach; what was asked may have happened then, or happen later.
    pub patience: Duration,
    /// For how long figures are good: summing up reads whole tables.
    pub figures_good_for: Duration,
    /// Where the pieces of blobs lie.
    pub blobs: String,
}

impl Options {
    /// For that database, with the usual numbers of connections.
    pub fn new(dsn: String, blobs: String) -> Self {
        Self {
            dsn,
            password: None,
            roots: None,
            allow_single_node: false,
            writers: 6,
            changers: 4,
            readers: 3,
            patience: Duration::from_secs(10),
            figures_good_for: Duration::from_mins(1),
            blobs,
        }
    }
}

/// A DSN may hold a password.
impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Options(..)")
    }
}
