//! Folders and files that nobody else may read: made so from the first moment,
//! and refused where they are not.
//!
//! Modes and owners are checked on what is open, never on a name that may lead
//! elsewhere a moment later; a last name that is a link leads nowhere at all.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};
use zeroize::Zeroizing;

/// All that anybody but the owner could do.
const NOBODY_ELSE: u32 = 0o077;

/// Far more than any small file of an account has.
const MAX_BYTES: u64 = 64 * 1024;

/// Why something is not private. The environment's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
        source: Errno,
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
    #[error("{path} belongs to user {owner} and not to user {own}, who runs this", path = path.display())]
    Foreign {
        /// What.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        own: u32,
    },
    /// It is something else, such as a link or a pipe.
    #[error("{path} is not a {expected}", path = path.display())]
    Kind {
        /// What.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// It has a second name, under which it may be changed or read.
    #[error("{path} has another name as well (a hard link)", path = path.display())]
    Linked {
        /// What.
        path: PathBuf,
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

    /// Whether there is no room on the disk.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_full(*source))
    }

    pub(crate) fn io(verb: &'static str, path: &Path, source: &io::Error) -> Self {
        Self::errno(verb, path, Errno::from_io_error(source).unwrap_or(Errno::IO))
    }

    fn errno(verb: &'static str, path: &Path, source: Errno) -> Self {
        Self::Io { verb, path: path.to_owned(), source }
    }
}

/// Whether the system says that the disk, or our share of it, is full.
pub(crate) fn is_full(error: Errno) -> bool {
    matches!(error, Errno::NOSPC | Errno::DQUOT)
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

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateError {
    move |error| PrivateError::io(verb, path, &error)
}

/// Opens something by its own name; `None` if it is not there.
fn open_as(
    path: &Path,
    flags: OFlags,
    expected: &'static str,
) -> Result<Option<File>, PrivateError> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(opened) => Ok(Some(File::from(opened))),
        Err(Errno::NOENT) => Ok(None),
        // A link, or in the place of a folder anything else; a folder or a socket.
        Err(Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO) => {
            Err(PrivateError::Kind { path: path.to_owned(), expected })
        }
        Err(error) => Err(PrivateError::errno("open", path, error)),
    }
}

/// Makes a folder if it is not there, with those above it, and checks it.
pub fn make_folder(path: &Path) -> Result<(), PrivateError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed("make", path)(error));
        }
        _ => {}
    }
    check_folder(path).map(|_| ())
}

/// Checks a folder; says whether it is there.
pub fn check_folder(path: &Path) -> Result<bool, PrivateError> {
    let Some(folder) = open_as(path, OFlags::RDONLY | OFlags::DIRECTORY, "folder")? else {
        return Ok(false);
    };
    check(&folder, path, 0o700)?;
    Ok(true)
}

/// Refuses what is not ours, or lets others at it.
fn check(file: &File, path: &Path, proper: u32) -> Result<fs::Metadata, PrivateError> {
    let metadata = file.metadata().map_err(failed("look at", path))?;
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(PrivateError::Foreign { path: path.to_owned(), owner: metadata.uid(), own });
    }
    let mode = metadata.mode() & 0o777;
    if mode & NOBODY_ELSE != 0 {
        return Err(PrivateError::Loose { path: path.to_owned(), mode, proper });
    }
    Ok(metadata)
}

/// Opens a file that only we may read, to read it and to write in place; `None` if
/// it is not there.
pub fn open(path: &Path) -> Result<Option<File>, PrivateError> {
    let Some(file) = open_as(path, OFlags::RDWR, "file")? else { return Ok(None) };
    let is_file = file.metadata().map_err(failed("look at", path))?.is_file();
    if !is_file {
        return Err(PrivateError::Kind { path: path.to_owned(), expected: "file" });
    }
    if check(&file, path, 0o600)?.nlink() > 1 {
        return Err(PrivateError::Linked { path: path.to_owned() });
    }
    Ok(Some(file))
}

/// Makes a file that must not be there yet.
pub fn create(path: &Path) -> Result<File, PrivateError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
    made.map(File::from).map_err(|error| PrivateError::errno("make", path, error))
}

/// Reads a small file that only we may read; `None` if it is not there.
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateError> {
    let Some(file) = open(path)? else { return Ok(None) };
    // At full size from the start, so that growing leaves no copy behind.
    let length = file.metadata().map_err(failed("look at", path))?.len().min(MAX_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(Some(bytes))
}

/// Gives a small file new contents: durable, and at every moment the old ones or
/// the new ones. The old ones are overwritten where they lay.
pub fn replace(path: &Path, contents: &[u8]) -> Result<(), PrivateError> {
    let old = open(path)?;
    let new = beside(path);
    // What a crash left under this name was never used.
    remove(&new)?;
    write_new(&new, contents).inspect_err(|_| {
        // The error that counts is the first one.
        let _ = remove(&new);
    })?;
    fs::rename(&new, path).map_err(failed("replace", path))?;
    sync_folder_of(path)?;
    old.map_or(Ok(()), |old| overwrite(old).map_err(failed("overwrite", path)))
}

fn write_new(path: &Path, contents: &[u8]) -> Result<(), PrivateError> {
    let mut file = create(path)?;
    file.write_all(contents).and_then(|()| file.sync_all()).map_err(failed("write", path))
}

fn overwrite(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len().min(MAX_BYTES);
    file.write_all(&vec![0; usize::try_from(length).unwrap_or(0)])?;
    file.sync_data()
}

/// The name of what is to become the file of that name.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Removes a file if it is there.
pub fn remove(path: &Path) -> Result<(), PrivateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder of files if it is there.
pub fn remove_folder(path: &Path) -> Result<(), PrivateError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Makes a file durable.
pub(crate) fn sync(path: &Path) -> Result<(), PrivateError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed("sync", path))
}

/// Makes the names in the folder of a file durable.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), PrivateError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

#[cfg(test)]
mod tests;
