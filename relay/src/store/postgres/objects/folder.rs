//! A folder of this machine: what its objects need beside being written.
//!
//! The file and its own folder are synced by whoever writes the object. That they
//! can be found after a power cut is kept here: the folders above are made private,
//! and synced before a piece counts as kept, whoever made them.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use data_encoding::HEXLOWER;
use object_store::{ObjectStore, local::LocalFileSystem};

use super::{ObjectsError, io_outcome};
use crate::{
    private,
    store::{Result, StoreError},
};

/// How often a folder is removed anew in which something was put meanwhile.
const REMOVALS: usize = 3;

/// A folder of objects.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it if it is not there; refuses it if others can get at it.
    pub(super) fn open(
        path: PathBuf,
    ) -> core::result::Result<(Self, Arc<dyn ObjectStore>), ObjectsError> {
        private::make_folder(&path)?;
        let cannot = |source| {
            let path = path.clone();
            ObjectsError::Folder(private::PrivateError::Io { verb: "make", path, source })
        };
        for first in 0..=u8::MAX {
            make(&path.join(HEXLOWER.encode(&[first]))).map_err(cannot)?;
        }
        sync(&path).map_err(cannot)?;
        // Who made the folder itself may not have synced where it stands.
        path.parent().map_or(Ok(()), sync).map_err(cannot)?;
        let store = LocalFileSystem::new_with_prefix(&path)
            .map_err(|error| ObjectsError::Bucket(error.to_string()))?
            .with_fsync(true);
        Ok((Self(path), Arc::new(store)))
    }

    /// Makes the folder of a place, durably.
    pub(super) async fn make_room(&self, place: [u8; 32]) -> Result<()> {
        let (drawer, folder) = self.folders(place);
        blocking(move || {
            make(&folder)?;
            // Even if it was there: whoever made it may not have come to this.
            sync(&drawer)
        })
        .await
    }

    /// Removes the folder of a place with all that is in it, finished or not.
    pub(super) async fn remove(&self, place: [u8; 32]) -> Result<()> {
        let (drawer, folder) = self.folders(place);
        blocking(move || {
            for _ in 1..REMOVALS {
                match remove(&folder) {
                    Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => (),
                    other => return other.and_then(|()| sync(&drawer)),
                }
            }
            remove(&folder)?;
            sync(&drawer)
        })
        .await
    }

    fn folders(&self, place: [u8; 32]) -> (PathBuf, PathBuf) {
        let name = HEXLOWER.encode(&place);
        let drawer = self.0.join(name.chars().take(2).collect::<String>());
        let folder = drawer.join(name);
        (drawer, folder)
    }
}

fn make(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

async fn blocking(act: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
    let done = tokio::task::spawn_blocking(act).await.map_err(|_| StoreError::Unavailable)?;
    done.map_err(|error| io_outcome(&error))
}
