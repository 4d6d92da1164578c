//! What was said in a group before somebody came, passed on to them by a member.
//! SPEC §"Messages".
//!
//! Only the sender vouches for it: who wrote it first has signed nothing.

use serde::{Deserialize, Serialize};

use super::{File, Text};
use crate::id::{AccountId, MessageId};

/// An earlier message of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Who wrote it, as the sender says.
    pub author: AccountId,
    /// The id that it had.
    pub id: MessageId,
    /// Its author's clock, milliseconds since 1970-01-01 UTC.
    pub sent_ms: u64,
    /// What it says.
    pub said: Replayed,
}

/// What can be passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replayed {
    /// A text, or one of several lines.
    Text(Text),
    /// A file.
    File(File),
}

impl Replay {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match &self.said {
            Replayed::Text(_) => Ok(()),
            Replayed::File(file) => file.check(),
        }
    }
}
