//! Messages: the plaintext inside an envelope. SPEC §"Messages".
//!
//! A message names no sender: who sent it is who owns the session that opened
//! it. What this version does not know is kept: contents of unknown kinds, and
//! extensions of any message.

pub mod contact;
pub mod file;
pub mod receipt;
pub mod replay;
pub mod text;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use self::{
    contact::{ContactDetails, SessionReset},
    file::{File, FileHash, ImageSize},
    receipt::{Ping, Pong, Receipt, ReceiptLevel},
    replay::{Replay, Replayed},
    text::{Delete, Edit, Line, Lines, Reaction, Text},
};
use crate::{
    bounded::{Bytes, List, TooLong},
    card::CardRef,
    codec::{self, DecodeError},
    group::{GroupContext, GroupOperation},
    id::MessageId,
    kinded::kinded,
    limits::{MAX_EXTENSIONS, MAX_MESSAGE_BYTES},
};

/// The only format of messages there is: the first byte of each.
pub const MESSAGE_FORMAT: u8 = 1;

/// What one device tells another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The same in every envelope that carries this message.
    pub id: MessageId,
    /// The sender's clock, milliseconds since 1970-01-01 UTC.
    pub sent_ms: u64,
    /// The sender's card at that time.
    pub sender_card: CardRef,
    /// The recipient's card as the sender knew it.
    pub recipient_card: CardRef,
    /// Which confirmation the sender asks for.
    pub confirm: Confirm,
    /// With it the content is a group's.
    pub group: Option<GroupContext>,
    /// What is said.
    pub content: Content,
    /// What later versions add and earlier ones may ignore, in rising order of tags.
    pub extensions: List<Extension, MAX_EXTENSIONS>,
}

/// Which confirmation a sender asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirm {
    /// None.
    Never,
    /// With others, after a while.
    Later,
    /// At once: somebody waits.
    AtOnce,
}

/// Something that may be ignored by whoever does not know its tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// What it is.
    pub tag: u16,
    /// Its own encoding.
    pub body: Bytes<MAX_MESSAGE_BYTES>,
}

kinded! {
    /// What a message says.
    pub enum Content[MAX_MESSAGE_BYTES] {
        /// A text.
        1 Text,
        /// A file to fetch.
        2 File,
        /// A new text for an earlier message.
        3 Edit,
        /// An earlier message is to go.
        4 Delete,
        /// A sign put to a message.
        5 Reaction,
        /// Messages have arrived, or have been read.
        6 Receipt,
        /// Are you there?
        7 Ping,
        /// I am.
        8 Pong,
        /// A group's commits and what belongs to them.
        9 GroupOperation,
        /// Several texts.
        10 Lines,
        /// How to reach the sender.
        11 ContactDetails,
        /// The sender starts anew.
        12 SessionReset,
        /// An earlier message of a group, passed on.
        13 Replay,
    }
}

/// Why bytes were not a message. The sender's fault, unless the format is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// From a later version: keep the bytes.
    #[error("message format {0} is unknown")]
    UnknownFormat(u8),
    /// Nothing at all.
    #[error("message is empty")]
    Empty,
    /// Not an encoding of a message.
    #[error("message: {0}")]
    Decode(#[from] DecodeError),
    /// An encoding of a message that may not be.
    #[error("message breaks a rule: {0}")]
    Rule(&'static str),
}

/// Why a message cannot be encoded. The caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeMessageError {
    /// It fits no envelope.
    #[error("message of {} bytes fits no envelope", .0.length)]
    TooLong(#[from] TooLong),
    /// The recipient would refuse it.
    #[error("message breaks a rule: {0}")]
    Rule(&'static str),
}

impl Message {
    /// The plaintext of an envelope.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeMessageError> {
        self.check().map_err(EncodeMessageError::Rule)?;
        let too_long = |length| TooLong { length, limit: MAX_MESSAGE_BYTES };
        // A content over the bound cannot be encoded at all; its length is unknown.
        let fields = codec::try_encode(self).map_err(|_| too_long(MAX_MESSAGE_BYTES + 1))?;
        let bytes = [&[MESSAGE_FORMAT], fields.as_slice()].concat();
        if bytes.len() > MAX_MESSAGE_BYTES {
            return Err(too_long(bytes.len()).into());
        }
        Ok(bytes)
    }

    /// Reads the plaintext of an envelope.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        match bytes.split_first() {
            None => Err(MessageError::Empty),
            Some((&MESSAGE_FORMAT, fields)) => {
                let message: Self = codec::decode(fields, MAX_MESSAGE_BYTES - 1)?;
                message.check().map_err(MessageError::Rule)?;
                Ok(message)
            }
            Some((format, _)) => Err(MessageError::UnknownFormat(*format)),
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let pairs = self.extensions.iter().zip(self.extensions.iter().skip(1));
        if pairs.into_iter().any(|(one, next)| one.tag >= next.tag) {
            return Err("extensions are not in rising order");
        }
        match &self.content {
            Content::File(file) => file.check(),
            Content::Receipt(receipt) => receipt.check(),
            Content::Replay(replay) => replay.check(),
            Content::Lines(lines) => lines.check(),
            Content::GroupOperation(operation) => operation.check(),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
