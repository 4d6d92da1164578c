//! Why there is no configuration: the operator's fault, named so that it can be
//! found, with a hint where there is one.

use std::{io, path::PathBuf};

use super::Origin;
use crate::limits::LimitsClash;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A key that there is not.
    #[error("no setting is called `{key}` ({origin})")]
    UnknownKey {
        /// What was written.
        key: String,
        /// Where.
        origin: Origin,
        /// What may have been meant, as one would write it there.
        near: Option<String>,
    },
    /// A value that its key cannot have.
    #[error("{key} = `{value}`: {why} ({origin})")]
    Value {
        /// The key.
        key: String,
        /// What was written.
        value: String,
        /// Where.
        origin: Origin,
        /// What is wrong.
        why: String,
    },
    /// A TOML value of another type than text, number or truth value.
    #[error("{key} is {found} ({origin})")]
    Type {
        /// The key.
        key: String,
        /// The type that it has.
        found: &'static str,
        /// Where.
        origin: Origin,
    },
    /// A text that is not UTF-8.
    #[error("{origin} is not UTF-8")]
    NotText {
        /// Where.
        origin: Origin,
    },
    /// The file is not TOML.
    #[error("{path}:{line}: {message}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line in it.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Two settings that do not go together.
    #[error(transparent)]
    Limits(#[from] LimitsClash),
    /// One of the two TLS files without the other.
    #[error("{set} is set ({origin}) and {missing} is not")]
    HalfOfTls {
        /// The one that is set.
        set: &'static str,
        /// Where.
        origin: Origin,
        /// The one that is missing.
        missing: &'static str,
    },
    /// A setting of the database, without one.
    #[error("{key} is set ({origin}), and `store` is not postgres")]
    NoDatabase {
        /// The setting.
        key: &'static str,
        /// Where.
        origin: Origin,
    },
    /// A database, without what it needs.
    #[error("store is postgres ({origin}) and {missing} is not set")]
    HalfOfDatabase {
        /// Where it is said that there is one.
        origin: Origin,
        /// What is missing.
        missing: &'static str,
    },
    /// A password that everybody on this machine can see.
    #[error("a password stands on the command line ({flag})")]
    PasswordInFlag {
        /// The flag.
        flag: &'static str,
    },
    /// A password too many.
    #[error("a password stands in postgres.dsn ({origin}) and in postgres.password-file ({file})")]
    TwoPasswords {
        /// Where the DSN is set.
        origin: Origin,
        /// Where the file is.
        file: Origin,
    },
    /// No data folder is set, and there is no home for it.
    #[error("no data folder is set, and neither XDG_DATA_HOME nor HOME says where it could be")]
    NoHome,
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::UnknownKey { near: None, .. } => {
                Some("`msg-relay config` prints every setting".to_owned())
            }
            Self::Type { .. } => {
                Some("a setting is a text, a whole number, true or false".to_owned())
            }
            Self::HalfOfTls { .. } => {
                Some("a certificate and its key are set together, or neither".to_owned())
            }
            Self::NoDatabase { .. } => Some(
                "store = \"postgres\" keeps everything in that database; without it take the setting out"
                    .to_owned(),
            ),
            Self::HalfOfDatabase { missing: "blobs", .. } => Some(
                "say where pieces of files lie: file:///folder that all nodes share, or s3://bucket/prefix?endpoint=URL&region=NAME"
                    .to_owned(),
            ),
            Self::HalfOfDatabase { .. } => Some(
                "postgres.dsn = \"host=a,b,c user=msg dbname=msg target_session_attrs=read-write\""
                    .to_owned(),
            ),
            Self::PasswordInFlag { .. } => Some(
                "others on this machine can read it there: put it into a file and name that with postgres.password-file, or set MSG_RELAY_POSTGRES_DSN"
                    .to_owned(),
            ),
            Self::TwoPasswords { .. } => Some("take one of the two out".to_owned()),
            Self::NoHome => Some("say where with --data FOLDER".to_owned()),
            _ => None,
        }
    }
}
