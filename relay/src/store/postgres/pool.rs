//! What changes something in a transaction of its own, and what only reads.
//!
//! - A change runs in a task of its own, so that it ends whether or not somebody
//!   still waits for it. Who has waited its [`patience`](super::Options::patience) hears that the store is out
//!   of reach; the connection stays with the change, so that connections that
//!   wait for a standby do not pile up at the server.
//! - Statements are never cancelled: a server that is told to stop waiting for
//!   its standbys says that it has succeeded.
//! - Every change writes to its connection's row of `fence`, whatever it decided.
//!   So its commit waits for the standbys, and with it the answer: what it has
//!   seen, even of transactions that still wait themselves, is as durable as
//!   what it did.
//! - Changes that another transaction is in the way of are made again.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, oneshot},
    time::{sleep, timeout},
};
use tokio_postgres::Row;

use super::{
    dialer::Dialer,
    failure::Failure,
    line::{Line, Parameters},
    options::Options,
};
use crate::store::{self, StoreError};

/// How often a change is made again that others were in the way of.
const TRIES: u32 = 40;
/// Rows of `fence`.
const FENCES: u32 = 1_024;

/// Writes something, so that the commit waits for the standbys.
pub(super) const FENCE: &str = "UPDATE fence SET n = n + 1 WHERE slot = $1";

/// One of the rows that [`FENCE`] writes: whoever has the same one waits.
pub(super) fn random_fence() -> i32 {
    let random = crate::random::bytes().map_or(0, u32::from_be_bytes);
    i32::try_from(random % FENCES).unwrap_or_default()
}

/// What happens in one transaction.
pub(super) trait Change: Send + Sync + 'static {
    /// What it gives.
    type Outcome: Send + 'static;

    /// Does it. It may be done again from the start, after what it did was taken
    /// back.
    fn run(&self, line: &Line) -> impl Future<Output = Result<Self::Outcome, Failure>> + Send;
}

/// Connections for changes and for reading.
pub(super) struct Pool {
    dialer: Arc<Dialer>,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Fenced>>,
    readers: Vec<AsyncMutex<Option<Arc<Line>>>>,
    next_reader: AtomicUsize,
    commits: AtomicU64,
    patience: Duration,
}

/// A connection with its row of `fence`.
struct Fenced {
    line: Line,
    fence: i32,
}

impl Pool {
    pub(super) fn new(dialer: Arc<Dialer>, options: &Options) -> Arc<Self> {
        Arc::new(Self {
            dialer,
            free: Arc::new(Semaphore::new(options.changers.max(1))),
            idle: Mutex::default(),
            readers: (0..options.readers.max(1)).map(|_| AsyncMutex::default()).collect(),
            next_reader: AtomicUsize::new(0),
            commits: AtomicU64::new(0),
            patience: options.patience,
        })
    }

    /// Transactions that have been committed here.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Counts one more.
    pub(super) fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// How long anybody waits.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// What makes connections.
    pub(super) const fn dialer(&self) -> &Arc<Dialer> {
        &self.dialer
    }

    /// Makes a change; returns when it is durable.
    pub(super) async fn change<C: Change>(
        self: &Arc<Self>,
        change: C,
    ) -> store::Result<C::Outcome> {
        let (tell, told) = oneshot::channel();
        let pool = Arc::clone(self);
        let wait = async move {
            let permit = Arc::clone(&pool.free).acquire_owned().await;
            let permit = permit.map_err(|_| StoreError::Unavailable)?;
            tokio::spawn(async move {
                // Who asked may have gone: the change stands.
                let _ = tell.send(pool.carry_out(&change, permit).await);
            });
            told.await.unwrap_or(Err(StoreError::Unavailable))
        };
        timeout(self.patience, wait).await.unwrap_or(Err(StoreError::Unavailable))
    }

    /// What a statement reads.
    pub(super) async fn read(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> store::Result<Vec<Row>> {
        let read = async {
            let first = self.reader().await?.query(sql, parameters).await;
            match first {
                // Nothing was changed by it, so it may be read again.
                Err(Failure::Lost | Failure::Again) => {
                    self.reader().await?.query(sql, parameters).await
                }
                other => other,
            }
            .map_err(Failure::outcome)
        };
        timeout(self.patience, read).await.unwrap_or(Err(StoreError::Unavailable))
    }

    /// The one row that a statement reads.
    pub(super) async fn read_row(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> store::Result<Option<Row>> {
        Ok(self.read(sql, parameters).await?.into_iter().next())
    }

    /// A good connection that others may be reading from as well.
    async fn reader(&self) -> store::Result<Arc<Line>> {
        let number = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        let place = self.readers.get(number).ok_or(StoreError::Unavailable)?;
        let mut place = place.lock().await;
        if let Some(line) = place.as_ref().filter(|line| line.is_good()) {
            return Ok(Arc::clone(line));
        }
        let line = Arc::new(self.dial().await?);
        *place = Some(Arc::clone(&line));
        Ok(line)
    }

    async fn dial(&self) -> store::Result<Line> {
        self.dialer.dial(None).await.map_err(|_| StoreError::Unavailable)
    }

    async fn carry_out<C: Change>(
        &self,
        change: &C,
        permit: OwnedSemaphorePermit,
    ) -> store::Result<C::Outcome> {
        let fenced = self.fenced().await?;
        let outcome = attempt(change, &fenced).await;
        self.count_commit();
        if fenced.line.is_good() && !matches!(outcome, Err(Failure::Lost)) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(fenced);
        }
        drop(permit);
        outcome.map_err(Failure::outcome)
    }

    async fn fenced(&self) -> store::Result<Fenced> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(fenced) if fenced.line.is_good() => return Ok(fenced),
                Some(_) => (),
                None => break,
            }
        }
        Ok(Fenced { line: self.dial().await?, fence: random_fence() })
    }
}

/// Makes a change until nobody is in the way.
async fn attempt<C: Change>(change: &C, fenced: &Fenced) -> Result<C::Outcome, Failure> {
    let mut tries = 0;
    loop {
        let outcome = once(change, fenced).await;
        let in_the_way = matches!(outcome, Err(Failure::Again | Failure::Exists));
        if !in_the_way || tries == TRIES {
            return outcome;
        }
        tries += 1;
        give_way(tries).await;
    }
}

async fn once<C: Change>(change: &C, fenced: &Fenced) -> Result<C::Outcome, Failure> {
    let Fenced { line, fence } = fenced;
    line.begin().await?;
    let done = async {
        let outcome = change.run(line).await?;
        line.execute(FENCE, &[fence]).await?;
        Ok(outcome)
    };
    match done.await {
        Ok(outcome) => line.commit().await.map(|()| outcome),
        Err(failure) => {
            if failure != Failure::Lost {
                line.roll_back().await?;
            }
            Err(failure)
        }
    }
}

/// Waits a moment that differs from that of whoever else is in the way.
pub(super) async fn give_way(tries: u32) {
    let most_us = 500 << tries.min(7);
    let random = crate::random::bytes().map_or(0, u32::from_be_bytes);
    sleep(Duration::from_micros(u64::from(random % most_us))).await;
}
