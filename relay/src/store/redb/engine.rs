//! What the verbs stand on: the open file, what is pending, and the two ways in
//! which anything is done, [`Engine::read`] and [`Engine::change`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use msg_protocol::id::RelayEpoch;
use redb::{Builder, Database, ReadableDatabase as _};
use tokio::sync::{RwLock, Semaphore};

use super::{
    Options,
    batch::{Batch, COUNTERS},
    format::{self, OpenError},
    intake::Intake,
    medium::Medium,
    pending, portable,
    queue::{Call, Job, Work},
    room::{Bounds, Room},
    rows::Counters,
    table::{Findings, Snapshot, View as _, outcome_of},
};
use crate::{
    mutant::{self, Mutant},
    random,
    store::{Result, StoreError, Wake},
};

/// Most bytes that wait for the writer, in units of [`UNIT_BYTES`].
const QUEUE_UNITS: usize = 65_536;
const UNIT_BYTES: usize = 1_024;

/// The engine, shared by the verbs and the writer.
pub(super) struct Engine {
    pub(super) medium: Arc<dyn Medium>,
    cache_bytes: usize,
    pub(super) room: Room,
    pub(super) wake: Arc<dyn Wake>,
    pub(super) epoch: RelayEpoch,
    pub(super) secret: [u8; 32],
    /// Whether a move into the store had not ended when it was opened.
    pub(super) arriving: bool,
    /// `None` while it is opened anew, and once it is closed.
    pub(super) database: RwLock<Option<Database>>,
    intake: Mutex<Intake>,
    pub(super) bell: Condvar,
    slots: Arc<Semaphore>,
    pub(super) commits: AtomicU64,
    /// Whether commits are left to the system, as no engine may; a test sees to that.
    pub(super) skips_sync: bool,
    /// Bytes of envelopes and blobs, as of the last commit.
    pub(super) stored_bytes: AtomicU64,
    /// Bytes of the file when it was last made smaller for want of room.
    pub(super) squeezed_bytes: AtomicU64,
}

/// What redb does on a file that is not what it wrote may be a panic: it ends
/// here. Whether the handle is still good is found out by using it.
pub(super) fn contained<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(StoreError::Damaged))
}

/// Reads what was committed last.
pub(super) fn read_at<T>(
    database: &Database,
    read: impl FnOnce(&Snapshot) -> Result<T>,
) -> (Result<T>, Findings) {
    let mut findings = Findings::default();
    let outcome = contained(|| {
        let transaction = database.begin_read().map_err(|error| findings.fail(error))?;
        let snapshot = Snapshot::new(transaction);
        let outcome = contained(|| read(&snapshot));
        findings = snapshot.findings;
        outcome
    });
    (outcome, findings)
}

