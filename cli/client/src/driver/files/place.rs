//! Where a file is put: written beside its name, made durable, and only then named,
//! never in the place of anything.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};

use super::FileError;
use crate::{
    driver::ClientError,
    engine::files::name::{numbered, safe_name},
};

/// Names that are tried if those before are taken.
const MAX_NUMBER: u32 = 10_000;

/// A name in a folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
    name: Name,
}

#[derive(Debug, Clone)]
enum Name {
    /// This one, or one like it if it is taken.
    Like(String),
    /// This one.
    Exactly(OsString),
}

impl Place {
    /// In a folder, under a name that others gave.
    pub(super) fn named(folder: PathBuf, given: &str) -> Self {
        Self { folder, name: Name::Like(safe_name(given)) }
    }

    /// There, and nowhere else.
    pub(super) fn exactly(path: &Path) -> Self {
        let name = path.file_name().map_or_else(OsString::new, OsString::from);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
        Self { folder, name: Name::Exactly(name) }
    }

    /// Lets `write` write a file without a name, and names it when that has
    /// succeeded; else nothing stays.
    pub(super) fn fill(
        &self,
        id: &str,
        write: impl FnOnce(&File) -> Result<(), ClientError>,
    ) -> Result<PathBuf, ClientError> {
        let new = self.new_part(id)?;
        let file = File::options().write(true).create_new(true).open(&new);
        let file = file.map_err(unwritten(self))?;
        let named = write(&file)
            .and_then(|()| Ok(file.sync_all().map_err(unwritten(self))?))
            .and_then(|()| Ok(self.take_name(&new)?));
        if named.is_err() {
            // The error that counts is the first one.
            let _ = fs::remove_file(&new);
        }
        let path = named?;
        // A folder that cannot be made durable has the file all the same.
        let _ = File::open(&self.folder).and_then(|folder| folder.sync_all());
        Ok(path)
    }

    /// Lets `write` fill a folder, and names it, or the only folder in it, when that
    /// has succeeded; else nothing stays.
    pub(super) fn fill_folder<T>(
        &self,
        id: &str,
        write: impl FnOnce(&Path) -> Result<T, ClientError>,
    ) -> Result<(PathBuf, T), ClientError> {
        let new = self.new_part(id)?;
        fs::create_dir(&new).map_err(unwritten(self))?;
        let named = write(&new).and_then(|written| {
            // All of it at once: there may be many small files.
            rustix::fs::sync();
            Ok((self.take_name(&only_folder_in(&new))?, written))
        });
        // Nothing is in it any more, or nothing that is to stay.
        let _ = fs::remove_dir_all(&new);
        named
    }

    /// The path of what has no name yet, with nothing there.
    fn new_part(&self, id: &str) -> Result<PathBuf, FileError> {
        let id: String = id.chars().take(16).collect();
        let new = self.folder.join(format!(".msg-{id}.part"));
        // What a kill left there.
        let removed = match new.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&new),
            _ => fs::remove_file(&new),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::write(&new)(error))
            }
            _ => Ok(new),
        }
    }

    fn take_name(&self, new: &Path) -> Result<PathBuf, FileError> {
        let name = match &self.name {
            Name::Exactly(name) => {
                let path = self.folder.join(name);
                return rename(new, &path).map(|()| path.clone()).map_err(FileError::write(path));
            }
            Name::Like(name) => name,
        };
        let names = (1..MAX_NUMBER).map(|number| numbered(name, number));
        for name in std::iter::once(name.clone()).chain(names) {
            let path = self.folder.join(name);
            match rename(new, &path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError::write(path)(error)),
            }
        }
        Err(FileError::Exists(self.folder.join(name)))
    }

    fn path(&self) -> PathBuf {
        match &self.name {
            Name::Like(name) => self.folder.join(name),
            Name::Exactly(name) => self.folder.join(name),
        }
    }
}

/// What is sent as a folder holds that one folder.
fn only_folder_in(folder: &Path) -> PathBuf {
    let entries: Vec<_> = folder.read_dir().into_iter().flatten().flatten().take(2).collect();
    match entries.as_slice() {
        [only] if only.file_type().is_ok_and(|kind| kind.is_dir()) => only.path(),
        _ => folder.to_owned(),
    }
}

pub(super) fn unwritten(place: &Place) -> impl Fn(io::Error) -> FileError {
    let path = place.path();
    move |error| FileError::write(&path)(error)
}

/// Gives a file a name that nothing has.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that cannot promise it can make a second name instead.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn fill(place: &Place, with: &[u8]) -> Result<PathBuf, ClientError> {
        place.fill("0123456789abcdef00", |mut file| {
            Ok(file.write_all(with).map_err(unwritten(place))?)
        })
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_overwritten_and_a_second_file_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::named(folder.path().into(), "../a.txt");
        for text in ["one", "two", "three"] {
            fill(&place, text.as_bytes()).unwrap();
        }
        assert_eq!(names(folder.path()), ["a-1.txt", "a-2.txt", "a.txt"]);
        assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"one");
        let exactly = Place::exactly(&folder.path().join("a.txt"));
        let refused = fill(&exactly, b"four");
        assert!(matches!(refused, Err(ClientError::File(FileError::Exists(_)))), "{refused:?}");
        assert_eq!(names(folder.path()).len(), 3, "and nothing is left behind");
    }

    #[test]
    fn a_link_in_the_place_leads_nowhere() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = other.path().join("target");
        for name in ["a.txt", ".msg-0123456789abcdef.part"] {
            std::os::unix::fs::symlink(&target, folder.path().join(name)).unwrap();
        }
        let place = Place::named(folder.path().into(), "a.txt");
        assert_eq!(fill(&place, b"one").unwrap(), folder.path().join("a-1.txt"));
        assert!(!target.exists());
    }

    #[test]
    fn what_was_not_written_whole_gets_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::named(folder.path().into(), "a.txt");
        let refused = place.fill("0123456789abcdef00", |mut file| {
            file.write_all(b"half").unwrap();
            Err(FileError::Altered.into())
        });
        assert!(refused.is_err());
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
