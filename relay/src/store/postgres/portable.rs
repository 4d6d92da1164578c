//! Moving the store in the database: pages of items out of its tables and into them.
//!
//! - A move has the lock that running nodes share for itself: while one runs there
//!   is no move, and while there is one no node starts.
//! - Reading for a move mends nothing.
//! - A piece of a blob is put to its object before the transaction that brings its
//!   row. Where it lies follows from the blob, so that a page that comes twice
//!   leaves no object that no row leads to.

mod export;
mod import;
mod unreadable;

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tokio_postgres::Row;

pub(super) use self::unreadable::Unreadable;
use self::{export::Export, import::Import};
use super::{
    Postgres,
    failure::{Failure, OpenError},
    line::Line,
    nodes::RUNNING,
    pool::Change,
    value::{column, id_in, number_in, optional_number_in, optional_value_in},
};
use crate::store::{
    RelayTime, Result, StoreError,
    portable::{Arrival, Facts, Item, Kind, Mark, Page, PageLimits, Portable, Progress},
};

/// How often a node that has just ended is waited for, and how long each time.
const WAITS: u32 = 12;
const WAIT: Duration = Duration::from_millis(250);

/// Refuses while a move has the store. For as long as the connection is there, none
/// begins.
pub(super) async fn keep_moves_away(line: &Line) -> core::result::Result<(), OpenError> {
    const SHARE: &str = "SELECT pg_try_advisory_lock_shared($1)";
    if is_true(line, SHARE, &[&RUNNING]).await? { Ok(()) } else { Err(OpenError::Moving) }
}

/// Refuses a store that a move has not filled yet.
pub(super) async fn refuse_unfinished(line: &Line) -> core::result::Result<(), OpenError> {
    const ARRIVING: &str = "SELECT arriving IS NOT NULL FROM relay";
    if is_true(line, ARRIVING, &[]).await? { Err(OpenError::Arriving) } else { Ok(()) }
}

/// Refuses while a node runs. For as long as the connection is there, none starts.
pub(super) async fn keep_nodes_away(line: &Line) -> core::result::Result<(), OpenError> {
    const LOCK: &str = "SELECT pg_try_advisory_lock($1)";
    for _ in 0..WAITS {
        if is_true(line, LOCK, &[&RUNNING]).await? {
            return Ok(());
        }
        // The server may not know yet that it has gone.
        sleep(WAIT).await;
    }
    Err(OpenError::Running)
}

async fn is_true(
    line: &Line,
    sql: &'static str,
    parameters: super::line::Parameters<'_>,
) -> core::result::Result<bool, OpenError> {
    let lost = |_: Failure| OpenError::Unreachable("the connection was lost".to_owned());
    let row = line.row(sql, parameters).await.map_err(lost)?;
    row.map_or(Ok(false), |row| column(&row, 0)).map_err(lost)
}

impl Postgres {
    /// Whether what keeps nodes and other moves away is still there.
    fn check_alone(&self) -> Result<()> {
        if self.guard.is_good() { Ok(()) } else { Err(StoreError::Unavailable) }
    }

    async fn facts(&self) -> Result<Item> {
        const READ: &str = "SELECT secret, time, \
             greatest(last_seq, (SELECT coalesce(max(last_seq), 0) FROM mailbox)) FROM relay";
        let row = self.pool.read_row(READ, &[]).await?.ok_or(StoreError::Damaged)?;
        let facts = |row: &Row| {
            Ok(Facts {
                secret: id_in(row, 0)?,
                time: optional_number_in(row, 1)?.map(RelayTime),
                sequence: number_in(row, 2)?,
            })
        };
        facts(&row).map(Item::Facts).map_err(Failure::outcome)
    }

    /// What cannot be read, found anew when a reading begins.
    async fn unreadable(&self, begins: bool) -> Result<Arc<Unreadable>> {
        let mut known = self.unreadable.lock().await;
        if begins || known.is_none() {
            *known = Some(Arc::new(Unreadable::find(&self.pool).await?));
        }
        known.clone().ok_or(StoreError::Unavailable)
    }
}

impl Portable for Postgres {
    async fn export(&self, after: Option<Mark>, limits: PageLimits) -> Result<Page> {
        let unreadable = self.unreadable(after.is_none()).await?;
        let mut export = Export::new(self, unreadable, limits);
        if after.is_none() {
            export.add(self.facts().await?);
        }
        let first = after.as_ref().map_or(Kind::Facts, |after| after.kind);
        for kind in Kind::ALL.iter().filter(|kind| **kind >= first) {
            let from = after.as_ref().filter(|after| after.kind == *kind);
            if export.fill(*kind, from.map(|after| after.key.as_slice())).await?.is_break() {
                break;
            }
        }
        Ok(export.page)
    }

    async fn import(&self, items: Vec<Item>, progress: Progress) -> Result<()> {
        self.check_alone()?;
        import::put_pieces(self, &items).await?;
        self.pool.change(Import { items, progress }).await?;
        // Whoever has started since has not been kept away.
        self.check_alone()
    }

    async fn arrival(&self) -> Result<Arrival> {
        const READ: &str = "SELECT arriving, time IS NULL AND last_seq = 0 \
             AND NOT EXISTS (SELECT 1 FROM account) AND NOT EXISTS (SELECT 1 FROM invite) \
             FROM relay";
        let row = self.pool.read_row(READ, &[]).await?.ok_or(StoreError::Damaged)?;
        let arriving = optional_value_in(&row, 0).map_err(Failure::outcome)?;
        let is_unused: bool = column(&row, 1).map_err(Failure::outcome)?;
        Ok(match arriving {
            Some(progress) => Arrival::Underway(progress),
            None if is_unused => Arrival::Empty,
            None => Arrival::Occupied,
        })
    }

    async fn settle(&self) -> Result<()> {
        self.check_alone()?;
        self.pool.change(Settle).await
    }
}

/// The end of a move.
struct Settle;

impl Change for Settle {
    type Outcome = ();

    async fn run(&self, line: &Line) -> core::result::Result<(), Failure> {
        const SETTLE: &str = "UPDATE relay SET arriving = NULL";
        line.execute(SETTLE, &[]).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests;