impl Engine {
    /// Opens a store and recognises it.
    pub(super) fn open(
        medium: Arc<dyn Medium>,
        options: Options,
        wake: Arc<dyn Wake>,
        path: &Path,
    ) -> core::result::Result<Self, OpenError> {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            medium.open(&builder(options.cache_bytes)).map_err(|error| OpenError::of(path, error))
        }));
        let database = opened.unwrap_or_else(|_| Err(OpenError::damaged(path)))?;
        let (mut recognised, mut arriving) = (None, false);
        let (read, _) = read_at(&database, |view| {
            recognised = Some(format::recognise(view, path));
            arriving = portable::is_arriving(view);
            Ok(view.row::<Counters>(COUNTERS).ok().flatten())
        });
        let damaged = |_| OpenError::damaged(path);
        let secret = recognised.unwrap_or_else(|| Err(OpenError::damaged(path)))?;
        let failed = |error| OpenError::io(path, std::io::Error::other(error));
        let epoch = random::bytes().map_err(failed)?;
        let fresh = random::bytes().map_err(failed)?;
        let counters = match read.map_err(damaged)? {
            Some(counters) if secret.is_some() => counters,
            _ => {
                let renewed = secret.is_none().then_some(fresh);
                contained(|| mend(&database, renewed)).map_err(damaged)?
            }
        };
        let engine = Self {
            medium,
            cache_bytes: options.cache_bytes,
            room: Room::new(Bounds {
                floor_bytes: options.floor_bytes,
                floor_percent: options.floor_percent,
                ballast_bytes: options.ballast_bytes,
                store_bytes: options.store_bytes,
            }),
            wake,
            epoch: RelayEpoch(epoch),
            secret: secret.unwrap_or(fresh),
            arriving,
            database: RwLock::new(Some(database)),
            intake: Mutex::new(Intake::new(counters.sequence)),
            bell: Condvar::new(),
            slots: Arc::new(Semaphore::new(QUEUE_UNITS)),
            commits: AtomicU64::new(0),
            skips_sync: mutant::is_planted(Mutant::SkipsSync),
            stored_bytes: AtomicU64::new(
                counters.envelope_bytes.saturating_add(counters.blob_bytes),
            ),
            squeezed_bytes: AtomicU64::new(0),
        };
        engine.room.restock(&*engine.medium);
        Ok(engine)
    }

    /// Opens the file once more.
    pub(super) fn open_again(&self) -> Result<Database> {
        let builder = builder(self.cache_bytes);
        contained(|| self.medium.open(&builder).map_err(|error| outcome_of(&error.into())))
    }

    pub(super) fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was committed last.
    pub(super) async fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        let (outcome, findings) = {
            let database = self.database.read().await;
            read_at(database.as_ref().ok_or(StoreError::Unavailable)?, read)
        };
        self.report(findings);
        outcome
    }

    /// Reads for long, on a thread of its own, from what was committed last.
    pub(super) async fn read_long<T, F>(self: &Arc<Self>, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot) -> Result<T> + Send + 'static,
    {
        let transaction = {
            let database = self.database.read().await;
            let open = database.as_ref().ok_or(StoreError::Unavailable)?;
            open.begin_read().map_err(|error| outcome_of(&error.into()))?
        };
        let engine = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let snapshot = Snapshot::new(transaction);
            let outcome = contained(|| read(&snapshot));
            engine.report(snapshot.findings);
            outcome
        });
        reading.await.unwrap_or(Err(StoreError::Unavailable))
    }

    /// Tells the writer what a reading has come upon.
    pub(super) fn report(&self, findings: Findings) {
        // Opening anew mends no damage.
        let broken = findings.broken.get().is_some_and(|error| error != StoreError::Damaged);
        let damage = findings.damage.into_inner();
        if (broken || !damage.is_empty()) && self.intake().note(broken, damage) {
            self.bell.notify_one();
        }
    }

    /// Makes a change in the next commit. The closure may run more than once, and
    /// what it did is undone if it gives an error.
    pub(super) async fn change<T, F>(&self, frees: bool, bytes: usize, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Batch<'_>) -> Result<T> + Send + 'static,
    {
        let slot = self.slot(bytes).await?;
        let (call, waiting) = Call::new(run);
        let job = Job { change: Box::new(call), bytes, frees, _slot: slot };
        self.submit(Work::Change(job))?;
        pending::await_outcome(waiting).await
    }

    /// A place in the queue.
    pub(super) async fn slot(&self, bytes: usize) -> Result<tokio::sync::OwnedSemaphorePermit> {
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, QUEUE_UNITS);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let slot = Arc::clone(&self.slots).acquire_many_owned(units).await;
        slot.map_err(|_| StoreError::Unavailable)
    }

    /// Puts something at the end of the queue.
    pub(super) fn submit(&self, work: Work) -> Result<()> {
        self.intake().submit(work)?;
        self.bell.notify_one();
        Ok(())
    }

    /// Takes nothing more; the writer ends when it has written what there is.
    pub(super) fn close(&self) {
        self.intake().close();
        self.bell.notify_all();
    }

    /// Remembers what the last commit left.
    pub(super) fn committed(&self, counters: &Counters) {
        let stored = counters.envelope_bytes.saturating_add(counters.blob_bytes);
        self.stored_bytes.store(stored, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Refuses what needs room that is not there.
    pub(super) fn take_room(&self, bytes: u64) -> Result<()> {
        self.room.take(&*self.medium, bytes, self.stored_bytes.load(Ordering::Relaxed))
    }
}

fn builder(cache_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes);
    builder
}

/// Counts anew what the counters no longer say, and keeps another secret in the
/// place of a lost one.
fn mend(database: &Database, renewed: Option<[u8; 32]>) -> Result<Counters> {
    let failed = |error: redb::Error| outcome_of(&error);
    let transaction = format::begin(database).map_err(failed)?;
    let counters = {
        let mut batch = Batch::new(&transaction)?;
        if let Some(secret) = renewed {
            format::renew_secret(&mut batch, secret)?;
        }
        batch.finish()?;
        batch.counters.clone()
    };
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(counters)
}
