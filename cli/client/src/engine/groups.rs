//! Groups: who is in, what came of it, and what is said there.
//!
//! ```text
//! changes chain     what commits amount to: pure functions
//! kept              their rows: groups, commits, statements
//! refresh           what is here is checked and decided, and what follows from it
//! propose           commits of our own, and who is told of them
//! came              commits, statements and questions of others
//! join              invitations, statements, doors of fellows
//! meet              cards of members who are no contacts
//! say hear          messages: to every member, and from members alone
//! notices           what happened in it, kept among its messages
//! replay            what was said before somebody came, passed on to them
//! ```
//!
//! Nothing is sealed to a member before their own statement is here.

pub mod came;
pub mod chain;
pub mod changes;
pub mod hear;
pub mod introduce;
pub mod join;
pub mod kept;
pub mod meet;
mod notices;
mod packs;
pub mod propose;
mod refresh;
pub mod replay;
pub mod say;
#[cfg(test)]
mod tests;

use super::EngineError;

pub use self::{
    changes::Invalid,
    hear::waiting,
    join::{accept, decline},
    kept::{all, find, invitations, with},
    meet::{address_of, met, recheck, to_meet},
    propose::{create, propose},
    replay::{author, promise},
    say::{Said, lowest, said_to, say, unsay},
};

/// Why nothing was done in a group.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// No group is called that.
    #[error("no group is called #{0}")]
    NoGroup(String),
    /// We are not in it, or not any more.
    #[error("you are not in #{0}")]
    NotJoined(String),
    /// We are in it.
    #[error("you are in #{0} already")]
    Joined(String),
    /// We were not asked into it, or have answered.
    #[error("there is no invitation to #{0}")]
    NotInvited(String),
    /// Its members' keys could not all be looked at.
    #[error("who made #{0} could not be checked yet")]
    Unchecked(String),
    /// Only admins may do that.
    #[error("only admins of #{0} may do that")]
    NotAdmin(String),
    /// Another group here has the name.
    #[error("a group is called #{0} already")]
    NameTaken(String),
    /// No group can be called that.
    #[error("no group can be called #{0}")]
    BadName(String),
    /// Whoever is meant is not in it.
    #[error("{who} is not in #{group}")]
    NotMember {
        /// Who.
        who: String,
        /// The group.
        group: String,
    },
    /// Whoever is to be asked in has been.
    #[error("{who} is in #{group} already, or asked")]
    MemberAlready {
        /// Who.
        who: String,
        /// The group.
        group: String,
    },
    /// That does not fit the group as it is.
    #[error("that does not fit #{0} as it is now")]
    Unfitting(String),
    /// Nobody else could make changes any more.
    #[error("you are the last admin of #{0}")]
    LastAdmin(String),
    /// More than a commit, or a group, can hold.
    #[error("that is too much at once for #{0}")]
    TooMuch(String),
    /// Nothing could be decided.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<crate::store::StoreError> for GroupError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}
