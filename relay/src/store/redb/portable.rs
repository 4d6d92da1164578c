//! Moving the embedded store: pages of items out of its rows and into them.
//!
//! Reading for a move mends nothing: what is damaged at a source stays as it is.

mod export;
mod import;

use super::{
    Redb,
    batch::{Batch, COUNTERS},
    engine::read_at,
    format::SECRET_KEY,
    row::Row,
    rows::{Counters, Secret},
    table::{Snapshot, Table, View},
};
use crate::store::{
    RelayTime, Result, StoreError,
    portable::{Arrival, Facts, Item, Mark, Page, PageLimits, Portable, Progress},
};

/// The name of the row that says how far a move into this store is.
const ARRIVING: &[u8] = b"arriving";

/// Bytes that a row takes beside those of its item, roughly.
const ROW_BYTES: usize = 256;

impl Row for Progress {
    const TABLE: Table = Table::Meta;
}

/// Whether a move into the store has begun and not ended.
pub(super) fn is_arriving(view: &impl View) -> bool {
    !matches!(view.row::<Progress>(ARRIVING), Ok(None))
}

fn arrival(view: &Snapshot) -> Result<Arrival> {
    if let Some(progress) = view.row::<Progress>(ARRIVING)? {
        return Ok(Arrival::Underway(progress));
    }
    let counters = view.row::<Counters>(COUNTERS)?.ok_or(StoreError::Damaged)?;
    let invites = view.keys(Table::Invites, &[], &[], 1)?;
    let unused = counters == Counters::default() && invites.is_empty();
    Ok(if unused { Arrival::Empty } else { Arrival::Occupied })
}

/// What the rows say: a secret that has come since the store was opened counts.
fn facts(view: &Snapshot) -> Result<Facts> {
    let counters = view.row::<Counters>(COUNTERS)?.ok_or(StoreError::Damaged)?;
    let Secret(secret) = view.row(SECRET_KEY)?.ok_or(StoreError::Damaged)?;
    Ok(Facts { secret, time: counters.time.map(RelayTime), sequence: counters.sequence })
}

impl Portable for Redb {
    async fn export(&self, after: Option<Mark>, limits: PageLimits) -> Result<Page> {
        let database = self.engine.database.read().await;
        let open = database.as_ref().ok_or(StoreError::Unavailable)?;
        read_at(open, |view| export::page(view, after.as_ref(), limits)).0
    }

    async fn import(&self, items: Vec<Item>, progress: Progress) -> Result<()> {
        let bytes = items.iter().map(|item| item.encode().len() + ROW_BYTES).sum();
        self.engine.take_room(bytes as u64)?;
        let import = move |batch: &mut Batch<'_>| {
            items.iter().try_for_each(|item| import::take(batch, item))?;
            batch.put(ARRIVING, &progress)
        };
        self.engine.change(false, bytes, import).await
    }

    async fn arrival(&self) -> Result<Arrival> {
        self.engine.read(arrival).await
    }

    async fn settle(&self) -> Result<()> {
        let settle = |batch: &mut Batch<'_>| batch.remove(Table::Meta, ARRIVING).map(|_| ());
        self.engine.change(true, 0, settle).await
    }
}
