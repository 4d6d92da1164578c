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

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP},
    iterator::Signals,
    low_level::emulate_default_handler,
};

/// A terminal that is being asked, and how it was before.
static ASKED: Mutex<Option<(File, Termios)>> = Mutex::new(None);
static WATCHING: OnceLock<()> = OnceLock::new();

/// A question that is answered unseen, until it is dropped.
pub(super) struct Echo;

impl Echo {
    /// Shows no more of what is typed than where a line ends.
    pub(super) fn hide(terminal: &File) -> io::Result<Self> {
        if WATCHING.set(()).is_ok() {
            let signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP])?;
            thread::Builder::new().name("signals".to_owned()).spawn(|| obey(signals))?;
        }
        let mut asked = asked();
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Now, &hidden)?;
        *asked = Some((terminal.try_clone()?, before));
        Ok(Self)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some((terminal, before)) = asked().take() {
            let _ = tcsetattr(terminal, OptionalActions::Now, &before);
        }
    }
}

fn obey(mut signals: Signals) {
    for signal in &mut signals {
        // Held to the end, so that nothing is hidden in between.
        let asked = asked();
        let hidden = asked.as_ref().and_then(|(terminal, before)| {
            let hidden = tcgetattr(terminal).ok();
            let _ = tcsetattr(terminal, OptionalActions::Now, before);
            hidden
        });
        // It ends here, or stops and goes on.
        let _ = emulate_default_handler(signal);
        if let (Some(hidden), Some((terminal, _))) = (hidden, asked.as_ref()) {
            let _ = tcsetattr(terminal, OptionalActions::Now, &hidden);
        }
    }
}

fn asked() -> MutexGuard<'static, Option<(File, Termios)>> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}
