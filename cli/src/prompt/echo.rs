//! The terminal as it was before a question, put back by whatever ends it.
//!
//! A thread waits for the signals that end or stop a process. It lives as long as
//! the process: once a signal is watched, nobody else does what it asks for.

use std::{
    fs::File,
    io,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP},
    iterator::Signals,
    low_level::emulate_default_handler,
};

/// A terminal that is being asked, and how it was before.
static ASKED: Mutex<Option<(File, Termios)>> = Mutex::new(None);
static WATCHING: OnceLock<()> = OnceLock::new();

/// A question; when it is over, nothing has to be put back.
pub(super) struct Echo;

impl Echo {
    /// Remembers how the terminal is, and watches.
    pub(super) fn watch(terminal: &File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        *asked() = Some((terminal.try_clone()?, before));
        if WATCHING.set(()).is_ok() {
            let signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP])?;
            thread::Builder::new().name("signals".to_owned()).spawn(|| obey(signals))?;
        }
        Ok(Self)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        *asked() = None;
    }
}

fn obey(mut signals: Signals) {
    for signal in &mut signals {
        let hidden = put_back();
        // It ends here, or stops and goes on.
        let _ = emulate_default_handler(signal);
        if let (Some(hidden), Some((terminal, _))) = (hidden, asked().as_ref()) {
            let _ = tcsetattr(terminal, OptionalActions::Now, &hidden);
        }
    }
}

/// Puts the terminal back, and says how it was during the question.
fn put_back() -> Option<Termios> {
    let asked = asked();
    let (terminal, before) = asked.as_ref()?;
    let hidden = tcgetattr(terminal).ok();
    let _ = tcsetattr(terminal, OptionalActions::Now, before);
    hidden
}

fn asked() -> MutexGuard<'static, Option<(File, Termios)>> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}
