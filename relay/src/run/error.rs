//! Why a relay does not run: the operator's fault or the environment's.

use std::io;

use crate::{
    admin::SocketError,
    invitation::InvitationError,
    private::PrivateError,
    startup::{ListenError, LockError},
    store::{StoreError, redb::OpenError},
    telemetry::log::LogError,
    tls::TlsError,
};

/// Why a relay does not run, or has not run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RunError {
    /// The process cannot be set up.
    #[error("cannot set up the process: {0}")]
    Process(#[source] io::Error),
    /// The data folder is not private.
    #[error(transparent)]
    Data(#[from] PrivateError),
    /// Another relay has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is no log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody can listen there.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Nobody could operate it.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// Links cannot say where the relay is.
    #[error("listening on all addresses, and this machine has no name that links could show")]
    NoPublicAddress,
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first invitation cannot be made.
    #[error("cannot make an invitation: {0}")]
    Invitation(#[from] InvitationError),
    /// A second signal came while links were drained.
    #[error("stopped at once: what was in flight is not answered")]
    Cut,
    /// Serving has ended by itself.
    #[error("serving has ended by itself")]
    Ended,
}

impl RunError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) | Self::Log(LogError::Private(error)) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Tls(error) => error.hint(),
            Self::Listen(error) => error.hint(),
            Self::Socket(error) => error.hint(),
            Self::NoPublicAddress => Some("say what links show with --public HOST".to_owned()),
            _ => None,
        }
    }
}
