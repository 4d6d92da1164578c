//! Why a command did not do what it was asked to.

use std::{fmt, process::ExitCode};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Words that make no sense.
    Usage(String),
    /// Something is missing that may not be installed from here.
    Missing {
        /// What, in words.
        what: String,
        /// The line that installs it.
        install: String,
    },
    /// A step did not succeed.
    Step {
        /// The step's name.
        name: String,
        /// How it ended.
        ending: String,
        /// The line that repeats it.
        repeat: String,
    },
    /// A file could not be read or written, or says what it should not.
    File(String),
    /// Already told to the user.
    Shown,
}

impl Failure {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(_) => Some("`cargo xtask` lists the commands".into()),
            Self::Missing { install, .. } => Some(format!("install it with: {install}")),
            Self::Step { repeat, .. } => Some(format!("repeat it with: {repeat}")),
            Self::File(_) | Self::Shown => None,
        }
    }

    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Usage(_)) { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::File(what) => f.write_str(what),
            Self::Missing { what, .. } => write!(f, "missing: {what}"),
            Self::Step { name, ending, .. } => write!(f, "step `{name}` failed ({ending})"),
            Self::Shown => f.write_str("see above"),
        }
    }
}
