//! What a statement that failed means, and why an engine does not open.

use std::{io, path::PathBuf};

use tokio_postgres::error::SqlState;
use tracing::warn;

use super::objects::ObjectsError;
use crate::store::StoreError;

/// Why a statement, or a transaction, has not done what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another transaction was in the way, and nothing has happened.
    Again,
    /// A row that there may be once is there already; nothing has happened.
    Exists,
    /// Nobody knows what has happened: the connection is gone, or its word is
    /// not to be trusted.
    Lost,
    /// The database said no, and nothing has happened.
    Refused(StoreError),
}

impl Failure {
    /// What it means to whoever asked for the verb.
    pub(super) const fn outcome(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Again | Self::Exists | Self::Lost => StoreError::Unavailable,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else { return Self::Lost };
        match code {
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Self::Again,
            &SqlState::UNIQUE_VIOLATION => Self::Exists,
            &SqlState::DISK_FULL => Self::Refused(StoreError::Full),
            // A server that is going, or one that only follows now.
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::READ_ONLY_SQL_TRANSACTION => Self::Lost,
            // The rest of a transaction in which something failed before.
            &SqlState::IN_FAILED_SQL_TRANSACTION => Self::Refused(StoreError::Unavailable),
            code => {
                warn!(code = code.code(), "the database refuses a statement");
                Self::Refused(StoreError::Unavailable)
            }
        }
    }
}

/// Why the database cannot be used. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The DSN cannot be read. It is not repeated: it may hold a password.
    #[error(
        "`postgres.dsn` is not a DSN such as `host=a,b,c user=msg dbname=msg target_session_attrs=read-write`"
    )]
    Dsn,
    /// No server of the DSN answers as one that can be written to.
    #[error("no server of `postgres.dsn` takes writes: {0}")]
    Unreachable(String),
    /// The file of certificate authorities cannot be used.
    #[error("{}: {source}", .path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// With this setting the server would break the relay's word.
    #[error(
        "the database runs with `{setting} = {found}`, so that what the relay acknowledges could be lost"
    )]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What to set.
        fix: &'static str,
    },
    /// The tables are those of a later version.
    #[error("the database was made by a later msg-relay (schema {found}, this one knows {known})")]
    Later {
        /// The version found.
        found: i32,
        /// The latest one known.
        known: i32,
    },
    /// The tables cannot be made or read.
    #[error("the database refuses what the relay needs: {0}")]
    Schema(String),
    /// Nodes run on it.
    #[error("a relay runs on the database, or another `msg-relay migrate`")]
    Running,
    /// A move has it.
    #[error("`msg-relay migrate` is at work on the database")]
    Moving,
    /// A move into it has not ended.
    #[error("the database is filled by `msg-relay migrate`, which has not ended")]
    Arriving,
    /// Where blobs are kept cannot be used.
    #[error("`blobs`: {0}")]
    Blobs(#[from] ObjectsError),
}

impl OpenError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Running => "stop every relay on the database first, and then begin again",
            Self::Moving => "wait until it has ended",
            Self::Arriving => {
                "run the same `msg-relay migrate` again: it goes on where it was cut off"
            }
            Self::Setting { fix, .. } => fix,
            Self::Dsn | Self::Schema(_) => return None,
            Self::Blobs(error) => return error.hint(),
            Self::Unreachable(_) => {
                "is the primary running, and do host, port, user and password fit"
            }
            Self::Roots { .. } => "`postgres.ca` names a file of certificates in PEM",
            Self::Later { .. } => "run the same version of msg-relay on every node",
        };
        Some(hint.to_owned())
    }
}
