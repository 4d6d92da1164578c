//! What is decided, on rows alone: no clock, no random source, no socket.
//!
//! ```text
//! account  prekeys   who we are, what others may start a session with
//! contacts cards     who others are, which keys they have, how far we trust them
//! outbox             what is said: queued, sealed, deposited, confirmed
//! inbox              what came: opened, known again, kept, confirmed
//! receipts           what others are told of that
//! groups             who is in a group, and what is said there
//! records            contacts, kept sealed at our relay
//! files              which wait for their upload; names and sizes that came
//! settings           what the owner has chosen
//! handling           messages that a program is given
//! marks              what is put to a message after it was sent
//! presence           who is there
//! search             messages by words in them
//! idempotency        keys under which a script sends once
//! ```
//!
//! Each verb reads and writes through a [`Draft`](crate::step::Draft). What it
//! gives leaves the process only when that draft's step has been committed.

pub mod account;
pub mod cards;
pub mod contacts;
pub mod files;
pub mod groups;
pub mod handling;
pub mod idempotency;
pub mod inbox;
#[cfg(test)]
mod laboratory;
pub mod marks;
pub mod numbers;
pub mod outbox;
pub mod prekeys;
pub mod presence;
pub mod receipts;
pub mod records;
pub mod search;
pub mod sessions;
pub mod settings;
#[cfg(test)]
mod tests;

use msg_crypto::{SealError, archive::ArchiveError};
use msg_protocol::{content::EncodeMessageError, signed::VerifyError};

use crate::store::StoreError;

/// Why nothing could be decided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no account in this store.
    #[error("no account is registered here")]
    NoAccount,
    /// The store does not give what it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stored keys cannot be read.
    #[error("stored keys: {0}")]
    Archive(#[from] ArchiveError),
    /// A stored card is not what its owner signed.
    #[error("a stored card is damaged: {0}")]
    Card(#[from] VerifyError),
    /// A message cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeMessageError),
    /// A message cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A line would be longer than all of its message may be.
    #[error("the line is too long for the message that it is in")]
    LongEdit,
    /// Nobody is called that.
    #[error("no contact is called {0}")]
    NoContact(String),
}
