//! A folder for a test, which goes when the test does.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// A private folder with nothing in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes it; the name sets it apart from other tests' folders.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("msg-relay-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
