//! Why an order was not carried out.

use std::{io, path::PathBuf};

use msg_protocol::address::AccountName;

use super::order::NoOrder;
use crate::{invitation::InvitationError, store::StoreError};

/// Why an order was not carried out: the asker's fault, but for the last three.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OrderError {
    /// It is none.
    #[error(transparent)]
    NoOrder(#[from] NoOrder),
    /// No account has that name.
    #[error("no account is called {0}")]
    NoSuchUser(AccountName),
    /// No invitation has that id.
    #[error("no invitation has that id")]
    NoSuchInvite,
    /// Several invitations have ids that begin so.
    #[error("more than one invitation has an id that begins so")]
    AmbiguousInvite,
    /// There are as many as there may be.
    #[error("there are as many invitations as the limit `invites` allows")]
    TooManyInvites,
    /// The file is there.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The relay's folder is not the asker's.
    #[error("{} is not an absolute path", .0.display())]
    Relative(PathBuf),
    /// The account has changed meanwhile.
    #[error("the account has changed meanwhile")]
    Moved,
    /// A card that was verified does not read back.
    #[error("the account's card is damaged")]
    Card,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness, or no room.
    #[error(transparent)]
    Invitation(#[from] InvitationError),
    /// The asker is gone.
    #[error("nobody reads the answer")]
    Gone(#[from] io::Error),
}

impl OrderError {
    /// A word for programs.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NoOrder(_) => "no-order",
            Self::NoSuchUser(_) => "no-such-user",
            Self::NoSuchInvite => "no-such-invite",
            Self::AmbiguousInvite => "ambiguous-invite",
            Self::TooManyInvites => "too-many-invites",
            Self::Exists(_) => "exists",
            Self::Relative(_) => "relative-path",
            Self::Moved => "moved",
            Self::Store(StoreError::Full) => "full",
            Self::Store(StoreError::Unavailable) => "unavailable",
            Self::Store(StoreError::Unsupported) => "unsupported",
            Self::Card | Self::Store(_) => "damaged",
            Self::Invitation(_) => "failed",
            Self::Gone(_) => "gone",
        }
    }

    /// What to do about it.
    pub(crate) const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoOrder(_) => Some("the command and the running relay are of two versions"),
            Self::NoSuchUser(_) => Some("msg-relay users list shows them all"),
            Self::NoSuchInvite => Some("msg-relay invite list shows those that are out"),
            Self::AmbiguousInvite => Some("write more of it"),
            Self::TooManyInvites => {
                Some("msg-relay invite revoke makes room, and so does a higher limit")
            }
            Self::Exists(_) => Some("choose a file that is not there yet"),
            Self::Moved | Self::Store(StoreError::Unavailable) => Some("try it again"),
            Self::Store(StoreError::Full) => {
                Some("free room on the disk; mail that is collected frees room too")
            }
            Self::Store(StoreError::Damaged) | Self::Card => Some(
                "msg-relay check names what is damaged; msg-relay restore brings a backup back",
            ),
            _ => None,
        }
    }
}
