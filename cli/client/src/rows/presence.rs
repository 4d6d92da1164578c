//! What is known of somebody's being there.

use msg_protocol::{id::MessageId, time::UnixSeconds};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// Pings between us and somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PresenceRow {
    /// When we last asked whether they are there.
    pub pinged: UnixSeconds,
    /// How often we asked since they last answered.
    pub unanswered: u32,
    /// The last ping of ours that they have answered.
    pub answered: Option<MessageId>,
    /// When we last answered them.
    pub told: UnixSeconds,
    /// How often in that second.
    pub told_times: u32,
}

impl Row for PresenceRow {
    const TABLE: Table = Table::Presence;
}
