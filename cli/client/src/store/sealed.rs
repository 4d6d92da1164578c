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
//! Deliberately absent: waiting for anything but the lock while it is open.

mod create;
mod file;
mod format;
mod medium;
mod rewrite;
mod rows;

use std::time::Duration;

use self::{
    file::Open,
    rows::{Sealed, Writer},
};
use super::{Rows, StoreError};
use crate::{
    home::Home,
    lock::Lock,
    step::{Draft, Step},
    unlock::StoreKey,
};

/// How long a section waits for the lock, unless told otherwise.
pub const LOCK_WAIT: Duration = Duration::from_secs(30);

/// An unlocked store.
pub struct Store {
    home: Home,
    key: StoreKey,
    lock_wait: Duration,
}

impl Store {
    /// The store of a profile, with a key that was kept while it was unlocked.
    pub fn with_key(home: Home, key: StoreKey) -> Self {
        Self { home, key, lock_wait: LOCK_WAIT }
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
        let open = self.open(what)?;
        let step = {
            let view = open.read()?;
            open.recognise(&view, &self.key)?;
            decide(Draft::new(&Sealed::new(&open, &view, &self.key)))?
        };
        Ok(step.commit(Writer { open, key: &self.key })?)
    }

    /// Looks at what is stored. Blocks.
    pub fn look<T, E: From<StoreError>>(
        &self,
        what: &str,
        look: impl FnOnce(&dyn Rows) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut open = self.open(what)?;
        let view = open.read()?;
        open.recognise(&view, &self.key)?;
        let seen = look(&Sealed::new(&open, &view, &self.key))?;
        drop(view);
        open.end();
        Ok(seen)
    }

    fn open(&self, what: &str) -> Result<Open, StoreError> {
        let lock = Lock::acquire(&self.home.lock(), what, self.lock_wait)?;
        Open::store(&self.home, lock)
    }
}

#[cfg(test)]
mod tests;
