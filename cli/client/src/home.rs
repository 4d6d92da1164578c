//! The folder of one profile, and what lies in it. Which folder that is, the
//! command line says.

use std::path::{Path, PathBuf};

use crate::private::{self, PrivateError};

/// The folder of one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// The profile in that folder, which need not be there.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The rows.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store.redb")
    }

    /// The data key of the store, wrapped.
    pub fn store_key(&self) -> PathBuf {
        self.folder.join("store.key")
    }

    /// The key of an account that needs no password. Whoever reads it has all.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("key")
    }

    /// Held by whoever is in the store.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// The lock of whoever collects the mailbox.
    pub fn turn(&self) -> PathBuf {
        self.folder.join("turn")
    }

    /// The lock of whoever signs in.
    pub fn sign_in(&self) -> PathBuf {
        self.folder.join("sign-in")
    }

    /// The lock of whoever gives messages to a program.
    pub fn handler(&self) -> PathBuf {
        self.folder.join("handler")
    }

    /// Sealed files on their way, and long texts that are kept sealed.
    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// Removes the store and its keys: the account was never registered, or has ended.
    pub fn remove_store(&self) -> Result<(), PrivateError> {
        for path in [self.store(), self.store_key(), self.key_file()] {
            private::remove(&path)?;
        }
        private::remove_folder(&self.files())
    }

    /// Makes the folder if it is not there, and checks that it is private.
    pub fn make(&self) -> Result<(), PrivateError> {
        private::make_folder(&self.folder)
    }

    /// Whether there is a store, in a folder that is private.
    pub fn has_store(&self) -> Result<bool, PrivateError> {
        let there = private::check_folder(&self.folder)?;
        Ok(there && self.store().symlink_metadata().is_ok())
    }
}
