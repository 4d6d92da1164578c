//! Where servers keep what they store during a measurement: a folder on the disk
//! that cargo builds on, removed at the end.

use std::{env, fs, io, path::PathBuf};

use tempfile::TempDir;

/// A new folder beside the program that measures.
pub(crate) fn new(what: &str) -> io::Result<TempDir> {
    let beside = program_folder()?.join("bench-relay");
    fs::create_dir_all(&beside)?;
    tempfile::Builder::new().prefix(what).tempdir_in(beside)
}

/// The folder of the programs that were built with this one.
pub(crate) fn program_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    program.parent().map(PathBuf::from).ok_or_else(|| io::Error::other("no folder of programs"))
}
