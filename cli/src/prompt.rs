//! Asking whoever sits at the terminal: for passwords, unseen, and yes or no.
//!
//! Only a process in the foreground of a terminal asks. In a cron job, a service or
//! a job put aside with `&` there is nobody to answer, and asking would hang.
//! Whatever signal ends or stops a question, the terminal shows again what is
//! typed.

mod echo;

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read, Write as _},
};

use msg_crypto::password::{Password, PasswordError};
use rpassword::ConfigBuilder;
use zeroize::Zeroizing;

use self::echo::Echo;
use crate::text;

const TERMINAL: &str = "/dev/tty";

/// How often somebody is asked for a password before it is given up.
pub(crate) const ATTEMPTS: usize = 3;

/// A terminal with somebody at it.
pub(crate) struct Terminal(File);

/// What is typed on a terminal, line by line.
struct Typed(File);

impl Read for Typed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(bytes) {
                Ok(0) => return Err(io::Error::other("the input has ended")),
                // A process that goes on after it was stopped.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PromptError {
    /// The terminal is gone, or the input has ended.
    #[error("no answer from the terminal: {0}")]
    Io(#[from] io::Error),
    /// What was typed is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Two that ought to be the same were not, again and again.
    #[error("no new password was chosen")]
    Mismatch,
}

impl Terminal {
    /// The terminal of this process, if it is in its foreground.
    pub(crate) fn open() -> Option<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open(TERMINAL).ok()?;
        let foreground = rustix::termios::tcgetpgrp(&terminal).ok()?;
        (foreground == rustix::process::getpgrp()).then_some(Self(terminal))
    }

    /// Asks for the password that there is.
    pub(crate) fn password(&mut self, question: &str) -> Result<Password, PromptError> {
        Ok(Password::new(&self.hidden(question)?)?)
    }

    /// Asks twice for a new password.
    pub(crate) fn new_password(&mut self, question: &str) -> Result<Password, PromptError> {
        for _ in 0..ATTEMPTS {
            let first = self.hidden(question)?;
            let password = match Password::new(&first) {
                Ok(password) => password,
                Err(error) => {
                    self.say(&format!("{error}; please try again\n"))?;
                    continue;
                }
            };
            if *self.hidden("The same again: ")? == *first {
                return Ok(password);
            }
            self.say("these were not the same; please try again\n")?;
        }
        Err(PromptError::Mismatch)
    }

    /// Asks a question that only `yes` answers with yes.
    pub(crate) fn agrees(&mut self, question: &str) -> Result<bool, PromptError> {
        self.say(&format!("{} [yes/no] ", text::block(question)))?;
        let mut answer = String::new();
        BufReader::new(&self.0).read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a line that is typed unseen.
    pub(crate) fn hidden(&mut self, question: &str) -> Result<Zeroizing<String>, PromptError> {
        // Unseen before it is asked for: whoever is fast, or a script, is not seen either.
        let _echo = Echo::hide(&self.0)?;
        self.say(question)?;
        // Not by the terminal's path: then it would take no Ctrl-Z.
        let typed = Typed(self.0.try_clone()?);
        let config = ConfigBuilder::new().input_reader(typed).output_discard().build();
        let line = rpassword::read_password_with_config(config);
        if line.is_err() {
            self.say("\n")?;
        }
        Ok(Zeroizing::new(line?))
    }

    /// Says something on the terminal.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), PromptError> {
        self.0.write_all(text.as_bytes())?;
        Ok(self.0.flush()?)
    }
}
