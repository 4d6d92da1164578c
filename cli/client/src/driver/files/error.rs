//! Why a file was not transferred.

use std::{io, path::PathBuf};

/// Why a file was not sent, or not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// What is to be sent cannot be read.
    #[error("{what} cannot be read: {source}")]
    Source {
        /// What.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The relay takes no files.
    #[error("the relay takes no files")]
    NoFiles,
    /// More than the relay takes.
    #[error("it is larger than the {limit} bytes that the relay takes")]
    TooLarge {
        /// What it takes.
        limit: u64,
    },
    /// More than any relay can have.
    #[error("it is too large for any relay")]
    TooLong,
    /// The relay has something else by that name.
    #[error("the relay has another file in its place")]
    Conflict,
    /// The relay has it no more.
    #[error("the relay does not have it any more")]
    Gone,
    /// What the relay gave is not what was sent.
    #[error("the relay gave other bytes than were sent")]
    Altered,
    /// Its sender states lengths that no file has.
    #[error("its sender states lengths that no file has")]
    Misstated,
    /// There is something where it is to be put.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// It cannot be put where it is to be.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is no folder that can be unpacked safely.
    #[error("it cannot be unpacked: {0}")]
    NotUnpacked(String),
    /// The message holds no file.
    #[error("that message holds no file")]
    NoFile,
    /// A text of more bytes than are shown.
    #[error("a text of {0} bytes is too long to be shown")]
    TooLongToShow(u64),
}

impl FileError {
    pub(super) fn source(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Source { what, source }
    }

    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            _ => Self::Write { path, source },
        }
    }
}
