//! The only place that prints. Stdout is data; stderr is talk.
//!
//! Whoever writes data is told when it could not be written, and decides what
//! that means: a message that nobody got stays unread. A reader that has gone
//! away (`msg recv | head -1`) has had enough: that is no failure, and nothing
//! is said about it.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

/// What became of data that was to be written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The reader has gone away.
    ReaderGone,
    /// The disk is full, or the device is not what it was.
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe { Self::ReaderGone } else { Self::Io(error) }
    }
}

/// Writes data, and returns when it has left the process.
pub(crate) fn data(bytes: &[u8]) -> Result<(), WriteError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Passes on what a program of our owner's says, as it is.
pub(crate) fn talk(bytes: &[u8]) -> Result<(), WriteError> {
    Ok(io::stderr().lock().write_all(bytes)?)
}

/// Says something to whoever watches. Nobody is left to be told that stderr is gone.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether data goes to a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether data may be coloured: it goes to a terminal that can, and neither
/// `NO_COLOR` nor `CLICOLOR=0` forbids it, or `CLICOLOR_FORCE` demands it.
pub(crate) fn has_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Columns of the terminal that data goes to; 80 if it is none.
pub(crate) fn width() -> usize {
    const NARROWEST: u16 = 20;
    const OTHERWISE: u16 = 80;
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let columns = size.map(|size| size.ws_col).filter(|columns| *columns > 0);
    usize::from(columns.unwrap_or(OTHERWISE).max(NARROWEST))
}
