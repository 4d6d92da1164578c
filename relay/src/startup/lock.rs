//! One relay for one data folder.
//!
//! The lock is the system's and dies with its holder, so that nothing has to be
//! cleared away after a crash. The number in the file only tells people who it is.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

const FILE: &str = "lock";
/// More than the digits of any process's number.
const MAX_DIGITS: u64 = 20;

/// Why a data folder is not ours to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LockError {
    /// Another relay uses it.
    #[error("another relay{} runs on {folder}", holder(*pid), folder = folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The number of its process, if it has written it yet.
        pid: Option<u32>,
    },
    /// The file cannot be made or locked.
    #[error("cannot lock {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(", process {pid},")).unwrap_or_default()
}

impl LockError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Held { .. } => {
                Some("stop it first, or give this one a folder of its own with --data".to_owned())
            }
            Self::Io { .. } => None,
        }
    }
}

/// The right to use a data folder; given up when it is dropped.
#[derive(Debug)]
pub(crate) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes it, or says who has it.
    pub(crate) fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(FILE);
        let io_error = |source| LockError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    folder: folder.to_owned(),
                    pid: read_pid(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(io_error)?;
        writeln!(file, "{}", std::process::id()).map_err(io_error)?;
        Ok(Self { _file: file })
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(MAX_DIGITS).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::Folder;

    #[test]
    fn a_second_relay_is_told_who_has_the_folder() {
        let folder = Folder::new("lock");
        let held = DataLock::take(folder.path()).unwrap();
        let error = DataLock::take(folder.path()).unwrap_err();
        let own = std::process::id();
        assert!(matches!(error, LockError::Held { pid: Some(pid), .. } if pid == own), "{error}");
        assert!(error.to_string().contains(&format!("process {own}")), "{error}");
        drop(held);
        DataLock::take(folder.path()).unwrap();
    }
}
