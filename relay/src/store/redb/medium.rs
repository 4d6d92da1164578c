//! Where the bytes of a store are: a folder, or whatever a test puts under the
//! engine. A medium can be opened again and again: after a failed write the
//! engine trusts nothing that the old handle says.

use std::{
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use redb::{Builder, Database, DatabaseError};

use super::OpenError;

/// The store's file in its folder.
pub(crate) const FILE: &str = "store.redb";
const NEW_FILE: &str = "store.redb.new-";
const BALLAST: &str = "ballast";

/// Room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that can still be written.
    pub free: u64,
    /// Bytes of the whole.
    pub total: u64,
}

/// Where the bytes of a store are.
pub trait Medium: fmt::Debug + Send + Sync + 'static {
    /// Opens the store that is there.
    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError>;

    /// Bytes that the store takes.
    fn bytes(&self) -> u64;

    /// Room on the disk, if that is known.
    fn space(&self) -> Option<Space>;

    /// Whether a ballast of that many bytes is there.
    fn has_ballast(&self, bytes: u64) -> bool;

    /// Allocates a ballast of that many bytes, if it is not there.
    fn take_ballast(&self, bytes: u64) -> io::Result<()>;

    /// Gives the ballast up; says whether there was one.
    fn give_up_ballast(&self) -> bool;
}

/// A folder on a disk.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// The store's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    /// Makes the folder if it is not there.
    pub(crate) fn make(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    /// Makes the store's file: filled under another name, durable, and only then
    /// named. An existing one is left as it is.
    pub(crate) fn create_file<E: From<io::Error>>(
        &self,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let new = self.0.join(format!("{NEW_FILE}{}", std::process::id()));
        remove_if_there(&new)?;
        let made = fill(&new).and_then(|()| {
            File::open(&new)?.sync_all()?;
            match fs::hard_link(&new, self.file()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
                linked => linked?,
            }
            Ok(())
        });
        let removed = remove_if_there(&new);
        made?;
        removed?;
        Ok(self.sync()?)
    }

    /// Removes what creations that were cut off have left.
    pub(crate) fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(NEW_FILE) {
                remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Refuses where there is a store already.
    pub(crate) fn refuse_second(&self) -> Result<(), OpenError> {
        let path = self.file();
        match path.try_exists() {
            Ok(false) => Ok(()),
            Ok(true) => Err(OpenError::Exists { path }),
            Err(error) => Err(OpenError::io(&path, error)),
        }
    }

    /// Removes the store, its ballast, and what creations have left; gives what is
    /// gone. The store's own file goes first: without it there is nothing to read.
    pub(crate) fn remove_all(&self) -> io::Result<Vec<PathBuf>> {
        let mut gone = Vec::new();
        for path in [self.file(), self.0.join(BALLAST)] {
            if path.try_exists()? {
                remove_if_there(&path)?;
                gone.push(path);
            }
        }
        self.clear()?;
        self.sync()?;
        Ok(gone)
    }

    /// Makes the folder's names durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        sync_folder(&self.0)
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a file that must not exist, for its owner alone.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Removes a file if there is one.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

impl Medium for Folder {
    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        builder.open(self.file())
    }

    fn bytes(&self) -> u64 {
        const BLOCK_BYTES: u64 = 512;
        let bytes = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.blocks());
        bytes(self.file()) * BLOCK_BYTES
    }

    fn space(&self) -> Option<Space> {
        let found = rustix::fs::statvfs(&self.0).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Space { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
    }

    fn has_ballast(&self, bytes: u64) -> bool {
        bytes == 0 || fs::metadata(self.0.join(BALLAST)).is_ok_and(|file| file.len() >= bytes)
    }

    fn take_ballast(&self, bytes: u64) -> io::Result<()> {
        if self.has_ballast(bytes) {
            return Ok(());
        }
        let path = self.0.join(BALLAST);
        remove_if_there(&path)?;
        let file = new_file(&path)?;
        let allocated = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes);
        if allocated.is_err() {
            // Part of a ballast is no ballast.
            remove_if_there(&path)?;
        }
        Ok(allocated?)
    }

    fn give_up_ballast(&self) -> bool {
        let gone = fs::remove_file(self.0.join(BALLAST)).is_ok();
        // Only the room matters: if the name outlives a power loss, so does the ballast.
        let _ = self.sync();
        gone
    }
}
