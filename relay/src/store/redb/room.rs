//! Room: below a floor of free space nothing is taken but what frees room.
//!
//! On a full disk the engine cannot even delete. So the floor keeps some space
//! free, and if the disk fills up all the same, a ballast file is given up. Until
//! that is there again, its room is nobody else's: not even what is free in the
//! store's file counts, because the engine may write elsewhere.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::medium::Medium;
use crate::store::{Result, StoreError};

/// Bounds of a store's room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) floor_bytes: u64,
    pub(crate) floor_percent: u64,
    pub(crate) ballast_bytes: u64,
    /// 0 for no bound.
    pub(crate) store_bytes: u64,
}

/// How long what the disk said is good for, and for how many bytes.
const GOOD_FOR: Duration = Duration::from_millis(200);
const GOOD_FOR_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    room: Option<u64>,
    /// Whether the ballast has its room.
    ballast: bool,
    file: u64,
    taken: u64,
}

/// Room in the file itself, which keeps what has been drained from it. What is
/// stored takes a little more than its bytes.
pub(super) const fn inside(file: u64, stored: u64) -> u64 {
    file.saturating_sub(stored.saturating_add(stored / 4))
}

/// Room.
#[derive(Debug)]
pub(crate) struct Room {
    bounds: Bounds,
    seen: Mutex<Option<Seen>>,
}

impl Room {
    /// With those bounds.
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, seen: Mutex::new(None) }
    }

    /// Takes room for that many bytes, if `stored` are in the store.
    pub(crate) fn take(&self, medium: &dyn Medium, bytes: u64, stored: u64) -> Result<()> {
        let seen = self.look(medium, bytes);
        let inside = if seen.ballast { inside(seen.file, stored) } else { 0 };
        let room = seen.room.map(|room| room.saturating_add(inside));
        if room.is_some_and(|room| room < seen.taken) || self.is_over(seen.file, stored) {
            return Err(StoreError::Full);
        }
        Ok(())
    }

    /// The file does not shrink with what is in it: it counts only while it is
    /// well filled.
    fn is_over(&self, file: u64, stored: u64) -> bool {
        let most = self.bounds.store_bytes;
        most != 0 && (stored >= most || (file >= most && stored >= most / 4 * 3))
    }

    /// Has the next one look again: much may have been freed.
    pub(super) fn look_again(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn look(&self, medium: &dyn Medium, bytes: u64) -> Seen {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = match *seen {
            Some(seen) if seen.at.elapsed() < GOOD_FOR && seen.taken < GOOD_FOR_BYTES => seen,
            _ => {
                let ballast = self.restock(medium);
                let (room, file) = (self.free(medium), medium.bytes());
                Seen { at: Instant::now(), room, ballast, file, taken: 0 }
            }
        };
        now.taken = now.taken.saturating_add(bytes);
        *seen = Some(now);
        now
    }

    /// Bytes above the floor that the ballast does not need.
    pub(crate) fn free(&self, medium: &dyn Medium) -> Option<u64> {
        let bytes = self.bounds.ballast_bytes;
        let needed = if medium.has_ballast(bytes) { 0 } else { bytes };
        Some(self.above_floor(medium)?.saturating_sub(needed))
    }

    fn above_floor(&self, medium: &dyn Medium) -> Option<u64> {
        let space = medium.space()?;
        let percent = space.total / 100 * self.bounds.floor_percent.min(100);
        Some(space.free.saturating_sub(self.bounds.floor_bytes.max(percent)))
    }

    /// Makes the ballast, if there is room for it above the floor; says whether
    /// there is.
    pub(crate) fn restock(&self, medium: &dyn Medium) -> bool {
        let bytes = self.bounds.ballast_bytes;
        if medium.has_ballast(bytes) {
            return true;
        }
        let fits = self.above_floor(medium).is_none_or(|free| free > bytes);
        if fits {
            // If it fails, its room stays free, and the next look tries again.
            let _ = medium.take_ballast(bytes);
        }
        fits
    }
}
