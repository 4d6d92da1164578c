//! The file, open under the lock for one section.

use core::cell::Cell;
use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use redb::{Builder, Database, ReadTransaction, ReadableDatabase as _, StorageError};

use super::{
    format::{self, Format},
    medium::Medium,
};
use crate::{
    home::Home,
    lock::Lock,
    private::{self, PrivateError},
    store::{StoreError, Table},
    unlock::StoreKey,
};

/// Memory that pages may take; a section touches few.
const CACHE_BYTES: usize = 16 << 20;

/// What redb does on a file that is not what it wrote may be a panic: it ends here.
pub(super) fn contained<T>(
    damage: impl FnOnce() -> StoreError,
    run: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let outer = CONTAINED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    CONTAINED.set(outer);
    outcome.unwrap_or_else(|_| Err(damage()))
}

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be taken for a damaged store, and needs no
/// word of its own.
pub fn is_contained() -> bool {
    CONTAINED.get()
}

/// The file, open. What is not committed when it is dropped has not happened.
pub(super) struct Open {
    path: PathBuf,
    medium: Medium,
    database: Option<Database>,
    lock: Option<Lock>,
}

impl Open {
    /// Opens the store of a profile, whose lock we have.
    pub(super) fn store(home: &Home, lock: Lock) -> Result<Self, StoreError> {
        let path = home.store();
        let file = private::open(&path)?.ok_or_else(|| StoreError::Missing(path.clone()))?;
        let failed = |verb| {
            let path = path.clone();
            move |error: io::Error| StoreError::from(PrivateError::io(verb, &path, &error))
        };
        if file.metadata().map_err(failed("look at"))?.len() == 0 {
            // redb takes an empty file for one that it may begin.
            return Err(StoreError::Broken(path));
        }
        let medium = Medium::keeping(file).map_err(failed("look at"))?;
        if lock.is_after_death() {
            // What the dead have written can be read, but may not be on the disk.
            medium.sync().map_err(failed("sync"))?;
        }
        Self::over(path, medium, Some(lock))
    }

    /// Begins a store in a new file.
    pub(super) fn begin(path: &Path, file: File) -> Result<Self, StoreError> {
        Self::over(path.to_owned(), Medium::writing(file), None)
    }

    /// Opens what lies there.
    pub(super) fn over(
        path: PathBuf,
        medium: Medium,
        lock: Option<Lock>,
    ) -> Result<Self, StoreError> {
        let mut open = Self { path, medium: medium.clone(), database: None, lock };
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        let opened = contained(
            || open.damage(None),
            || builder.create_with_backend(medium).map_err(|error| open.failure(None, error)),
        );
        open.database = Some(opened?);
        Ok(open)
    }

    /// What is stored.
    pub(super) fn read(&self) -> Result<ReadTransaction, StoreError> {
        let run = || self.database()?.begin_read().map_err(|error| self.failure(None, error));
        contained(|| self.damage(None), run)
    }

    /// Changes what is stored, and makes that durable. The file is closed then.
    pub(super) fn change(
        mut self,
        run: impl FnOnce(&Self, &redb::WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let committed = contained(
            || self.damage(None),
            || {
                self.medium.begin_writing().map_err(|error| self.failure(None, error))?;
                let mut transaction =
                    self.database()?.begin_write().map_err(|error| self.failure(None, error))?;
                transaction.set_two_phase_commit(true);
                // With this the next opening finds its way without a proper close.
                transaction.set_quick_repair(true);
                run(&self, &transaction)?;
                transaction.commit().map_err(|error| self.failure(None, error))
            },
        );
        committed?;
        self.end();
        Ok(())
    }

    /// Closes a file that was only read.
    pub(super) fn end(&mut self) {
        self.close();
        if let Some(lock) = self.lock.take() {
            lock.release();
        }
    }

    fn close(&mut self) {
        self.medium.close();
        let database = self.database.take();
        // What redb would still write is not wanted, and that it can't is no failure.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.database.as_ref().ok_or_else(|| self.damage(None))
    }

    /// What is wrong where redb says no.
    pub(super) fn failure(
        &self,
        table: Option<Table>,
        error: impl Into<redb::Error>,
    ) -> StoreError {
        if self.medium.was_full() {
            return StoreError::Full;
        }
        match error.into() {
            redb::Error::Io(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => self.damage(table),
                _ => StoreError::Private(PrivateError::io("use", &self.path, &error)),
            },
            _ => self.damage(table),
        }
    }

    /// [`Self::failure`], for what reading and writing rows gives.
    pub(super) fn storage(&self, table: Table, error: StorageError) -> StoreError {
        self.failure(Some(table), error)
    }

    fn damage(&self, table: Option<Table>) -> StoreError {
        table.map_or_else(|| StoreError::Broken(self.path.clone()), StoreError::Damaged)
    }

    /// The first row as it stands in the file.
    pub(super) fn first_row(&self, view: &ReadTransaction) -> Result<Vec<u8>, StoreError> {
        contained(
            || self.damage(None),
            || {
                let table =
                    view.open_table(format::TABLE).map_err(|error| self.failure(None, error))?;
                let row = table.get(format::KEY).map_err(|error| self.failure(None, error))?;
                row.map(|row| row.value().to_vec()).ok_or_else(|| self.damage(None))
            },
        )
    }

    /// Refuses a store that is not ours to read.
    pub(super) fn recognise(
        &self,
        view: &ReadTransaction,
        key: &StoreKey,
    ) -> Result<(), StoreError> {
        match format::open(key, &self.first_row(view)?) {
            Format::Ours => Ok(()),
            Format::OtherVersion(found) => Err(StoreError::OtherVersion {
                path: self.path.clone(),
                found,
                known: format::VERSION,
            }),
            Format::OtherGeneration => Err(StoreError::Replaced(self.path.clone())),
            Format::Damaged => Err(StoreError::Broken(self.path.clone())),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Who was writing leaves the lock without a word, like the dead.
        if self.medium.is_writing() { self.close() } else { self.end() }
    }
}
