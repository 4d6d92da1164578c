//! Requests of a device about its own mailbox. SPEC §"Requests".

use serde::{Deserialize, Serialize};

/// Envelopes of this device's mailbox, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collect {
    /// Those after this sequence number; 0 for all.
    pub after: u64,
    /// At most so many.
    pub envelopes: u16,
    /// At most so many bytes, but at least one envelope.
    pub bytes: u32,
}

/// Leave to push so many envelopes more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// How many more.
    pub envelopes: u16,
    /// Those after this sequence number.
    pub after: u64,
}

/// Envelopes up to one are on the device's disk: the relay may forget them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgeUpTo {
    /// The last of them.
    pub sequence: u64,
}

/// One envelope is on the device's disk: the relay may forget it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgeOne {
    /// Which.
    pub sequence: u64,
}
