//! What a script has sent under a key of its own.

use msg_protocol::{
    id::{AccountId, MessageId},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// What was sent under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRow {
    /// When the key was used first.
    pub used: UnixSeconds,
    /// Whom it was to reach, as they were named.
    pub to: Vec<String>,
    /// For each of those for whom something was posted: who that is, and what.
    pub posted: Vec<(String, AccountId, Vec<MessageId>)>,
}

impl Row for IdempotencyRow {
    const TABLE: Table = Table::Idempotency;
}
