//! The two ends of a link as state machines: bytes and time in, bytes and
//! events out. SPEC §"Links".
//!
//! Both speak one grammar. `handle_bytes`, `handle_end` and `handle_timeout`
//! take what happened; `poll_output` gives the next frame to write, and is
//! called again only when the one before is written; `poll_timeout` says when
//! to call `handle_timeout` at the latest. After any call the other answers may
//! have changed. No call blocks, and none fails for what the peer did: that
//! closes the link, as an event.

pub mod client;
pub mod server;
mod wire;

pub use self::{
    client::{ClientEvent, ClientLink, RequestError},
    server::{Offer, PushError, ServerEvent, ServerLink, ServerUseError},
};
use crate::{
    address::AccountName,
    error::{Code, Refusal},
    frame::{FrameError, RequestId},
    request::{Links, Request},
    version::{Farewell, LinkKind},
};

/// Why a link is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closure {
    /// The peer sent what is no frame.
    #[error("peer sent no valid frame")]
    Frame(#[from] FrameError),
    /// The peer sent a frame that has no place at this point.
    #[error("peer sent a frame that has no place here")]
    OutOfPlace,
    /// The peer used the id of a request that is still in flight.
    #[error("peer used request id {} twice", .0.0)]
    RepeatedId(RequestId),
    /// The relay answered a request that is not in flight.
    #[error("relay answered request {}, which nobody asked", .0.0)]
    UnaskedAnswer(RequestId),
    /// The relay answered a request with what is no answer to it.
    #[error("relay answered request {} with something else", .0.0)]
    WrongAnswer(RequestId),
    /// The relay pushed more than it had leave to.
    #[error("relay pushed what it had no leave to push")]
    UnaskedPush,
    /// The relay chose a version that this client does not speak.
    #[error("relay chose version {0}, which this client does not speak")]
    ForeignVersion(u16),
    /// The client speaks no version that this relay speaks.
    #[error("client speaks versions {min} to {max} only")]
    NoCommonVersion {
        /// Its oldest.
        min: u16,
        /// Its newest.
        max: u16,
    },
    /// The peer ended the stream inside a frame.
    #[error("stream ended inside a frame")]
    Truncated,
    /// The peer ended the stream.
    #[error("stream ended")]
    Ended,
    /// The peer, or the network, was too slow.
    #[error("{0}")]
    Slow(Slow),
    /// The relay does not take the link.
    #[error("relay does not take the link: {}", .0.code)]
    Farewell(Farewell),
    /// The sign-in was refused.
    #[error("sign-in refused: {}", .0.code)]
    SignInRefused(Refusal),
    /// The relay said that it closes the link.
    #[error("relay closes the link: {}", .0.code)]
    Closing(Refusal),
    /// This end closed the link.
    #[error("closed here")]
    Here,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Slow {
    /// Opening the link.
    #[error("link was not opened in time")]
    Opening,
    /// The rest of a frame.
    #[error("frame did not come in time")]
    Frame,
    /// Reading what was sent.
    #[error("peer does not read")]
    Reading,
    /// An answer.
    #[error("relay does not answer")]
    Answer,
    /// Anything at all.
    #[error("link was idle too long")]
    Idle,
}

impl Closure {
    /// What a relay tells the client before it closes the link.
    const fn last_word(self) -> Refusal {
        match self {
            Self::Slow(_) => Refusal { code: Code::TIMEOUT, retry_after_s: None, keep: true },
            Self::NoCommonVersion { .. } => Refusal::for_good(Code::NO_COMMON_VERSION),
            Self::Closing(refusal) | Self::SignInRefused(refusal) => refusal,
            _ => Refusal::for_good(Code::PROTOCOL),
        }
    }
}

/// Who is at the client's end, as both ends see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// Nobody knows.
    Anonymous,
    /// A device of the account with that name.
    SignedIn(AccountName),
}

impl Party {
    /// The kind of link.
    pub const fn kind(&self) -> LinkKind {
        match self {
            Self::Anonymous => LinkKind::Anonymous,
            Self::SignedIn(_) => LinkKind::SignedIn,
        }
    }

    /// Whether a request may be made on this link. The same rule at both ends:
    /// a client must not tell a relay by mistake whom it writes to, nor a relay
    /// accept to be told.
    fn may_ask(&self, request: &Request, links: Links) -> bool {
        let own_cards = match (self, request) {
            (Self::SignedIn(name), Request::FetchCards(fetch)) => fetch.name == *name,
            _ => true,
        };
        own_cards && links.allow(self.kind())
    }
}

#[cfg(test)]
mod tests;
