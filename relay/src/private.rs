//! Folders and files that nobody else may read: made so from the first moment,
//! and refused where they are not.
//!
//! A mode is checked on what is open, never on a name that may lead elsewhere a
//! moment later.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// All that anybody but the owner could do.
pub(crate) const NOBODY_ELSE: u32 = 0o077;

/// Far more than any of the relay's own small files has.
const MAX_BYTES: u64 = 1 << 20;

/// Why something is not private. The environment's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    /// The system says no.
    #[error("cannot {verb} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others can do more with it than they may.
    #[error("{path} has mode {mode:03o}, so that others can get at it", path = path.display())]
    Loose {
        /// What.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        proper: u32,
    },
    /// It is somebody else's.
    #[error("{path} belongs to user {owner} and not to user {own}, who runs the relay", path = path.display())]
    Foreign {
        /// What.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        own: u32,
    },
    /// It is something else, such as a folder or a pipe.
    #[error("{path} is not a {expected}", path = path.display())]
    Kind {
        /// What.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
}

impl PrivateError {
    /// What to do about it, as far as it can be typed.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Loose { path, proper, .. } => Some(format!("chmod {proper:o} {}", quoted(path))),
            Self::Foreign { path, own, .. } => Some(format!("chown {own} {}", quoted(path))),
            _ => None,
        }
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn io_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateError {
    let path = path.to_owned();
    move |source| PrivateError::Io { verb, path, source }
}

/// Removes a file; says whether there was one.
pub(crate) fn remove_file(path: &Path) -> Result<bool, PrivateError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error("remove", path)(error)),
    }
}

/// Makes a folder if it is not there, with those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), PrivateError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_error("make", path))?;
    let folder = File::open(path).map_err(io_error("open", path))?;
    let is_folder = folder.metadata().map_err(io_error("look at", path))?.is_dir();
    if !is_folder {
        return Err(PrivateError::Kind { path: path.to_owned(), expected: "folder" });
    }
    check(&folder, path, NOBODY_ELSE, 0o700)
}

/// Refuses what is not ours, or allows others any of `never`.
fn check(file: &File, path: &Path, never: u32, proper: u32) -> Result<(), PrivateError> {
    let metadata = file.metadata().map_err(io_error("look at", path))?;
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(PrivateError::Foreign { path: path.to_owned(), owner: metadata.uid(), own });
    }
    check_mode(metadata.mode(), path, never, proper)
}

fn check_mode(mode: u32, path: &Path, never: u32, proper: u32) -> Result<(), PrivateError> {
    let mode = mode & 0o777;
    if mode & never != 0 {
        return Err(PrivateError::Loose { path: path.to_owned(), mode, proper });
    }
    Ok(())
}

/// Reads a file that only we may read; `None` if it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<String>, PrivateError> {
    let options = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(options.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(io_error("open", path))?,
    };
    check(&file, path, NOBODY_ELSE, 0o600)?;
    read_open(file, path).map(Some)
}

/// Reads a key that an operator provides: ours or root's, and perhaps readable by
/// a group, as tools that renew certificates leave them.
pub(crate) fn read_provided(path: &Path, secret: bool) -> Result<String, PrivateError> {
    const NEVER: u32 = 0o037;
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(io_error("open", path))?;
    let metadata = file.metadata().map_err(io_error("look at", path))?;
    if secret {
        let own = rustix::process::geteuid().as_raw();
        if ![own, 0].contains(&metadata.uid()) {
            let owner = metadata.uid();
            return Err(PrivateError::Foreign { path: path.to_owned(), owner, own });
        }
        check_mode(metadata.mode(), path, NEVER, 0o640)?;
    }
    read_open(file, path)
}

fn read_open(file: File, path: &Path) -> Result<String, PrivateError> {
    if !file.metadata().map_err(io_error("look at", path))?.is_file() {
        return Err(PrivateError::Kind { path: path.to_owned(), expected: "file" });
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(io_error("read", path))?;
    Ok(text)
}

/// Makes a file that must not be there yet: whole and durable, or not at all.
pub(crate) fn make_file(path: &Path, contents: &str) -> Result<(), PrivateError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    // What a crash left behind under this name was never used.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("remove", &unfinished)(error));
        }
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(io_error("make", &unfinished))?;
    // A umask can only take away; what is left must be exactly this.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(io_error("make", &unfinished))?;
    file.write_all(contents.as_bytes()).map_err(io_error("write", &unfinished))?;
    file.sync_all().map_err(io_error("write", &unfinished))?;
    fs::hard_link(&unfinished, path).map_err(io_error("make", path))?;
    fs::remove_file(&unfinished).map_err(io_error("remove", &unfinished))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("write", folder))
}

#[cfg(test)]
mod tests;
