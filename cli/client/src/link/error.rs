//! Why a request has no answer, by who is at fault. Nothing that a relay sent is
//! part of a text, but for numbers.

use std::time::Duration;

use msg_protocol::{
    address::RelayAddress,
    error::{Code, Refusal},
    link::{Closure, RequestError},
    version::{Farewell, MAX_VERSION, MIN_VERSION},
    work::WorkTooHardError,
};

use crate::transport::DialError;

/// Why a link was not opened, is of no more use, or gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The relay was not reached, or is not to be trusted.
    #[error("{}", .error.at(.relay))]
    Dial {
        /// Which.
        relay: RelayAddress,
        /// Why.
        error: DialError,
    },
    /// The connection broke, or the relay fell silent. Whether it has done what
    /// it was asked is not known.
    #[error("lost the relay: {0}")]
    Lost(Closure),
    /// The relay takes no link now.
    #[error("relay takes no link now: {}", .0.code)]
    TurnedAway(Refusal),
    /// The relay does not accept this device.
    #[error("sign-in refused: {}", .0.code)]
    SignInRefused(Refusal),
    /// The relay refused the request.
    #[error(transparent)]
    Refused(Refusal),
    /// The relay closes the link, and answers nothing more on it.
    #[error("relay closes the link: {}", .0.code)]
    Closing(Refusal),
    /// The relay speaks only versions that this client no longer speaks.
    #[error("relay is too old: it speaks version {0} at most, and msg {MIN_VERSION} at least")]
    RelayTooOld(u16),
    /// The relay speaks only versions that this client does not speak yet.
    #[error("msg is too old: the relay speaks version {0} at least, and msg {MAX_VERSION} at most")]
    RelayTooNew(u16),
    /// The relay broke the protocol.
    #[error("relay broke the protocol: {0}")]
    Violation(Closure),
    /// The relay asks for more work than any may.
    #[error(transparent)]
    WorkTooHard(#[from] WorkTooHardError),
    /// The link takes no such request.
    #[error("request not made: {0}")]
    Request(RequestError),
    /// The link was closed at this end.
    #[error("link is closed")]
    Here,
}

/// Who has to do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The relay cannot be reached now: later.
    Unreachable,
    /// What answers may not be the relay.
    Untrusted,
    /// The relay said no.
    Refused,
    /// Relay and client are of versions too far apart.
    Version,
    /// The relay does what no relay may.
    Relay,
    /// The caller.
    Caller,
}

impl LinkError {
    /// Who has to do something about it.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Dial { error, .. } if error.is_distrust() => Fault::Untrusted,
            Self::Dial { .. } | Self::Lost(_) => Fault::Unreachable,
            Self::TurnedAway(_) | Self::SignInRefused(_) | Self::Refused(_) | Self::Closing(_) => {
                Fault::Refused
            }
            Self::RelayTooOld(_) | Self::RelayTooNew(_) => Fault::Version,
            Self::Violation(_) | Self::WorkTooHard(_) => Fault::Relay,
            Self::Request(_) | Self::Here => Fault::Caller,
        }
    }

    /// What the relay said, if it refused.
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::TurnedAway(refusal)
            | Self::SignInRefused(refusal)
            | Self::Refused(refusal)
            | Self::Closing(refusal) => Some(*refusal),
            _ => None,
        }
    }

    /// When the relay says that it may go better.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.refusal()?.retry_after_s?;
        Some(Duration::from_secs(u64::from(seconds)))
    }

    /// Whether the same may go well later, with nobody doing anything about it.
    pub const fn is_passing(&self) -> bool {
        match self.refusal() {
            Some(refusal) => refusal.keep,
            None => matches!(self.fault(), Fault::Unreachable),
        }
    }
}

impl From<Closure> for LinkError {
    fn from(closure: Closure) -> Self {
        match closure {
            Closure::Truncated | Closure::Ended | Closure::Slow(_) => Self::Lost(closure),
            Closure::Farewell(farewell) => turned_away(farewell),
            Closure::SignInRefused(refusal) => Self::SignInRefused(refusal),
            Closure::Closing(refusal) => Self::Closing(refusal),
            Closure::Here => Self::Here,
            _ => Self::Violation(closure),
        }
    }
}

/// Nothing was asked yet, so that nothing is wrong with it.
fn turned_away(farewell: Farewell) -> LinkError {
    let Farewell { code, min, max, retry_after_s } = farewell;
    if code != Code::NO_COMMON_VERSION {
        return LinkError::TurnedAway(Refusal { code, retry_after_s, keep: true });
    }
    if max < MIN_VERSION {
        LinkError::RelayTooOld(max)
    } else if min > MAX_VERSION {
        LinkError::RelayTooNew(min)
    } else {
        LinkError::Violation(Closure::Farewell(farewell))
    }
}
