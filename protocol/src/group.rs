//! Groups: who is in, by a chain of commits that admins' devices sign. Types,
//! bounds and hashes. SPEC §"Groups".
//!
//! Not here: which commit may follow which, and which of two rivals wins.

pub mod accept;
pub mod author;
pub mod commit;
pub mod state;

use serde::{Deserialize, Serialize};

pub use self::{
    accept::GroupAccept,
    author::AuthorError,
    commit::{
        AddMember, CreateGroup, DemoteAdmin, GroupChange, GroupCommit, GroupCommitHash,
        PromoteMember, RemoveMember, RenameGroup, SetPolicy,
    },
    state::{GroupMember, GroupPolicy, GroupState, GroupStateHash, Role, Writers},
};
use crate::{
    bounded::List,
    id::{GroupId, MessageId},
    limits::{MAX_ACCEPTS_PER_MESSAGE, MAX_COMMITS_PER_MESSAGE, MAX_SEEN},
    signed::Signed,
};

/// What makes a content a group's, and shows gaps and forks to its readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupContext {
    /// The group.
    pub group: GroupId,
    /// The sender's epoch.
    pub epoch: u32,
    /// The sender's state of the group.
    pub state: GroupStateHash,
    /// The latest messages that the sender had seen.
    pub seen: List<MessageId, MAX_SEEN>,
}

/// What members tell each other about the group itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupOperation {
    /// Commits in the order of the chain, at least one.
    Commits(List<Signed<GroupCommit>, MAX_COMMITS_PER_MESSAGE>),
    /// The sender, or those whose statements the sender passes on, join; at least one.
    Accepts(List<Signed<GroupAccept>, MAX_ACCEPTS_PER_MESSAGE>),
    /// Please send the commits after this one.
    Request {
        /// Of which group.
        group: GroupId,
        /// The last that the asker has; [`GroupCommitHash::NONE`] for all.
        after: GroupCommitHash,
    },
}

impl GroupOperation {
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Commits(commits) if commits.is_empty() => Err("no commits"),
            Self::Accepts(accepts) if accepts.is_empty() => Err("no statements"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
