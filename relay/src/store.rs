//! What a relay keeps: the seam between the service and an engine.
//!
//! Nine traits, each a handful of domain verbs, each verb atomic by itself. The
//! contract is written for the weakest engine that we want:
//!
//! - A verb that changes something returns when the change is durable. One that
//!   fails may have happened or not: every verb may be called again with the
//!   same arguments, and says so where the second call has another outcome.
//! - Reads may lag behind changes that have not returned, and never skip: what
//!   [`collect`](Mailboxes::collect) gives after a sequence number leaves out
//!   nothing that a later call could give before the rows it gave.
//! - Sequence numbers rise within a mailbox and within one
//!   [epoch](Upkeep::epoch); there may be gaps.
//! - A one-time pair is handed to at most one caller, whatever fails.
//! - Wake-ups ([`Wake`]) and words of other nodes ([`Nodes`]) are hints: they may
//!   come late, twice, for nothing, or not at all.
//! - Several nodes may share a store, if its engine says so: what one has been
//!   answered, the others read.
//! - Rights are compared by the service, against a row that it has read. The
//!   verb names the hash that admitted, and is refused as stale when that hash
//!   is no longer the account's.
//! - Time is [`RelayTime`], given by the caller, and never goes back. A verb that
//!   is given it passes over what has expired; one that is not may still see that
//!   until it has been swept.
//!
//! `memory` is the specification; every engine passes `conformance`.

pub mod account;
pub mod blob;
#[cfg(test)]
mod conformance;
pub mod mailbox;
pub mod memory;
pub mod nodes;
pub mod portable;
pub mod postgres;
pub mod prekey;
pub mod record;
pub mod redb;
pub mod right;
pub mod upkeep;

use msg_protocol::id::MailboxId;
use serde::Serialize;

pub use self::{
    account::Accounts,
    blob::Blobs,
    mailbox::Mailboxes,
    nodes::{Nodes, Word},
    portable::Portable,
    prekey::Prekeys,
    record::Records,
    right::Rights,
    upkeep::{Maintenance, Upkeep},
};

/// A whole engine.
pub trait Store:
    Accounts
    + Prekeys
    + Rights
    + Mailboxes
    + Records
    + Blobs
    + Upkeep
    + Maintenance
    + Nodes
    + Send
    + Sync
    + 'static
{
}

impl<S> Store for S where
    S: Accounts
        + Prekeys
        + Rights
        + Mailboxes
        + Records
        + Blobs
        + Upkeep
        + Maintenance
        + Nodes
        + Send
        + Sync
        + 'static
{
}

/// Whose devices are on this node, and who wants to know what may concern them.
/// Cheap, and never blocks.
pub trait Wake: Send + Sync + 'static {
    /// Something may have arrived.
    fn wake(&self, mailbox: MailboxId);

    /// Another node has said something.
    fn hear(&self, word: Word);

    /// Mailboxes whose device is on this node.
    fn here(&self) -> Vec<MailboxId>;

    /// Words of other nodes may have been missed: something may have arrived
    /// anywhere, and whether each device here may stay is to be looked up.
    fn wake_all(&self) {
        for mailbox in self.here() {
            self.wake(mailbox);
        }
    }

    /// Whether that mailbox's device may stay is to be looked up.
    fn doubt(&self, mailbox: MailboxId) {
        self.wake(mailbox);
    }

    /// The store shows another [epoch](Upkeep::epoch) while it runs: whoever is here
    /// is to come again and see it.
    fn begin_anew(&self) {
        self.wake_all();
    }
}

/// Seconds of the relay's service: they pass while a relay runs, from the wall
/// clock's value when the store was made, whatever the wall clock does later.
/// What expires, expires by them: a clock that jumps deletes nothing, and days
/// on which nobody could collect do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RelayTime(pub u64);

impl RelayTime {
    /// That many seconds later.
    #[must_use]
    pub const fn plus_s(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds until `later`; 0 if it has passed.
    pub const fn until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }
}

/// Why an engine could not do something. The environment's fault; the request
/// is to be kept and tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room. What frees room is still taken.
    #[error("store has no room")]
    Full,
    /// The engine cannot be reached or is starting anew. It will be back.
    #[error("store is out of reach")]
    Unavailable,
    /// A row is not what was written. It has been set aside and counted.
    #[error("a row of the store is damaged")]
    Damaged,
    /// This engine has no such operation.
    #[error("this store cannot do that")]
    Unsupported,
}

/// What a verb gives.
pub type Result<T> = core::result::Result<T, StoreError>;
