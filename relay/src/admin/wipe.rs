//! `msg-relay wipe`: the end of a store. It asks on a terminal, and refuses while a
//! relay runs.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
};

use super::{command::OperationError, report::Report};
use crate::{output, private, startup::DataLock, store::redb::Redb, tls};

/// Bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 4_096;

/// Deletes the store in a folder and, with `key`, the relay's own key.
pub(super) fn wipe(folder: &Path, key: bool, yes: bool) -> Result<Report, OperationError> {
    if !folder.is_dir() {
        return Err(OperationError::NoFolder(folder.to_owned()));
    }
    private::make_folder(folder)?;
    let _lock = DataLock::take(folder)?;
    if !yes {
        agree(folder)?;
    }
    let mut gone = Redb::remove(folder)?;
    if key {
        gone.extend(tls::remove_own(folder)?);
    }
    let shown = |path: PathBuf| path.to_string_lossy().into_owned();
    Ok(Report::Wiped { files: gone.into_iter().map(shown).collect() })
}

/// Whoever types the folder's name knows which relay it is.
fn agree(folder: &Path) -> Result<(), OperationError> {
    if !io::stdin().is_terminal() {
        return Err(OperationError::Unasked);
    }
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    output::talk(&format!(
        "all accounts and all mail in {} will be deleted for good; type {} to go on: ",
        output::shown(&folder.to_string_lossy()),
        output::shown(&name),
    ));
    let mut answer = String::new();
    let stdin = io::stdin().lock();
    io::Read::take(stdin, MAX_ANSWER_BYTES)
        .read_line(&mut answer)
        .map_err(OperationError::Stdin)?;
    if answer.trim() == name { Ok(()) } else { Err(OperationError::Disagreed) }
}
