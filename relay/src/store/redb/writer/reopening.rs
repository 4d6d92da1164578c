//! The file is given up after a failure, and opened anew.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use tracing::{info, warn};

use crate::store::{
    StoreError,
    redb::{engine::Engine, queue::Work},
};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Engine {
    /// Gives up the file. A panic or an error while it is closed says nothing
    /// new: it is not trusted any more.
    pub(in crate::store::redb) fn take_down(&self) {
        let old = self.database.blocking_write().take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
    }

    /// Opens the file anew, however long it takes. Meanwhile everything is
    /// refused.
    pub(in crate::store::redb) fn open_anew(&self) {
        warn!("the store has failed; its file is opened anew");
        self.take_down();
        self.open_once_more();
    }

    /// Opens the file that was taken down.
    pub(in crate::store::redb) fn open_once_more(&self) {
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
