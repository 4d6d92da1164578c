//! Where a password comes from when nobody is asked for it.
//!
//! In this order: `--password-fd N`; `MSG_PASSWORD_FILE`, a file of our own that
//! nobody else may read; `MSG_PASSWORD_COMMAND`, run without a shell; the file
//! `msg-password` in `$CREDENTIALS_DIRECTORY`, as systemd makes it. The first that
//! is there counts: one that fails is an error and not a reason to try the next.
//!
//! A password is one line. Its line end is not part of it.

pub(crate) mod cached;
mod command;

use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use msg_crypto::password::{Password, PasswordError};
use zeroize::Zeroizing;

/// Most bytes of a password with its line end, and one more that shows it too long.
const MAX_BYTES: usize = 1024 + 2 + 1;

const CREDENTIAL: &str = "msg-password";

/// Why a source of passwords gave none. The fault of whoever set it up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// It cannot be read.
    #[error("the password could not be read from {from}: {source}")]
    Io {
        /// Where from.
        from: String,
        /// What the system says.
        source: io::Error,
    },
    /// Others may read the file.
    #[error("{} has mode {mode:03o}: others can read the password", path.display())]
    Loose {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is somebody else's, or no file.
    #[error("{} is not a file of your own", .0.display())]
    Foreign(PathBuf),
    /// There is nothing in it.
    #[error("{0} gives no password")]
    Empty(String),
    /// More than a password.
    #[error("{0} gives more than one line")]
    Lines(String),
    /// Not text.
    #[error("{0} gives bytes that are no text")]
    NotText(String),
    /// Against the rules.
    #[error("{from}: {source}")]
    Password {
        /// Where from.
        from: String,
        /// What is wrong with it.
        source: PasswordError,
    },
    /// The command cannot be understood, or did not run, or failed.
    #[error("MSG_PASSWORD_COMMAND {0}")]
    Command(String),
}

/// The password that was handed over without a question, if one was.
pub(crate) fn given(descriptor: Option<u32>) -> Result<Option<Password>, SecretError> {
    if let Some(number) = descriptor {
        let from = format!("file descriptor {number}");
        let path = PathBuf::from(format!("/dev/fd/{number}"));
        let file = File::open(path);
        let file = file.map_err(|source| SecretError::Io { from: from.clone(), source })?;
        return read(file, from).map(Some);
    }
    if let Some(path) = variable("MSG_PASSWORD_FILE") {
        return read(own_file(Path::new(&path))?, path).map(Some);
    }
    if let Some(line) = variable("MSG_PASSWORD_COMMAND") {
        let said = command::run(&line)?;
        return read(said.as_slice(), "MSG_PASSWORD_COMMAND".to_owned()).map(Some);
    }
    credential()
}

/// A variable that says something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The service manager has seen to who may read it.
fn credential() -> Result<Option<Password>, SecretError> {
    let Some(folder) = variable("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    let path = Path::new(&folder).join(CREDENTIAL);
    let from = path.display().to_string();
    match File::open(path) {
        Ok(file) => read(file, from).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SecretError::Io { from, source }),
    }
}

/// Opens a file of ours that nobody else may read. What counts is the file that was
/// opened: nothing is asked about its name before.
fn own_file(path: &Path) -> Result<File, SecretError> {
    let failed = |source| SecretError::Io { from: path.display().to_string(), source };
    let no_wait = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(no_wait).open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() || meta.uid() != rustix::process::getuid().as_raw() {
        return Err(SecretError::Foreign(path.to_owned()));
    }
    let mode = meta.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Loose { path: path.to_owned(), mode });
    }
    Ok(file)
}

/// Reads the one line.
fn read(source: impl Read, from: String) -> Result<Password, SecretError> {
    // At full size from the start, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    let read = source.take(MAX_BYTES as u64).read_to_end(&mut bytes);
    if let Err(source) = read {
        return Err(SecretError::Io { from, source });
    }
    let Ok(text) = std::str::from_utf8(&bytes) else { return Err(SecretError::NotText(from)) };
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(SecretError::Empty(from));
    }
    if line.contains('\n') {
        return Err(SecretError::Lines(from));
    }
    Password::new(line).map_err(|source| SecretError::Password { from, source })
}

impl SecretError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Loose { path, .. } => Some(format!("chmod 600 {}", path.display())),
            Self::Lines(_) => Some("a password is one line".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn error(bytes: &[u8]) -> String {
        read(bytes, "it".to_owned()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_password_is_one_line() {
        for bytes in [&b"correct horse"[..], b"correct horse\n", b"correct horse\r\n", b" horse 12"]
        {
            assert_eq!(error(bytes), "");
        }
        assert_eq!(error(b""), "it gives no password");
        assert_eq!(error(b"\n"), "it gives no password");
        assert_eq!(error(b"correct horse\nbattery\n"), "it gives more than one line");
        assert_eq!(error(b"correct \xff horse"), "it gives bytes that are no text");
        assert_eq!(error(b"short"), "it: password has fewer than 8 characters");
        assert_eq!(error(&[b'x'; 5_000]), "it: password has more than 1024 bytes");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "correct horse\n").unwrap();
        for (mode, is_fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(own_file(&path).is_ok(), is_fine, "{mode:o}");
        }
        let loose = own_file(&path).unwrap_err();
        assert_eq!(loose.hint(), Some(format!("chmod 600 {}", path.display())));
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(own_file(folder.path()), Err(SecretError::Foreign(_))));
        assert!(matches!(own_file(&folder.path().join("x")), Err(SecretError::Io { .. })));
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(matches!(own_file(&pipe), Err(SecretError::Foreign(_))));
    }
}
