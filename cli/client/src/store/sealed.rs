//! The store on the disk: one redb file, its rows sealed, opened for short
//! sections under the profile's lock.
//!
//! ```text
//! lock ── open ── Draft ── decide ──▶ Step ── commit, two phases ── close ── free
//! ```
//!
//! - A section costs two syncs if it changes something, and none if it does not.
//! - Nobody has a section's outcome before it is durable.
//! - Every row authenticates itself: redb checks nothing when it reads. A file
//!   that cannot be opened is left as it is.
//!
//! Deliberately absent: waiting for anything but the lock while it is open; and a
//! commit without syncs, which could tear the file if the power goes. A change
//! whose loss is harmless waits for the next section that changes something else.

mod create;
mod file;
mod format;
mod medium;
mod rewrite;
mod rows;

use std::time::Duration;

use redb::ReadTransaction;

pub use self::file::is_contained;
use self::{
    file::Open,
    rows::{Sealed, Writer},
};
use super::{Rows, StoreError};
use crate::{
    home::Home,
    lock::Lock,
    step::{Draft, Step},
    unlock::{Keyring, Protection, StoreKey},
};

/// How long a section waits for the lock, unless told otherwise.
pub const LOCK_WAIT: Duration = Duration::from_secs(30);

/// An unlocked store.
pub struct Store {
    home: Home,
    key: StoreKey,
    lock_wait: Duration,
    #[cfg(feature = "simulation")]
    instead: Option<std::sync::Arc<dyn super::simulated::Engine>>,
}

impl Store {
    /// The store of a profile, with a key that was kept while it was unlocked.
    pub fn with_key(home: Home, key: StoreKey) -> Self {
        Self {
            home,
            key,
            lock_wait: LOCK_WAIT,
            #[cfg(feature = "simulation")]
            instead: None,
        }
    }

    /// The same profile, with its rows somewhere else.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub fn kept_in(self, engine: std::sync::Arc<dyn super::simulated::Engine>) -> Self {
        Self { instead: Some(engine), ..self }
    }

    /// Waits for the lock for so long.
    #[must_use]
    pub fn waiting(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    /// The profile.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The key, for who keeps it while the store is unlocked.
    pub fn key(&self) -> &StoreKey {
        &self.key
    }

    /// Decides on what is stored, and makes durable what was decided; gives its
    /// outcome. `what` tells those who wait for the lock what goes on. Blocks.
    pub fn section<T, E: From<StoreError>>(
        &self,
        what: &str,
        decide: impl FnOnce(Draft<'_>) -> Result<Step<T>, E>,
    ) -> Result<T, E> {
        #[cfg(feature = "simulation")]
        if let Some(engine) = &self.instead {
            return super::simulated::section(&**engine, decide);
        }
        let open = self.open(what)?;
        let view = open.read()?;
        let new = self.recognise(&open, &view)?;
        let key = new.as_ref().unwrap_or(&self.key);
        let step = decide(Draft::new(&Sealed::new(&open, &view, key)))?;
        drop(view);
        Ok(step.commit(Writer { open, key })?)
    }

    /// Looks at what is stored. Blocks.
    pub fn look<T, E: From<StoreError>>(
        &self,
        what: &str,
        look: impl FnOnce(&dyn Rows) -> Result<T, E>,
    ) -> Result<T, E> {
        #[cfg(feature = "simulation")]
        if let Some(engine) = &self.instead {
            return super::simulated::look(&**engine, look);
        }
        let mut open = self.open(what)?;
        let view = open.read()?;
        let new = self.recognise(&open, &view)?;
        let seen = look(&Sealed::new(&open, &view, new.as_ref().unwrap_or(&self.key)))?;
        drop(view);
        open.end();
        Ok(seen)
    }

    /// Refuses what is not ours to read. A store that has another key by now opens
    /// with that, if nobody has to be asked for it.
    fn recognise(
        &self,
        open: &Open,
        view: &ReadTransaction,
    ) -> Result<Option<StoreKey>, StoreError> {
        match open.recognise(view, &self.key) {
            Err(StoreError::Replaced(path)) => {
                let generation = format::generation(&open.first_row(view)?);
                let keyring = Keyring::read(&self.home).ok();
                let keyring = keyring.zip(generation).and_then(|(keys, of)| keys.only(of));
                let unwrap = |keyring: Keyring| {
                    let newest = keyring.newest();
                    Protection::KeyFile.unwrap(&self.home, keyring.generation(), newest).ok()
                };
                let key = keyring.and_then(unwrap).ok_or(StoreError::Replaced(path))?;
                open.recognise(view, &key)?;
                Ok(Some(key))
            }
            recognised => recognised.map(|()| None),
        }
    }

    fn open(&self, what: &str) -> Result<Open, StoreError> {
        let lock = Lock::acquire(&self.home.lock(), what, self.lock_wait)?;
        Open::store(&self.home, lock)
    }
}

#[cfg(test)]
mod tests;
