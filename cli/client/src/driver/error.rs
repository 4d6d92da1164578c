//! Why a command did not do what it was asked for.

use msg_protocol::address::{AccountName, Address};

use super::{admin::AdminError, files::FileError};
use crate::{
    engine::{
        EngineError,
        contacts::{AcceptError, AddError, TrustError},
        groups::GroupError,
        settings::SettingError,
    },
    link::LinkError,
    store::StoreError,
    unlock::UnlockError,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing could be decided.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not be made or opened.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// A relay.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Somebody was not added.
    #[error(transparent)]
    Add(#[from] AddError),
    /// A request was not accepted.
    #[error(transparent)]
    Accept(#[from] AcceptError),
    /// An alarm stays.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Nothing was done in a group.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The relay has another account of that name.
    #[error("the name {0} is taken")]
    NameTaken(AccountName),
    /// There is an account here already.
    #[error("{0} is registered here already")]
    AlreadyRegistered(Address),
    /// Another registration was begun here: the relay may know of it.
    #[error("the registration of {0} was begun here and not finished")]
    Begun(Address),
    /// The relay knows nobody of that name.
    #[error("nobody is called {0} there")]
    NobodyThere(Address),
    /// A relay showed a card that nobody signed, or of somebody else.
    #[error("the relay of {0} shows a card that does not check")]
    BadCard(Address),
    /// At that address lives another identity than the link says.
    #[error("{0} has another identity than the link says")]
    OtherIdentity(Address),
    /// The number or fingerprint that was given is not theirs.
    #[error("that does not belong to {0}")]
    NotVerified(String),
    /// A setting that cannot be chosen.
    #[error(transparent)]
    Setting(SettingError),
    /// A message that fits no envelope.
    #[error("a text of {0} bytes is too long")]
    TooLong(usize),
    /// That key was used to write to others.
    #[error("that idempotency key was used to write to {}", .0.join(","))]
    KeyUsed(Vec<String>),
    /// Somebody who has not been accepted, or is not found yet.
    #[error("{0} waits for your word")]
    NotAccepted(String),
    /// A file that was not transferred.
    #[error(transparent)]
    File(#[from] FileError),
    /// An administrator's wish was not asked for.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Another process follows the mailbox, and this needs it.
    #[error("another msg follows this mailbox")]
    MailboxBusy,
    /// A defect of this program.
    #[error("something went wrong inside msg")]
    Panicked,
}
