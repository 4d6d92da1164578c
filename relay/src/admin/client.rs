//! The asker's end of the socket.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{order::Order, report::Report, socket};

/// Bytes of one line of an answer.
const MAX_LINE_BYTES: u64 = 1 << 20;
/// In which the relay must take the order. Its answer may take as long as a
/// check of a large store does; a relay that ends, ends it.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AskError {
    /// Nobody listens.
    #[error("no relay runs on {folder}", folder = .0.display())]
    NoRelay(PathBuf),
    /// The socket is another user's.
    #[error("the relay on {folder} belongs to another user", folder = .0.display())]
    Foreign(PathBuf),
    /// The order cannot be written down.
    #[error("the path is not UTF-8")]
    Unspeakable,
    /// The relay refuses.
    #[error("{message}")]
    Refused {
        /// A word for programs.
        code: String,
        /// Why, in words.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The answer is none.
    #[error("the relay's answer does not read as one")]
    NoAnswer,
    /// The answer has no end.
    #[error("the relay ended before it had answered")]
    Cut,
    /// The line does not hold.
    #[error("cannot speak to the relay: {0}")]
    Io(#[from] io::Error),
}

impl AskError {
    /// A word for programs.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::NoRelay(_) => "no-relay",
            Self::Foreign(_) => "foreign",
            Self::Unspeakable => "path",
            Self::Refused { code, .. } => code,
            Self::NoAnswer => "no-answer",
            Self::Cut => "cut",
            Self::Io(_) => "io",
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRelay(_) => {
                "start it with msg-relay, or name the folder of one that runs with --data"
            }
            Self::Foreign(_) => "run this as the user who runs the relay",
            Self::NoAnswer => "the command and the running relay may be of two versions",
            Self::Cut => "the relay's log says why it has ended",
            Self::Refused { hint, .. } => return hint.clone(),
            Self::Unspeakable | Self::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Gives an order to the relay on that folder, and each line of the answer to
/// `take`: as it came, and as what it says. The last line is not given.
pub(crate) fn ask(
    folder: &Path,
    order: &Order,
    mut take: impl FnMut(&str, Report) -> io::Result<()>,
) -> Result<(), AskError> {
    let line = order.to_line().map_err(|_| AskError::Unspeakable)?;
    let mut stream = connect(folder)?;
    stream.set_write_timeout(Some(WRITE_TIME))?;
    stream.write_all(line.as_bytes())?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        let read = reader.by_ref().take(MAX_LINE_BYTES).read_line(&mut line);
        match read {
            Ok(0) => return Err(AskError::Cut),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(AskError::NoAnswer);
            }
            read => read?,
        };
        match Report::read(&line).map_err(|_| AskError::NoAnswer)? {
            Report::End => return Ok(()),
            Report::Error { code, message, hint } => {
                return Err(AskError::Refused { code, message, hint });
            }
            report => take(&line, report)?,
        }
    }
}

fn connect(folder: &Path) -> Result<UnixStream, AskError> {
    UnixStream::connect(socket::path(folder)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            AskError::NoRelay(folder.to_owned())
        }
        io::ErrorKind::PermissionDenied => AskError::Foreign(folder.to_owned()),
        _ => AskError::Io(error),
    })
}
