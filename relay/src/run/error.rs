//! Why a relay does not run: the operator's fault or the environment's.

use std::{io, path::PathBuf};

use msg_protocol::address::Pin;

use crate::{
    admin::SocketError,
    invitation::InvitationError,
    private::PrivateError,
    startup::{ListenError, LockError},
    store::{StoreError, postgres, redb},
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
    Open(#[from] redb::OpenError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] postgres::OpenError),
    /// The database's password cannot be read.
    #[error("postgres.password-file: {0}")]
    Password(#[source] PrivateError),
    /// Links of this node would lead nowhere at the others.
    #[error("this node's key has the pin {own}, and that of the other nodes has {kept}")]
    OtherKey {
        /// The pin of its own key.
        own: Box<Pin>,
        /// The one that the store keeps.
        kept: Box<Pin>,
        /// Where the key should be.
        key: PathBuf,
        /// Where the certificate should be.
        certificate: PathBuf,
    },
    /// There is no store to be made.
    #[error("with `store = postgres` there is no store to make in a folder")]
    NotInFolder,
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
            Self::Data(error)
            | Self::Log(LogError::Private(error))
            | Self::Password(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Tls(error) => error.hint(),
            Self::Listen(error) => error.hint(),
            Self::Socket(error) => error.hint(),
            Self::Database(error) => error.hint(),
            Self::OtherKey { key, certificate, .. } => Some(format!(
                "copy tls-key.pem and tls-cert.pem of another node to {} and {}",
                key.display(),
                certificate.display()
            )),
            Self::NotInFolder => Some(
                "make a database and a role that owns it; the first node that starts makes the tables, and prints the link"
                    .to_owned(),
            ),
            Self::NoPublicAddress => Some("say what links show with --public HOST".to_owned()),
            _ => None,
        }
    }
}
