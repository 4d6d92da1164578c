//! Requests about records that an account keeps at its relay, sealed by
//! itself: contacts and groups. SPEC §"Requests".

use serde::{Deserialize, Serialize};

use crate::{bounded::Bytes, id::RecordId, limits::MAX_RECORD_BYTES};

/// A sealed record to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutRecord {
    /// Its name, which says nothing to the relay.
    pub id: RecordId,
    /// The revision that it comes in the place of; 0 for a new record.
    pub expected: u64,
    /// The record, sealed.
    pub value: Bytes<MAX_RECORD_BYTES>,
}

/// The account's sealed records, in order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRecords {
    /// Those after this one; without it all.
    pub after: Option<RecordId>,
}

/// A sealed record to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRecord {
    /// Which.
    pub id: RecordId,
    /// Its revision.
    pub expected: u64,
}
