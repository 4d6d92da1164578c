//! Texts and what is done to them. A text is bytes, passed on exactly: nothing
//! checks that it is UTF-8. SPEC §"Messages".

use serde::{Deserialize, Serialize};

use crate::{
    bounded::{Bytes, List, Str},
    id::MessageId,
    limits::{MAX_LINES, MAX_MESSAGE_BYTES, MAX_REACTION_BYTES},
};

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The text itself.
    pub bytes: Bytes<MAX_MESSAGE_BYTES>,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Seconds after reading until it is to go.
    pub expire_s: Option<u32>,
}

/// Several texts at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The texts, at least one, in order.
    pub lines: List<Line, MAX_LINES>,
    /// Seconds after reading until each is to go.
    pub expire_s: Option<u32>,
}

/// One of several texts: a message of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id; the id of the message around it names nothing else.
    pub id: MessageId,
    /// The text itself.
    pub bytes: Bytes<MAX_MESSAGE_BYTES>,
}

impl Lines {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.lines.is_empty() { Err("no lines") } else { Ok(()) }
    }
}

/// A new text in the place of one's own earlier text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The message that changes.
    pub target: MessageId,
    /// Its new text.
    pub bytes: Bytes<MAX_MESSAGE_BYTES>,
}

/// The wish that one's own earlier message be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// The message that is to go.
    pub target: MessageId,
}

/// A sign put to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The message.
    pub target: MessageId,
    /// The sign; an empty one takes the sender's earlier sign back.
    pub sign: Str<MAX_REACTION_BYTES>,
}
