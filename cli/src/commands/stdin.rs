//! What is read from stdin. It is read to its end whatever becomes of it, so that
//! who writes there never gets a signal from us.

use std::io::{self, IsTerminal as _, Read as _};

use msg_client::driver::send::MAX_TEXT_BYTES;
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

/// Bytes of a link or another secret that is handed over in a line.
const MAX_SECRET_BYTES: u64 = 4_096;

/// Whether somebody types there.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// All of it, as one message.
pub(crate) fn text() -> Result<Vec<u8>, Failure> {
    let mut stdin = io::stdin().lock();
    let mut text = Vec::new();
    let limit = u64::try_from(MAX_TEXT_BYTES).unwrap_or(u64::MAX);
    (&mut stdin).take(limit).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
    let more = io::copy(&mut stdin, &mut io::sink()).map_err(|error| unreadable(&error))?;
    if more > 0 {
        let bytes = limit.saturating_add(more);
        let message = format!("{bytes} bytes on stdin are too many for a text");
        return Err(Failure::new(Exit::Usage, message)
            .hint(format!("a text has at most {MAX_TEXT_BYTES} bytes")));
    }
    Ok(text)
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
