//! What has been put to a message since it was stored.

use msg_protocol::{
    content::Content,
    id::{AccountId, MessageId},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// What has been put to a message. One row of several lines has marks on each of
/// them, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MarksRow {
    /// Signs, at most one of each person on a message.
    pub signs: Vec<Sign>,
    /// Messages whose text is not their first.
    pub edited: Vec<MessageId>,
    /// Messages whose text is gone, because their sender wished it.
    pub deleted: Vec<MessageId>,
    /// Messages that tell of an edit, by their numbers: they go with it.
    pub told: Vec<u64>,
    /// When the message is to go.
    pub goes: Option<UnixSeconds>,
    /// How often a program was given it in vain.
    pub tries: u32,
    /// A program that waits is not given it before then.
    pub next_try: UnixSeconds,
}

/// A sign that somebody has put to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The message.
    pub target: MessageId,
    /// Who: our own account too.
    pub by: AccountId,
    /// The sign.
    pub sign: String,
}

impl Row for MarksRow {
    const TABLE: Table = Table::Marks;
}

/// What somebody has put to a message that has not come yet, in the order it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyRow {
    /// The last edit and the last sign.
    pub marks: Vec<Content>,
    /// When the last of them came.
    pub came: UnixSeconds,
}

impl Row for EarlyRow {
    const TABLE: Table = Table::Early;
}
