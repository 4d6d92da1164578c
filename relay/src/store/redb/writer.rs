//! The writer: the one thread that changes the store.
//!
//! It takes what has gathered, makes one transaction of it, commits, and only
//! then answers. A change that fails is taken out, and the others are made
//! again. After a failure of the engine nobody is told that anything is kept;
//! the file is opened anew, and it goes on.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
    time::Duration,
};

use redb::Database;
use tracing::{info, warn};

use super::{
    aside,
    batch::Batch,
    engine::Engine,
    format, mailboxes, pending,
    queue::{Job, Work, take_batch},
    rows::Counters,
    table::{Damage, outcome_of},
};
use crate::{
    fail_point,
    store::{Result, StoreError, mailbox::Appended},
};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What the writer does next.
enum Next {
    Write(Vec<Item>),
    Compact(tokio::sync::oneshot::Sender<Result<(u64, u64)>>),
    SetAside(Damage),
    OpenAgain,
    End,
}

/// A part of a batch, and how it went so far.
struct Item {
    what: What,
    failed: Option<StoreError>,
}

enum What {
    Append {
        sequence: u64,
        envelope: Arc<pending::Envelope>,
        appended: Appended,
        _slot: tokio::sync::OwnedSemaphorePermit,
    },
    Change(Job),
    SetAside(Damage),
}

/// Why a batch was not committed.
enum Stop {
    /// One part of it failed and is marked; the others are to be made again.
    Refused,
    /// The engine failed; the parts know nothing of it.
    Broken(StoreError),
}

/// What is tried for a batch for which there was no room on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recourse {
    /// To make what is free in the file usable.
    Reclaim,
    /// To give up the ballast.
    Ballast,
}

impl Item {
    fn new(what: What) -> Self {
        Self { what, failed: None }
    }

    fn frees(&self) -> bool {
        matches!(&self.what, What::Change(job) if job.frees)
    }

    /// Only what frees room is worth the ballast.
    fn is_worth(&self, recourse: Option<Recourse>) -> bool {
        let worth = match recourse {
            None => false,
            Some(Recourse::Reclaim) => true,
            Some(Recourse::Ballast) => self.frees(),
        };
        worth && self.failed.is_none()
    }

    fn apply(&mut self, batch: &mut Batch<'_>) -> Result<()> {
        match &mut self.what {
            What::Append { envelope, appended, .. } => {
                *appended = mailboxes::append(batch, envelope)?;
                Ok(())
            }
            What::Change(job) => job.change.apply(batch),
            What::SetAside(damage) => {
                damage.iter().try_for_each(|(table, key)| aside::set_aside(batch, *table, key))
            }
        }
    }
}

impl Engine {
    /// Writes until the store is closed and all that was taken is written.
    pub(super) fn write(&self) {
        loop {
            match self.next() {
                Next::Write(items) => self.commit(items),
                Next::SetAside(damage) => {
                    warn!(count = damage.len(), "damaged rows are set aside");
                    self.commit(vec![Item::new(What::SetAside(damage))]);
                }
                Next::Compact(answer) => {
                    // Who asked may have gone.
                    let _ = answer.send(self.compact_now());
                }
                Next::OpenAgain => self.open_anew(),
                Next::End => break,
            }
        }
        self.take_down();
    }

