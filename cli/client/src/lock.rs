//! One process at a time: the lock of a profile.
//!
//! The system holds it for as long as a process lives that has it, and no longer.
//! The file tells the others who that is. A holder that ends in order takes its
//! name out again; a name that is still there in a free lock is that of a holder
//! that died, whose last words may not be on the disk yet.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::io::Errno;

use crate::private::{self, PrivateError};

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// The file always has this length, so that writing a name needs no room on the disk.
const NAME_BYTES: usize = 64;
const NOBODY: [u8; NAME_BYTES] = [b' '; NAME_BYTES];

/// Who is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// What it does there: the word of a command.
    pub what: String,
}

/// Why the lock could not be had. The environment's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody had it all the time.
    #[error("{} is in use{}", path.display(), by(holder.as_ref()))]
    Busy {
        /// What is in use.
        path: PathBuf,
        /// By whom, if that can be told.
        holder: Option<Holder>,
    },
    /// There is no such folder.
    #[error("there is no {}", .0.display())]
    NoFolder(PathBuf),
    /// The file of the lock is not what it should be.
    #[error(transparent)]
    Private(#[from] PrivateError),
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |Holder { pid, what }| format!(" by `{what}`, process {pid}"))
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    after_death: bool,
}

impl Lock {
    /// Waits for the lock of a file, for as long as `wait`.
    pub fn acquire(path: &Path, what: &str, wait: Duration) -> Result<Self, LockError> {
        let file = open(path)?;
        let failed = |verb| move |error| PrivateError::io(verb, path, &error);
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed("lock")(error).into()),
                Err(TryLockError::WouldBlock) => {}
            }
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                let folder = path.parent().unwrap_or(path).to_owned();
                return Err(LockError::Busy { path: folder, holder: read_name(&file) });
            }
            std::thread::sleep(jittered(pause).min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let mut name = [0; NAME_BYTES];
        let read = file.read_exact_at(&mut name, 0);
        let after_death = read.is_ok() && name != NOBODY;
        file.write_all_at(&name_of(what), 0).map_err(failed("write"))?;
        Ok(Self { file, after_death })
    }

    /// Whether the last holder died in the middle of something.
    pub fn is_after_death(&self) -> bool {
        self.after_death
    }

    /// Gives it back in order: what its holder wrote is durable.
    pub fn release(self) {
        // Failing leaves a name, from which the next holder expects the worst.
        let _ = self.file.write_all_at(&NOBODY, 0);
    }
}

/// Between a half and the whole of a pause, so that those who wait do not meet again.
fn jittered(pause: Duration) -> Duration {
    let mut random = [0];
    // Without jitter it is slower, not wrong.
    let _ = getrandom::fill(&mut random);
    pause / 2 + pause * u32::from(random[0]) / 512
}

fn open(path: &Path) -> Result<File, LockError> {
    loop {
        if let Some(file) = private::open(path)? {
            return Ok(file);
        }
        match private::create(path) {
            // Somebody else made it at the same moment.
            Err(PrivateError::Io { source: Errno::EXIST, .. }) => {}
            Err(PrivateError::Io { source: Errno::NOENT, .. }) => {
                return Err(LockError::NoFolder(path.parent().unwrap_or(path).to_owned()));
            }
            made => return Ok(made?),
        }
    }
}

fn name_of(what: &str) -> [u8; NAME_BYTES] {
    let text = format!("{} {what}", std::process::id());
    let mut name = NOBODY;
    for (byte, of) in name.iter_mut().zip(text.bytes()) {
        *byte = of;
    }
    name
}

fn read_name(file: &File) -> Option<Holder> {
    let mut name = [0; NAME_BYTES];
    file.read_exact_at(&mut name, 0).ok()?;
    let text = core::str::from_utf8(&name).ok()?.trim_end();
    let (pid, what) = text.split_once(' ')?;
    let harmless = what.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    harmless.then_some(Holder { pid: pid.parse().ok()?, what: what.to_owned() })
}

#[cfg(test)]
mod tests;
