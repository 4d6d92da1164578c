//! The store as the engine sees it: tables of rows, read through [`Rows`].
//!
//! A row is bytes under a key in a table. What is sealed, how, and in which file
//! is the engine's business as little as who holds the lock.

#[cfg(test)]
mod conformance;
pub mod memory;
pub mod sealed;
#[cfg(feature = "simulation")]
pub mod simulated;

use core::ops::ControlFlow;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::{lock::LockError, private::PrivateError};

/// What is kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// The account itself, and what it counts: one row of each kind.
    Account,
    /// People, by account id.
    Contacts,
    /// Cryptographic state, by identity and device of the peer.
    Sessions,
    /// This device's private prekeys: one row.
    Prekeys,
    /// What is on its way, by number.
    Outbox,
    /// What was sent and received, by number.
    Messages,
    /// Messages that have not been read, by their number.
    Unread,
    /// Numbers of messages, by account and message id.
    Known,
    /// Receipts that are due, by account id.
    Receipts,
    /// What our relay keeps of our contacts, by account id.
    Records,
    /// Keys under which a script has sent before.
    Idempotency,
    /// What has been put to messages since, by their number.
    Marks,
    /// Who was there, by account id.
    Presence,
    /// Groups, by their id.
    Groups,
    /// What their chains are made of, by group and hash.
    Commits,
    /// By which statements members have joined, by group and account.
    Statements,
    /// Members who may have to be told of each other, by group.
    Entrants,
    /// Messages in groups that are not shown yet, by their number.
    Held,
    /// Files that are on their way to our relay, by blob id.
    Uploads,
    /// What was put to messages that have not come yet, by account and message id.
    Early,
}

impl Table {
    /// All there are.
    pub const ALL: [Self; 20] = [
        Self::Account,
        Self::Contacts,
        Self::Sessions,
        Self::Prekeys,
        Self::Outbox,
        Self::Messages,
        Self::Unread,
        Self::Known,
        Self::Receipts,
        Self::Records,
        Self::Idempotency,
        Self::Marks,
        Self::Presence,
        Self::Groups,
        Self::Commits,
        Self::Statements,
        Self::Entrants,
        Self::Held,
        Self::Uploads,
        Self::Early,
    ];

    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Contacts => "contacts",
            Self::Sessions => "sessions",
            Self::Prekeys => "prekeys",
            Self::Outbox => "outbox",
            Self::Messages => "messages",
            Self::Unread => "unread",
            Self::Known => "known",
            Self::Receipts => "receipts",
            Self::Records => "records",
            Self::Idempotency => "idempotency",
            Self::Marks => "marks",
            Self::Presence => "presence",
            Self::Groups => "groups",
            Self::Commits => "commits",
            Self::Statements => "statements",
            Self::Entrants => "entrants",
            Self::Held => "held",
            Self::Uploads => "uploads",
            Self::Early => "early",
        }
    }

    /// Whether its keys are numbers, given in order: 8 bytes, big-endian. Rows of
    /// the others come in no order.
    pub const fn is_numbered(self) -> bool {
        matches!(self, Self::Outbox | Self::Messages | Self::Unread | Self::Marks)
    }
}

/// Why the store could not give or take a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row is not what was written: damaged, altered, or from another place.
    #[error("a row of {} is damaged", .0.name())]
    Damaged(Table),
    /// A row was written by a version that this one does not know.
    #[error("a row of {} was written by another version of msg", .0.name())]
    Foreign(Table),
    /// A row would have more bytes than any that is read back. It was not written.
    #[error("a row of {} would be too long", .0.name())]
    TooLong(Table),
    /// There is no room on the disk.
    #[error("there is no room on the disk")]
    Full,
    /// There is no store.
    #[error("there is no store at {}", .0.display())]
    Missing(PathBuf),
    /// There is a store already where one is to be made.
    #[error("there is a store already at {}", .0.display())]
    Exists(PathBuf),
    /// The file as a whole is not what was written. It is left as it is.
    #[error("the store {} is damaged", .0.display())]
    Broken(PathBuf),
    /// The file was written by a version that this one does not know. It is left as it is.
    #[error("the store {} has version {found}, and this msg knows version {known}", path.display())]
    OtherVersion {
        /// The store's file.
        path: PathBuf,
        /// What it says it is.
        found: u32,
        /// What could be read.
        known: u32,
    },
    /// The file has been written anew under another key since it was unlocked.
    #[error("the store {} has a new key since it was unlocked", .0.display())]
    Replaced(PathBuf),
    /// Somebody else is in it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Others can get at it, or it is not ours.
    #[error(transparent)]
    Private(PrivateError),
}

impl From<PrivateError> for StoreError {
    fn from(error: PrivateError) -> Self {
        if error.is_full() { Self::Full } else { Self::Private(error) }
    }
}

/// The value of a row; wiped when dropped.
pub type Value = Zeroizing<Vec<u8>>;

/// What a scan is given: key and value. It goes on until told otherwise.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// Reads rows.
pub trait Rows {
    /// The value of a row.
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Value>, StoreError>;

    /// Visits the rows of a table: a numbered one from the key `from` on and in
    /// order, any other whole and in no order.
    fn scan(&self, table: Table, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError>;

    /// The greatest key of a numbered table below `before`.
    fn last(&self, table: Table, before: u64) -> Result<Option<u64>, StoreError>;
}
