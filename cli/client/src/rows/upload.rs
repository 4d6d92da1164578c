//! A file on its way to our relay. Its payload lies sealed beside the store, and
//! messages that name it wait in the outbox until the relay has all of it.

use msg_protocol::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// A file whose upload has not ended, or that is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRow {
    /// Bytes of the payload.
    pub payload: u64,
    /// What was sealed, if it was a file that can be known again.
    pub source: Option<Stamp>,
    /// Whether the payload stays here afterwards: it is a text.
    pub is_kept: bool,
    /// When it was sealed.
    pub begun: UnixSeconds,
    /// Nobody is to have it any more: our relay is to forget what it has of it.
    pub is_unwanted: bool,
}

/// What tells that a file is the same and has not been written since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The file system.
    pub device: u64,
    /// The file in it.
    pub inode: u64,
    /// Its bytes.
    pub length: u64,
    /// When it was written, in seconds and nanoseconds.
    pub written: (i64, i64),
    /// When it was changed otherwise.
    pub changed: (i64, i64),
}

impl Row for UploadRow {
    const TABLE: Table = Table::Uploads;
}
