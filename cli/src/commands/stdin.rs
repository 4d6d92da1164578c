//! What is read from stdin. It is read to its end whatever becomes of it, so that
//! who writes there never gets a signal from us.

use std::io::{self, IsTerminal as _, Read};

use msg_client::driver::send::MAX_TEXT_BYTES;
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

/// Bytes of a link or another secret that is handed over in a line.
const MAX_SECRET_BYTES: u64 = 4_096;

/// Whether somebody types there.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// A text of any length.
pub(crate) enum Piped {
    /// One that fits a message.
    Text(Vec<u8>),
    /// A longer one, not read to its end yet.
    Long(Box<dyn Read + Send>),
}

/// All of it, as one message.
pub(crate) fn text() -> Result<Piped, Failure> {
    let mut text = Vec::new();
    let limit = u64::try_from(MAX_TEXT_BYTES).unwrap_or(u64::MAX) + 1;
    io::stdin().lock().take(limit).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
    Ok(piped(text))
}

/// A text that has been read so far: all of it, if it fits a message.
pub(crate) fn piped(text: Vec<u8>) -> Piped {
    if text.len() <= MAX_TEXT_BYTES {
        Piped::Text(text)
    } else {
        Piped::Long(Box::new(Drained(io::Cursor::new(text).chain(io::stdin()))))
    }
}

/// All of it, as a file; that there is nothing is an error unless it is allowed.
pub(crate) fn stream(allow_empty: bool) -> Result<Box<dyn Read + Send>, Failure> {
    let mut first = Vec::new();
    io::stdin().lock().take(1).read_to_end(&mut first).map_err(|error| unreadable(&error))?;
    if first.is_empty() && !allow_empty {
        return Err(Failure::new(Exit::Usage, "there is nothing on stdin")
            .hint("--allow-empty sends it all the same"));
    }
    Ok(Box::new(Drained(io::Cursor::new(first).chain(io::stdin()))))
}

/// Reads the rest when nobody wants it any more, so that its writer meets no
/// broken pipe.
struct Drained<R: Read>(R);

impl<R: Read> Read for Drained<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl<R: Read> Drop for Drained<R> {
    fn drop(&mut self) {
        // What cannot be read has no writer that waits.
        let _ = io::copy(&mut self.0, &mut io::sink());
    }
}

/// One line that is nobody else's business.
pub(crate) fn secret_line() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(4_096));
    io::stdin()
        .lock()
        .take(MAX_SECRET_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(&error))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("stdin cannot be read: {error}"))
}
