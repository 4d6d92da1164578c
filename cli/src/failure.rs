//! What a command ends with when it did not do what was asked: an exit code, a
//! sentence, a hint. The codes are fixed for good: scripts rely on them.

mod client;

use serde::Serialize;

pub(crate) use self::client::unknown;

use crate::{output, report, text};

/// Why a command ended as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exit {
    /// It did what was asked.
    Done,
    /// It failed.
    Failed,
    /// It was asked wrongly.
    Usage,
    /// A key has changed, or is not verified where it must be; what was to be sent is held.
    Trust,
    /// The relay cannot be reached; what was to be sent is kept.
    Unreachable,
    /// It was done for some recipients only.
    Partial,
    /// The store is locked, and there is no way to ask.
    Locked,
    /// Another command holds the store.
    Busy,
    /// The relay refuses.
    Refused,
    /// The level that was waited for was not reached in time.
    TimedOut,
    /// As another program ended, or a signal has it.
    #[serde(skip)]
    Of(u8),
}

impl Exit {
    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Trust => 3,
            Self::Unreachable => 4,
            Self::Partial => 5,
            Self::Locked => 6,
            Self::Busy => 7,
            Self::Refused => 8,
            Self::TimedOut => 9,
            Self::Of(code) => code,
        }
    }
}

/// A command that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    kept: Option<bool>,
    retry_after_s: Option<u64>,
}

/// A failure as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Error {
    /// The exit code.
    pub(crate) code: u8,
    /// The same as a word.
    pub(crate) reason: Exit,
    /// What happened.
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Whether what was to be sent is kept and will leave with a later command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<bool>,
    /// Seconds after which it may work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u64>,
}

impl Failure {
    /// A failure, said in lower case and without a full stop.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = without_numbers(&message.into());
        Self { exit, message, hint: None, kept: None, retry_after_s: None }
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do about it, unless something better is known.
    pub(crate) fn or_hint(mut self, hint: &str) -> Self {
        self.hint.get_or_insert_with(|| hint.to_owned());
        self
    }

    /// Whether what was to be sent is kept.
    pub(crate) fn kept(mut self, kept: bool) -> Self {
        self.kept = Some(kept);
        self
    }

    /// When it may work.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Whom or what it is about.
    pub(crate) fn about(mut self, whom: &str) -> Self {
        self.message = format!("{whom}: {}", self.message);
        self
    }

    /// What the process ends with.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    /// Says it: to people on stderr, to a program on stdout.
    pub(crate) fn say(&self, json: bool) {
        if self.exit == Exit::Done {
            return;
        }
        if json {
            // Whoever reads JSON may have gone; the exit code still tells.
            let _ = output::data(report::line("error", &self.as_error()).as_bytes());
            return;
        }
        let hint = self.hint.as_deref().map(|hint| format!("hint: {}\n", text::line(hint)));
        let message = text::block(&self.message);
        output::say(&format!("error: {message}\n{}", hint.unwrap_or_default()));
    }

    /// As JSON has it.
    pub(crate) fn as_error(&self) -> Error {
        Error {
            code: self.exit.code(),
            reason: self.exit,
            message: self.message.clone(),
            hint: self.hint.clone(),
            kept: self.kept,
            retry_after: self.retry_after_s,
        }
    }
}

impl From<output::WriteError> for Failure {
    fn from(error: output::WriteError) -> Self {
        match error {
            // Enough was read: not a word about it, and the code of success.
            output::WriteError::ReaderGone => Self::new(Exit::Done, "nobody reads the output"),
            output::WriteError::Io(error) => {
                Self::new(Exit::Failed, format!("output could not be written: {error}"))
            }
        }
    }
}

/// A message in which the system's errors are words alone, without the numbers that
/// the standard library puts behind them.
fn without_numbers(message: &str) -> String {
    let mut parts = message.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once(')') {
        Some((number, rest)) if number.parse::<i32>().is_ok() => text + rest,
        _ => text + " (os error " + part,
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_the_system_says_is_said_without_its_number() {
        let error = io::Error::from_raw_os_error(2);
        let failure = Failure::new(Exit::Failed, format!("a: {error}; b: {error}, so none"));
        let words = "No such file or directory";
        assert_eq!(failure.to_string(), format!("a: {words}; b: {words}, so none"));
        let others = "a file (os error x), and (os error 2";
        assert_eq!(Failure::new(Exit::Failed, others).to_string(), others);
    }
}
