//! The folder of payloads beside the store: one file for each blob, sealed, whether
//! it goes out, comes in, or is a text that stays.
//!
//! Whoever works on one holds it, as the system knows it, for as long as the process
//! lives. How far a download is, is how long its file is.

use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use msg_protocol::id::BlobId;
use rustix::io::Errno;

use crate::{
    driver::ClientError,
    home::Home,
    private::{self, PrivateError},
    store::StoreError,
};

/// How long something that nobody speaks of is left, for whoever has just made it.
const LEFT_ALONE: Duration = Duration::from_hours(1);

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    folder: PathBuf,
}

/// A payload that this process works on, until all copies of this are dropped.
#[derive(Debug, Clone)]
pub(super) struct Held {
    file: Arc<File>,
    path: PathBuf,
}

impl Shelf {
    /// The shelf of a profile; made if it is not there.
    pub(super) fn of(home: &Home) -> Result<Self, ClientError> {
        let folder = home.files();
        private::make_folder(&folder).map_err(StoreError::from)?;
        Ok(Self { folder })
    }

    fn path(&self, blob: BlobId) -> PathBuf {
        self.folder.join(blob.to_string())
    }

    /// Takes a payload in hand, empty if there was none; none if another process has it.
    pub(super) fn hold(&self, blob: BlobId) -> Result<Option<Held>, ClientError> {
        let path = self.path(blob);
        loop {
            let file = match private::open(&path).map_err(StoreError::from)? {
                Some(file) => file,
                None => match private::create(&path) {
                    // Somebody else made it at the same moment.
                    Err(PrivateError::Io { source: Errno::EXIST, .. }) => continue,
                    made => made.map_err(StoreError::from)?,
                },
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
            }
            // Who had it before may have removed it.
            let here = file.metadata().map_err(|error| failed("look at", &path, &error))?;
            let there = path.symlink_metadata().ok();
            if there.is_some_and(|there| (there.dev(), there.ino()) == (here.dev(), here.ino())) {
                return Ok(Some(Held { file: Arc::new(file), path }));
            }
        }
    }

    /// Whether there is something by that name.
    pub(super) fn has(&self, blob: BlobId) -> bool {
        self.path(blob).symlink_metadata().is_ok()
    }

    /// Removes what nobody speaks of and nobody works on.
    pub(super) fn sweep(&self, is_spoken_of: impl Fn(&str) -> bool) {
        let Ok(entries) = self.folder.read_dir() else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(&is_spoken_of) {
                continue;
            }
            let written = entry.metadata().and_then(|metadata| metadata.modified());
            let age = written.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
            if age.is_ok_and(|age| age > LEFT_ALONE)
                && let Ok(file) = File::open(entry.path())
                && file.try_lock().is_ok()
            {
                // What stays is looked at another day.
                let _ = private::remove(&entry.path());
            }
        }
    }
}

impl Held {
    /// Bytes that are there.
    pub(super) fn length(&self) -> Result<u64, ClientError> {
        let metadata = self.file.metadata();
        Ok(metadata.map_err(|error| failed("look at", &self.path, &error))?.len())
    }

    /// Cuts off what is behind that place.
    pub(super) fn cut(&self, length: u64) -> Result<(), ClientError> {
        self.file.set_len(length).map_err(|error| failed("cut", &self.path, &error))
    }

    /// Reads bytes of it.
    pub(super) fn read(&self, at: u64, bytes: &mut [u8]) -> Result<(), ClientError> {
        self.file.read_exact_at(bytes, at).map_err(|error| failed("read", &self.path, &error))
    }

    /// Writes bytes to it.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> Result<(), ClientError> {
        self.file.write_all_at(bytes, at).map_err(|error| failed("write", &self.path, &error))
    }

    /// Makes it durable.
    pub(super) fn sync(&self) -> Result<(), ClientError> {
        self.file.sync_all().map_err(|error| failed("sync", &self.path, &error))?;
        Ok(private::sync_folder_of(&self.path).map_err(StoreError::from)?)
    }

    /// Removes it.
    pub(super) fn remove(self) {
        // What stays is swept away another day.
        let _ = private::remove(&self.path);
    }
}

fn failed(verb: &'static str, path: &std::path::Path, error: &io::Error) -> ClientError {
    StoreError::from(PrivateError::io(verb, path, error)).into()
}
