//! Receipts and presence. None of them is ever confirmed itself.
//! SPEC §"Messages".

use serde::{Deserialize, Serialize};

use crate::{bounded::List, id::MessageId, limits::MAX_RECEIPT_IDS};

/// How far messages got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// How far.
    pub level: ReceiptLevel,
    /// Which messages, at least one.
    pub ids: List<MessageId, MAX_RECEIPT_IDS>,
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReceiptLevel {
    /// The device has it on disk.
    Delivered,
    /// It has been read.
    Read,
}

impl Receipt {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.ids.is_empty() { Err("receipt for nothing") } else { Ok(()) }
    }
}

/// Are you there?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {}

/// I am.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The ping that this answers.
    pub ping: MessageId,
}
