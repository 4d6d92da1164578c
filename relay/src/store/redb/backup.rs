//! Copies: a backup beside a running relay, and a store made of one.

use core::ops::ControlFlow;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, ReadOnlyDatabase, ReadableDatabase as _};

use super::{
    check, format,
    format::OpenError,
    medium::{Folder, new_file, remove_if_there, sync_folder},
    table::{Snapshot, Table, View as _, outcome_of},
};
use crate::store::{Result, StoreError};

/// Rows of one commit of a copy.
const COPIED_AT_A_TIME: usize = 4_096;
const COPY_CACHE_BYTES: usize = 16 * 1024 * 1024;

fn unavailable<E>(_: E) -> StoreError {
    StoreError::Unavailable
}

/// Writes all rows of a snapshot to a new file; gives its bytes. The file has
/// its name only when it is whole and durable.
pub(super) fn copy(view: &Snapshot, to: &Path) -> Result<u64> {
    let name = to.file_name().ok_or(StoreError::Unavailable)?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    if to.try_exists().map_err(unavailable)? {
        return Err(StoreError::Unavailable);
    }
    let mut new = name.to_owned();
    new.push(format!(".new-{}", std::process::id()));
    let new = folder.join(new);
    remove_if_there(&new).map_err(unavailable)?;
    let copied = fill(view, &new).and_then(|()| {
        let file = File::open(&new).map_err(unavailable)?;
        file.sync_all().map_err(unavailable)?;
        // Unlike a rename, it takes nobody's place.
        fs::hard_link(&new, to).map_err(unavailable)?;
        Ok(file.metadata().map_err(unavailable)?.len())
    });
    let removed = remove_if_there(&new);
    let bytes = copied?;
    removed.map_err(unavailable)?;
    sync_folder(&folder).map_err(unavailable)?;
    Ok(bytes)
}

fn fill(view: &Snapshot, new: &Path) -> Result<()> {
    let file = new_file(new).map_err(unavailable)?;
    let failed = |error: redb::Error| outcome_of(&error);
    let mut builder = Builder::new();
    builder.set_cache_size(COPY_CACHE_BYTES);
    let database = format::create(&builder, file).map_err(|error| failed(error.into()))?;
    for table in Table::ALL {
        copy_table(view, &database, *table)?;
    }
    Ok(())
}

fn copy_table(view: &Snapshot, database: &Database, table: Table) -> Result<()> {
    let failed = |error: redb::Error| outcome_of(&error);
    let mut from = Vec::new();
    loop {
        let mut rows = Vec::new();
        view.scan(table, &[], &from, &mut |key, stored| {
            rows.push((key.to_vec(), stored.to_vec()));
            if rows.len() == COPIED_AT_A_TIME {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        let transaction = format::begin(database).map_err(failed)?;
        {
            let mut open =
                transaction.open_table(table.definition()).map_err(|error| failed(error.into()))?;
            for (key, stored) in &rows {
                open.insert(key.as_slice(), stored.as_slice())
                    .map_err(|error| failed(error.into()))?;
            }
        }
        transaction.commit().map_err(|error| failed(error.into()))?;
        match rows.pop() {
            Some((last, _)) if rows.len() + 1 == COPIED_AT_A_TIME => {
                from = last;
                from.push(0);
            }
            _ => return Ok(()),
        }
    }
}

/// Makes a store of a backup that is whole, in a folder without one.
pub(super) fn restore(backup: &Path, folder: &Folder) -> core::result::Result<(), OpenError> {
    let path = folder.file();
    folder.make().map_err(|error| OpenError::io(&path, error))?;
    folder.refuse_second()?;
    examine(backup)?;
    folder
        .create_file(|new| -> io::Result<()> {
            let mut from = File::open(backup)?;
            io::copy(&mut from, &mut new_file(new)?).map(|_| ())
        })
        .map_err(|error| OpenError::io(&path, error))
}

/// A backup is a store in which everything is well.
fn examine(backup: &Path) -> core::result::Result<(), OpenError> {
    let database = ReadOnlyDatabase::open(backup).map_err(|error| OpenError::of(backup, error))?;
    let transaction = database.begin_read().map_err(|_| OpenError::damaged(backup))?;
    let view = Snapshot::new(transaction);
    let mut recognised = Ok(None);
    let checked = super::engine::contained(|| {
        recognised = format::recognise(&view, backup);
        check::check(&view)
    });
    recognised?;
    match checked {
        Ok(checked) if checked.faults.is_empty() => Ok(()),
        _ => Err(OpenError::damaged(backup)),
    }
}
