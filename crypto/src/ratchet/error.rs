//! Why a message was not sealed, or not opened.

use crate::{
    agreement::NonContributory,
    error::Fault,
    kem::BadKemKey,
    limits::{MAX_JUMP, MAX_SKIPPED_KEPT},
    padding::BadPadding,
};

/// Why a message was not sealed. The session is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// More than one envelope holds: send it as a file.
    #[error("content of {length} bytes does not fit an envelope, which holds {limit}")]
    TooLong {
        /// Bytes of the content.
        length: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// The chain has sent all the messages that it may: begin a new session.
    #[error("session has sent too many messages without an answer")]
    Exhausted,
    /// The peer's ratchet key is of low order.
    #[error(transparent)]
    NonContributory(#[from] NonContributory),
    /// The peer's KEM key is malformed.
    #[error(transparent)]
    BadKemKey(#[from] BadKemKey),
}

impl SealError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooLong { .. } | Self::Exhausted => Fault::Caller,
            Self::NonContributory(_) | Self::BadKemKey(_) => Fault::Peer,
        }
    }
}

/// Why an envelope was not opened. The session is as it was. All but
/// [`OpenError::NotForThisSession`] come from whoever holds the session's header
/// keys, or from a relay that repeats or alters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// None of this session's header keys opens the header.
    #[error("envelope is not of this session")]
    NotForThisSession,
    /// The message has been opened before, or its key is no longer kept.
    #[error("message was opened before, or is too old")]
    AlreadyOpened,
    /// The peer has begun another chain, and said that this one was shorter: a
    /// copy of an older state may be sending.
    #[error("message continues a chain that its sender had ended")]
    ChainEnded,
    /// Too many messages before this one are missing.
    #[error("{skipped} messages before this one are missing, more than {MAX_JUMP}")]
    TooFarAhead {
        /// Keys that would be skipped.
        skipped: u32,
    },
    /// Too many messages are missing in all.
    #[error("{kept} missing messages are waited for already, of {MAX_SKIPPED_KEPT}")]
    TooManySkipped {
        /// Keys that are kept.
        kept: usize,
    },
    /// The header opened, the body did not: altered on the way.
    #[error("message body does not authenticate")]
    BodyRefused,
    /// Its parts do not fit together.
    #[error("malformed message")]
    Malformed,
    /// The ratchet key in the header is of low order.
    #[error(transparent)]
    NonContributory(#[from] NonContributory),
    /// The KEM key in the header is malformed.
    #[error(transparent)]
    BadKemKey(#[from] BadKemKey),
    /// The padding is malformed.
    #[error(transparent)]
    BadPadding(#[from] BadPadding),
}

impl OpenError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotForThisSession => Fault::Caller,
            _ => Fault::Peer,
        }
    }
}
