//! The writer: the one thread that changes the store.
//!
//! It takes what has gathered, makes one transaction of it, commits, and only
//! then answers. A change that fails is taken out, and the others are made
//! again. After a failure of the engine nobody is told that anything is kept;
//! the file is opened anew, and it goes on.

mod item;
mod reopening;
mod transaction;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
};

use tracing::warn;

use self::{
    item::{Item, Recourse, What, item},
    transaction::{Stop, write},
};
use super::{
    engine::Engine,
    queue::{Work, take_batch},
    table::Damage,
};
use crate::{
    fail_point,
    store::{Result, StoreError},
};

/// What the writer does next.
enum Next {
    Write(Vec<Item>),
    Compact(tokio::sync::oneshot::Sender<Result<(u64, u64)>>),
    SetAside(Damage),
    OpenAgain,
    End,
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
}
