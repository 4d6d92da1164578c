//! The engine of several relays: tables in PostgreSQL, which every node of a
//! cluster reaches and none of them owns.
//!
//! ```text
//! append, acknowledge --> writer of the mailbox --> transaction --> answers
//! other changes --------> pool ------------------> transaction --> answer
//! reads ----------------> pool, several at a time over one connection
//! ```
//!
//! - What is acknowledged has been committed by a server that waits for its
//!   standbys; every connection is asked for that when it is made, and again behind
//!   every commit.
//! - An answer that follows from what another transaction has done waits until
//!   that is as durable: a change writes, whatever it decides.
//! - No node keeps truth in memory. What nodes tell each other are hints.
//! - Sequence numbers follow the database's clock, and rise within a mailbox
//!   whatever that says.
//! - An envelope authenticates itself, beside what the server's own checksums do.

mod accounts;
mod blobs;
mod check;
mod deposit;
mod dialer;
mod envelope;
mod failure;
mod line;
mod lookup;
mod mailboxes;
mod nodes;
pub mod objects;
mod options;
mod pool;
mod portable;
mod prekeys;
mod records;
mod removal;
mod requirements;
mod rights;
mod schema;
mod seldom;
mod servers;
mod sweep;
mod tls;
mod upkeep;
mod value;
mod writer;

use std::sync::Arc;

use tokio::{sync::Mutex, task::AbortHandle};

use self::{
    dialer::Dialer, line::Line, lookup::Lookup, nodes::Neighbours, objects::Objects, pool::Pool,
    portable::Unreadable, upkeep::Figures, writer::Writers,
};
pub use self::{failure::OpenError, options::Options, servers::parameters};
use super::Wake;

/// The store in a database.
pub struct Postgres {
    pool: Arc<Pool>,
    secret: [u8; 32],
    seed: Vec<u8>,
    neighbours: Arc<Neighbours>,
    writers: Writers,
    lookup: Lookup,
    figures: Figures,
    objects: Objects,
    /// Keeps moves away from nodes, and nodes from moves.
    guard: Line,
    /// What a move that reads leaves out.
    unreadable: Mutex<Option<Arc<Unreadable>>>,
    tasks: Vec<AbortHandle>,
}

impl Postgres {
    /// Opens the store in the database that the options name; makes its tables
    /// if there are none.
    pub async fn open(options: Options, wake: Arc<dyn Wake>) -> Result<Self, OpenError> {
        Self::open_as(options, wake, false).await
    }

    /// The same for a move, which has the store for itself and may go on with what
    /// it has begun.
    pub async fn open_to_move(options: Options, wake: Arc<dyn Wake>) -> Result<Self, OpenError> {
        Self::open_as(options, wake, true).await
    }

    async fn open_as(
        options: Options,
        wake: Arc<dyn Wake>,
        moves: bool,
    ) -> Result<Self, OpenError> {
        let dialer = Arc::new(Dialer::new(&options, Arc::clone(&wake), moves)?);
        let line = dialer.dial_patiently().await?;
        if moves {
            portable::keep_nodes_away(&line).await?;
            schema::prepare(&line).await?;
        } else {
            portable::keep_moves_away(&line).await?;
            schema::prepare(&line).await?;
            portable::refuse_unfinished(&line).await?;
        }
        let lost = |_| OpenError::Unreachable("the connection was lost".to_owned());
        let row = line.row("SELECT secret, seed FROM relay", &[]).await.map_err(lost)?;
        let row = row.ok_or_else(|| OpenError::Schema("its tables are empty".to_owned()))?;
        let secret = row
            .get::<_, &[u8]>(0)
            .try_into()
            .map_err(|_| OpenError::Schema("its secret is damaged".to_owned()))?;
        let seed: Vec<u8> = row.get(1);
        let objects = blobs::claim(&line, &seed, &options.blobs).await?;
        let (neighbours, tasks) =
            if moves { Neighbours::none(wake) } else { Neighbours::start(&dialer, wake) };
        let figures = Figures::new(&dialer, options.figures_good_for);
        if !moves {
            figures.refresh();
        }
        let pool = Pool::new(dialer, &options);
        let writers = Writers::start(&pool, &neighbours, options.writers);
        let lookup = Lookup::start(&pool);
        Ok(Self {
            pool,
            secret,
            seed,
            neighbours,
            writers,
            lookup,
            figures,
            objects,
            guard: line,
            unreadable: Mutex::default(),
            tasks,
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests;
