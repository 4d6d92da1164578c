//! Room that the file holds and does not use, when the disk has no more.
//!
//! The engine lengthens the file by much at a time. Of its free pages some have
//! been written before and have their place on the disk; others have none yet.
//! It does not tell them apart: on a full disk it may reach for the latter, and
//! fail, however many of the former there are. So the free end is cut off, and
//! what little is left moves to the front, where every page has its place.

use std::sync::atomic::Ordering;

use redb::CompactionError;
use tracing::{info, warn};

use super::{
    engine::{Engine, contained},
    room::inside,
    table::outcome_of,
};
use crate::store::{Result, StoreError};

/// Most bytes of envelopes and blobs that are moved while everything waits.
const MOST_MOVED_BYTES: u64 = 64 * 1024 * 1024;

impl Engine {
    /// Whether a good part of the file is free.
    pub(super) fn is_loose(&self) -> bool {
        let file = self.medium.bytes();
        inside(file, self.stored_bytes.load(Ordering::Relaxed)) >= file / 4
    }

    /// Makes the free part of the file usable on a full disk.
    pub(super) fn reclaim(&self) {
        // Closing in good order cuts the free end off.
        self.take_down();
        self.open_once_more();
        self.squeeze();
    }

    /// Makes the ballast again, if need be of what the file does not use.
    pub(super) fn restock(&self) {
        if !self.room.restock(&*self.medium) && self.is_loose() && self.squeeze() {
            self.room.restock(&*self.medium);
        }
        self.room.look_again();
    }

    /// Compacts the file, if that is soon done and the last time was not just so;
    /// says whether it did.
    fn squeeze(&self) -> bool {
        let last = self.squeezed_bytes.load(Ordering::Relaxed);
        if self.stored_bytes.load(Ordering::Relaxed) > MOST_MOVED_BYTES
            || self.medium.bytes() < last.saturating_add(last / 4)
        {
            return false;
        }
        warn!("the disk is full; the file gives back what it does not need");
        let squeezed = self.compact_now();
        self.squeezed_bytes.store(self.medium.bytes(), Ordering::Relaxed);
        squeezed.is_ok_and(|(before, after)| {
            info!(before, after, "the file is smaller");
            after < before
        })
    }

    /// Gives back to the file system what the file does not need; gives its bytes
    /// before and after.
    pub(super) fn compact_now(&self) -> Result<(u64, u64)> {
        let before = self.medium.bytes();
        let compacted = {
            let mut guard = self.database.blocking_write();
            let database = guard.as_mut().ok_or(StoreError::Unavailable)?;
            contained(|| Ok(database.compact()))
        };
        let error = match compacted {
            Ok(Ok(_)) => return Ok((before, self.medium.bytes())),
            // Somebody reads for long; the file is as good as it was.
            Ok(Err(CompactionError::TransactionInProgress)) => return Err(StoreError::Unavailable),
            Ok(Err(error)) => outcome_of(&error.into()),
            Err(error) => error,
        };
        self.open_anew();
        Err(error)
    }
}
