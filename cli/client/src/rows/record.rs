//! What our relay keeps for us, sealed: which revision of each contact, and its hash.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// A contact's record as the relay has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// The relay's revision.
    pub revision: u64,
    /// The hash of what was sealed.
    pub digest: [u8; 32],
}

impl Row for RecordRow {
    const TABLE: Table = Table::Records;
}
