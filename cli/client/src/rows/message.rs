//! Messages, sent and received, and what goes with them.

use msg_protocol::{
    content::Content,
    hash::{hash_unlabelled, truncate},
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
    /// With it nobody said anything: that happened in the group.
    pub notice: Option<Notice>,
}

/// Something that somebody did in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What.
    pub what: Happened,
    /// To whom, as they were called here then.
    pub whom: Vec<String>,
    /// What the group is called since.
    pub name: Option<String>,
}

/// What happens in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happened {
    /// We are asked in.
    Invited,
    /// Others are asked in.
    Added,
    /// Somebody who was asked in has joined.
    Joined,
    /// Somebody has left.
    Left,
    /// Somebody was removed.
    Removed,
    /// It is called something else.
    Renamed,
    /// Somebody is an admin now.
    Promoted,
    /// Somebody is no admin any more.
    Demoted,
    /// Others may write than before.
    Policy,
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
    /// In which group; none if between two.
    pub group: Option<GroupId>,
    /// Whether it waits for its sender to be accepted.
    pub knocks: bool,
}

/// Whose messages are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All.
    Everybody,
    /// Those of one person, wherever they said it.
    Of(AccountId),
    /// Those that were said in a group.
    In(GroupId),
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
    /// Whether it was refused: then it is judged again if it comes again.
    pub is_refused: bool,
}

impl KnownRow {
    /// A message that came, or goes, under its number if it is kept.
    pub const fn new(number: Option<u64>, came: UnixSeconds) -> Self {
        Self { number, came, level: None, is_refused: false }
    }
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

impl Whose {
    /// Whether what somebody wrote, in a group or not, is one of them.
    pub fn includes(self, writer: AccountId, group: Option<GroupId>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Of(account) => account == writer,
            Self::In(meant) => group == Some(meant),
        }
    }

    /// Whether that message is one of them; with one person only what is between two.
    pub fn is_with(self, row: &MessageRow) -> bool {
        self.includes(row.with, row.group) && !(matches!(self, Self::Of(_)) && row.group.is_some())
    }
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

/// The key under which a message is known to whoever is in its group, whoever wrote it.
pub fn known_in(group: GroupId, id: MessageId) -> [u8; 32] {
    // Hashed: whoever makes a group chooses its id, and must not choose an account's.
    let place = truncate(hash_unlabelled(&[b"known in a group", &group.0]));
    known_key(AccountId(place), id)
}
