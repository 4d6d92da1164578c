//! Messages, sent and received, and what goes with them.

use msg_protocol::{
    content::Content,
    id::{AccountId, GroupId, MessageId},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// The same on every device.
    pub id: MessageId,
    /// With whom; our own account for what we said in a group.
    pub with: AccountId,
    /// In which group; none if between two.
    pub group: Option<GroupId>,
    /// From or to them.
    pub direction: Direction,
    /// The sender's clock, in milliseconds.
    pub sent_ms: u64,
    /// When it was stored here.
    pub stored: UnixSeconds,
    /// What it says.
    pub content: Content,
}

/// Which way a message went, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// It came.
    In {
        /// Whether its owner has it: a write or a handler succeeded.
        read: bool,
        /// Whether it has been shown before, perhaps in vain.
        shown: bool,
        /// Whether its sender had an alarm when it came.
        doubtful: bool,
    },
    /// It went.
    Out {
        /// How far it got.
        level: Level,
    },
}

/// How far a message got: of several devices of one person, the furthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// It will not get there unless it is retried.
    Failed,
    /// It waits here.
    Queued,
    /// It is durable at the recipient's relay.
    Relay,
    /// A device of the recipient has it.
    Delivered,
    /// The recipient has read it.
    Read,
}

/// A message that has not been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRow {
    /// As whose it is shown: its sender's, or who has taken their place since.
    pub of: AccountId,
    /// Whether it waits for its sender to be accepted.
    pub knocks: bool,
}

/// Where a known message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRow {
    /// Its number; none if it was not kept.
    pub number: Option<u64>,
    /// When it came.
    pub came: UnixSeconds,
    /// How far a message of ours in a group got with this person.
    pub level: Option<Level>,
}

/// Receipts that are due to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReceiptsRow {
    /// Messages that have arrived.
    pub delivered: Vec<MessageId>,
    /// Messages that have been read.
    pub read: Vec<MessageId>,
    /// When they may leave.
    pub due: UnixSeconds,
}

impl Row for MessageRow {
    const TABLE: Table = Table::Messages;
}

impl Row for UnreadRow {
    const TABLE: Table = Table::Unread;
}

impl Row for KnownRow {
    const TABLE: Table = Table::Known;
}

impl Row for ReceiptsRow {
    const TABLE: Table = Table::Receipts;
}

/// The key under which a message is known.
pub fn known_key(with: AccountId, id: MessageId) -> [u8; 32] {
    let mut key = [0; 32];
    let (account, message) = key.split_at_mut(16);
    account.copy_from_slice(&with.0);
    message.copy_from_slice(&id.0);
    key
}
