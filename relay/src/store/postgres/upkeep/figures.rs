//! The store in numbers: summing up reads every row of some tables, so it is done
//! aside, on a connection of its own, and the last sums are what is given.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::Instant,
};
use tokio_postgres::Row;

use super::Read;
use crate::store::{
    Result, StoreError,
    postgres::{dialer::Dialer, failure::Failure, line::Line, value::number_in},
    upkeep::StoreFigures,
};

/// The last figures, and who makes the next.
pub(in crate::store::postgres) struct Figures(Arc<Sums>);

struct Sums {
    dialer: Arc<Dialer>,
    good_for: Duration,
    last: Mutex<Option<(Instant, StoreFigures)>>,
    /// Whoever holds it sums up, over this connection if there is one.
    turn: Arc<AsyncMutex<Option<Line>>>,
}

type Turn = OwnedMutexGuard<Option<Line>>;

impl Figures {
    pub(in crate::store::postgres) fn new(dialer: &Arc<Dialer>, good_for: Duration) -> Self {
        let (last, turn) = (Mutex::default(), Arc::default());
        Self(Arc::new(Sums { dialer: Arc::clone(dialer), good_for, last, turn }))
    }

    /// Sums up aside, if nobody does so.
    pub(in crate::store::postgres) fn refresh(&self) {
        if let Ok(turn) = Arc::clone(&self.0.turn).try_lock_owned() {
            tokio::spawn(Arc::clone(&self.0).renew(turn));
        }
    }

    /// The last ones. Those that are too old are given once more while new ones are
    /// made; without any, the first are waited for.
    pub(super) async fn last(&self) -> Result<StoreFigures> {
        if let Some((since, figures)) = self.0.last()
            && !self.0.good_for.is_zero()
        {
            if since.elapsed() >= self.0.good_for {
                self.refresh();
            }
            return Ok(figures);
        }
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        match self.0.last() {
            Some((since, figures)) if since.elapsed() < self.0.good_for => Ok(figures),
            // It goes on when whoever asked does not wait any longer.
            _ => tokio::spawn(Arc::clone(&self.0).renew(turn))
                .await
                .unwrap_or(Err(StoreError::Unavailable)),
        }
    }
}

impl Sums {
    fn last(&self) -> Option<(Instant, StoreFigures)> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(self: Arc<Self>, mut turn: Turn) -> Result<StoreFigures> {
        let began = Instant::now();
        let summed = self.sum_up(&mut turn).await;
        let last = summed.as_ref().ok().map(|figures| (began, *figures));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        summed
    }

    async fn sum_up(&self, turn: &mut Turn) -> Result<StoreFigures> {
        const SUM: &str = "SELECT (SELECT count(*) FROM account), mailboxes, envelopes, bytes, \
             (SELECT count(*) FROM blob WHERE NOT going), \
             (SELECT coalesce(sum(c.bytes), 0)::bigint FROM chunk c \
             JOIN blob b ON b.id = c.blob WHERE NOT b.going), \
             (SELECT damaged FROM relay), pg_database_size(current_database()) \
             FROM (SELECT count(*) AS mailboxes, coalesce(sum(cnt), 0)::bigint AS envelopes, \
             coalesce(sum(bytes), 0)::bigint AS bytes FROM mailbox) AS summed";
        let line = match turn.take().filter(Line::is_good) {
            Some(line) => line,
            None => self.dialer.dial_patiently().await.map_err(|_| StoreError::Unavailable)?,
        };
        let row = line.row(SUM, &[]).await.map_err(Failure::outcome)?;
        // A server has few connections; one that is needed again at once is kept.
        **turn = self.good_for.is_zero().then_some(line);
        figures_in(&row.ok_or(StoreError::Unavailable)?).map_err(Failure::outcome)
    }
}

fn figures_in(row: &Row) -> Read<StoreFigures> {
    Ok(StoreFigures {
        accounts: number_in(row, 0)?,
        devices: number_in(row, 1)?,
        envelopes: number_in(row, 2)?,
        envelope_bytes: number_in(row, 3)?,
        blobs: number_in(row, 4)?,
        blob_bytes: number_in(row, 5)?,
        damaged: number_in(row, 6)?,
        file_bytes: number_in(row, 7)?,
        room_bytes: None,
        commits: 0,
    })
}