    fn next(&self) -> Next {
        let mut intake = self.intake();
        loop {
            if intake.broken && !intake.closing {
                return Next::OpenAgain;
            }
            if !intake.damage.is_empty() {
                return Next::SetAside(std::mem::take(&mut intake.damage));
            }
            if let Some(Work::Compact(_)) = intake.queue.front()
                && let Some(Work::Compact(answer)) = intake.queue.pop_front()
            {
                return Next::Compact(answer);
            }
            if !intake.queue.is_empty() {
                let taken = take_batch(&mut intake.queue);
                return Next::Write(
                    taken.into_iter().filter_map(|work| item(&mut intake.pending, work)).collect(),
                );
            }
            if intake.closing {
                return Next::End;
            }
            intake = self.bell.wait(intake).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn commit(&self, mut items: Vec<Item>) {
        let mut tried = Vec::new();
        loop {
            if items.iter().all(|item| item.failed.is_some()) {
                break;
            }
            match self.attempt(&mut items) {
                Ok(()) => break,
                Err(Stop::Refused) => (),
                Err(Stop::Broken(error)) => {
                    self.take_down();
                    let recourse = self.recourse(error, &items, &tried);
                    if recourse == Some(Recourse::Ballast) && self.medium.give_up_ballast() {
                        warn!("the disk is full; the ballast is given up for what frees room");
                    }
                    let (kept, lost): (Vec<_>, Vec<_>) =
                        items.into_iter().partition(|item| item.is_worth(recourse));
                    self.settle(lost, Some(error));
                    self.open_anew();
                    if recourse == Some(Recourse::Reclaim) {
                        self.reclaim();
                    }
                    items = kept;
                    tried.extend(recourse);
                }
            }
        }
        if items.iter().any(Item::frees) {
            // Who has made room finds it.
            self.restock();
        }
        self.settle(items, None);
        fail_point::pass("after-answer");
    }

    /// What may still help, each once for a batch.
    fn recourse(&self, error: StoreError, items: &[Item], tried: &[Recourse]) -> Option<Recourse> {
        let helps = |recourse: &Recourse| {
            !tried.contains(recourse)
                && items.iter().any(|item| item.is_worth(Some(*recourse)))
                && (*recourse == Recourse::Ballast || self.is_loose())
        };
        let full = error == StoreError::Full;
        [Recourse::Reclaim, Recourse::Ballast].into_iter().find(|recourse| full && helps(recourse))
    }

    fn attempt(&self, items: &mut [Item]) -> core::result::Result<(), Stop> {
        let guard = self.database.blocking_read();
        let Some(database) = guard.as_ref() else {
            return Err(Stop::Broken(StoreError::Unavailable));
        };
        let mut current = None;
        let mut damage = Damage::default();
        let writing =
            AssertUnwindSafe(|| write(database, items, self.skips_sync, &mut current, &mut damage));
        let written = catch_unwind(writing);
        drop(guard);
        self.intake().note(false, damage);
        match written {
            Ok(Ok(counters)) => {
                if let Some(counters) = counters {
                    self.committed(&counters);
                }
                Ok(())
            }
            Ok(Err(stop)) => Err(stop),
            Err(_) => {
                // A panic of redb on a file that is not what it wrote.
                let culprit = current.and_then(|place: usize| items.get_mut(place));
                let Some(culprit) = culprit else { return Err(Stop::Broken(StoreError::Damaged)) };
                culprit.failed = Some(StoreError::Damaged);
                self.take_down();
                self.open_anew();
                Err(Stop::Refused)
            }
        }
    }

    fn settle(&self, items: Vec<Item>, broken: Option<StoreError>) {
        let mut intake = self.intake();
        for item in items {
            let failed = item.failed.or(broken);
            match item.what {
                What::Append { sequence, appended, .. } => {
                    intake.pending.end(sequence, failed.map_or(Ok(appended), Err));
                }
                What::Change(job) => job.change.settle(failed.map_or(Ok(()), Err)),
                What::SetAside(damage) => intake.forget_damage(&damage),
            }
        }
    }

    /// Gives up the file. A panic or an error while it is closed says nothing
    /// new: it is not trusted any more.
    pub(super) fn take_down(&self) {
        let old = self.database.blocking_write().take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
    }

    /// Opens the file anew, however long it takes. Meanwhile everything is
    /// refused.
    pub(super) fn open_anew(&self) {
        warn!("the store has failed; its file is opened anew");
        self.take_down();
        self.open_once_more();
    }

    /// Opens the file that was taken down.
    pub(super) fn open_once_more(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.open_again() {
                Ok(database) => {
                    *self.database.blocking_write() = Some(database);
                    self.intake().broken = false;
                    info!("the store is open again");
                    return;
                }
                Err(StoreError::Full) if self.medium.give_up_ballast() => continue,
                Err(_) => {}
            }
            self.refuse_all();
            let intake = self.intake();
            if intake.closing {
                return;
            }
            drop(self.bell.wait_timeout(intake, pause));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn refuse_all(&self) {
        let mut intake = self.intake();
        let refused = Err(StoreError::Unavailable);
        for work in std::mem::take(&mut intake.queue) {
            match work {
                Work::Append(sequence, ..) => intake.pending.end(sequence, refused),
                Work::Change(job) => job.change.settle(Err(StoreError::Unavailable)),
                Work::Compact(answer) => drop(answer.send(Err(StoreError::Unavailable))),
            }
        }
    }
}

/// What the writer makes of a piece of work; an envelope may have been handed
/// over meanwhile.
fn item(pending: &mut pending::Pending, work: Work) -> Option<Item> {
    let what = match work {
        Work::Append(sequence, _, slot) => {
            let envelope = pending.begin(sequence)?;
            What::Append { sequence, envelope, appended: Appended::Stored, _slot: slot }
        }
        Work::Change(job) => What::Change(job),
        // Taken apart by itself, before a batch.
        Work::Compact(_) => return None,
    };
    Some(Item::new(what))
}

/// Makes all changes that have not failed.
fn apply(
    batch: &mut Batch<'_>,
    items: &mut [Item],
    current: &mut Option<usize>,
) -> core::result::Result<(), Stop> {
    for (place, item) in items.iter_mut().enumerate() {
        if item.failed.is_some() {
            continue;
        }
        *current = Some(place);
        let (writes, counters) = (batch.writes, batch.counters.clone());
        let Err(error) = item.apply(batch) else { continue };
        match batch.findings.broken.get() {
            Some(error) if error != StoreError::Damaged => return Err(Stop::Broken(error)),
            _ => item.failed = Some(error),
        }
        if batch.writes != writes || batch.counters != counters {
            return Err(Stop::Refused);
        }
    }
    *current = None;
    Ok(())
}

/// Makes one transaction of all that has not failed, and commits it. Gives the
/// counters if anything was written.
fn write(
    database: &Database,
    items: &mut [Item],
    skips_sync: bool,
    current: &mut Option<usize>,
    damage: &mut Damage,
) -> core::result::Result<Option<Counters>, Stop> {
    let broken = |error| Stop::Broken(outcome_of(&error));
    let mut transaction = format::begin(database).map_err(broken)?;
    if skips_sync {
        // It cannot be refused: nothing of it was asked of the transaction before.
        let _ = transaction.set_durability(redb::Durability::None);
    }
    let (counters, writes) = {
        let mut batch = Batch::new(&transaction).map_err(Stop::Broken)?;
        let applied = apply(&mut batch, items, current);
        *damage = std::mem::take(&mut batch.findings).damage.into_inner();
        applied?;
        batch.finish().map_err(Stop::Broken)?;
        (batch.counters.clone(), batch.writes)
    };
    if writes == 0 {
        transaction.abort().map_err(|error| broken(error.into()))?;
        return Ok(None);
    }
    let frees = items.iter().any(Item::frees);
    fail_point::pass("before-commit");
    if frees {
        fail_point::pass("before-delete");
    }
    transaction.commit().map_err(|error| broken(error.into()))?;
    fail_point::pass("after-commit");
    if frees {
        fail_point::pass("after-delete");
    }
    Ok(Some(counters))
}
