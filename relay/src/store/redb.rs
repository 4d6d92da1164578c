//! The embedded engine: one redb file in the relay's data folder.
//!
//! ```text
//! append ---> pending ---> one writer thread ---> commit ---> answers
//! change ------------------^   (all that has gathered, one transaction)
//! collect <-- pending + committed
//! ```
//!
//! - Every commit is in two phases and synced before anybody is answered.
//! - Every row authenticates itself: redb checks nothing when it reads. One that
//!   is not what was written is set aside and counted, never served.
//! - After a failed write the file is opened anew: nothing that the old handle
//!   says is trusted.
//! - Sequence numbers follow the wall clock in microseconds, so that a gap tells
//!   a recipient nothing about other mailboxes, and those after a restore lie
//!   above those before.
//! - Memory and the time to start do not depend on what is stored: what is asked
//!   of the whole is kept as counters.

mod accounts;
mod aside;
mod backup;
mod batch;
mod blobs;
mod check;
mod collect;
mod deposit;
mod engine;
mod envelope;
mod format;
mod intake;
mod mailboxes;
mod medium;
mod nodes;
mod pending;
mod portable;
mod prekeys;
mod queue;
mod reclaim;
mod records;
mod recount;
mod rights;
mod room;
mod row;
mod rows;
mod table;
mod upkeep;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use self::{engine::Engine, medium::Folder};
pub use self::{
    format::OpenError,
    medium::{Medium, Space},
};
use super::Wake;

#[cfg(any(test, feature = "simulation"))]
pub(crate) use self::format::initialise;

/// What an operator may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Bytes of memory that pages of the file may take.
    pub cache_bytes: usize,
    /// Free bytes of the disk below which nothing more is stored.
    pub floor_bytes: u64,
    /// Free percent of the disk below which nothing more is stored.
    pub floor_percent: u64,
    /// Bytes of the file that is given up on a full disk.
    pub ballast_bytes: u64,
    /// Bytes of the store at which nothing more is stored; 0 for no such limit.
    pub store_bytes: u64,
}

/// The store in a folder.
pub struct Redb {
    engine: Arc<Engine>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Redb {
    /// Opens the store in a folder; makes folder and store if there are none.
    pub fn open(
        folder: impl Into<PathBuf>,
        options: Options,
        wake: Arc<dyn Wake>,
    ) -> Result<Self, OpenError> {
        let folder = folder.into();
        let path = Folder(folder.clone()).file();
        let store = Self::open_to_move(folder, options, wake)?;
        if store.engine.arriving { Err(OpenError::Arriving { path }) } else { Ok(store) }
    }

    /// The same for a move, which may go on with what it has begun.
    pub fn open_to_move(
        folder: impl Into<PathBuf>,
        options: Options,
        wake: Arc<dyn Wake>,
    ) -> Result<Self, OpenError> {
        let folder = Folder(folder.into());
        let path = folder.file();
        format::prepare(&folder)?;
        let store = Self::open_medium(Arc::new(folder.clone()), options, wake, &path)?;
        // Only now is it sure that no other relay is about to make its store here.
        folder.clear().map_err(|error| OpenError::io(&path, error))?;
        Ok(store)
    }

    /// Opens the store on a medium, which holds one already. Errors name `path`.
    pub fn open_medium(
        medium: Arc<dyn Medium>,
        options: Options,
        wake: Arc<dyn Wake>,
        path: &Path,
    ) -> Result<Self, OpenError> {
        let engine = Arc::new(Engine::open(medium, options, wake, path)?);
        let writer = Arc::clone(&engine);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.write())
            .map_err(|error| OpenError::io(path, error))?;
        Ok(Self { engine, writer: Mutex::new(Some(thread)) })
    }

    /// Whether there is a store in a folder.
    pub fn is_in(folder: impl Into<PathBuf>) -> bool {
        Folder(folder.into()).file().exists()
    }

    /// Makes an empty store, in a folder that has none.
    pub fn create(folder: impl Into<PathBuf>) -> Result<(), OpenError> {
        let folder = Folder(folder.into());
        folder.refuse_second()?;
        format::prepare(&folder)
    }

    /// Removes the store with all that belongs to it; gives what is gone. Nobody
    /// may have it open.
    pub fn remove(folder: impl Into<PathBuf>) -> Result<Vec<PathBuf>, OpenError> {
        let folder = Folder(folder.into());
        folder.remove_all().map_err(|error| OpenError::io(&folder.file(), error))
    }

    /// Makes a store out of a backup, in a folder that has none. What is in the
    /// backup is read and checked as a whole first.
    pub fn restore(backup: &Path, folder: impl Into<PathBuf>) -> Result<(), OpenError> {
        backup::restore(backup, &Folder(folder.into()))
    }

    /// Writes what has been taken, and gives the file free. What comes later
    /// finds the store out of reach. Blocks.
    pub fn close(&self) {
        self.engine.close();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer has been told to all who waited for it.
            let _ = thread.join();
        }
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
