//! How a store begins, and how an existing one is recognised.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, DatabaseError, backends::FileBackend};

use super::{
    batch::{Batch, COUNTERS},
    medium::{Folder, new_file},
    rows::{Counters, Secret, Text},
    table::{Snapshot, Table, View as _},
};
use crate::{random, store::StoreError};

/// The name of this layout of rows. Another one is refused.
const FORMAT: &str = "msg-relay store 3";
const FORMAT_KEY: &[u8] = b"format";
pub(super) const SECRET_KEY: &[u8] = b"secret";

/// Why a store cannot be opened. Nothing has been changed, and nothing removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("another relay runs on {}", .path.display())]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// The file is no store that this relay knows.
    #[error("{} holds a store of another format: {found}", .path.display())]
    Format {
        /// The store's file.
        path: PathBuf,
        /// What it says it is.
        found: String,
    },
    /// The file is not what was written.
    #[error("the store {} is damaged; `msg-relay restore` makes one from a backup", .path.display())]
    Damaged {
        /// The store's file.
        path: PathBuf,
    },
    /// There is a store already where one is to be made.
    #[error("{} is there already", .path.display())]
    Exists {
        /// The store's file.
        path: PathBuf,
    },
    /// A move into it has not ended.
    #[error("{} is filled by `msg-relay migrate`, which has not ended", .path.display())]
    Arriving {
        /// The store's file.
        path: PathBuf,
    },
    /// The disk said no.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The store's file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path) -> Self {
        Self::Damaged { path: path.to_owned() }
    }

    pub(super) fn of(path: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse { path: path.to_owned() },
            DatabaseError::Storage(redb::StorageError::Io(source))
                if source.kind() != io::ErrorKind::InvalidData
                    && source.kind() != io::ErrorKind::UnexpectedEof =>
            {
                Self::io(path, source)
            }
            _ => Self::damaged(path),
        }
    }
}

/// An error on the way to a new store, whose path is not known yet.
enum Making {
    Io(io::Error),
    Redb(redb::Error),
}

impl From<io::Error> for Making {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Sees to it that there is a store in the folder.
pub(super) fn prepare(folder: &Folder) -> Result<(), OpenError> {
    let path = folder.file();
    folder.make().map_err(|error| OpenError::io(&path, error))?;
    if path.try_exists().map_err(|error| OpenError::io(&path, error))? {
        return Ok(());
    }
    let made = folder.create_file(|new| {
        let file = new_file(new)?;
        let database = create(&Builder::new(), file).map_err(|error| Making::Redb(error.into()))?;
        initialise(&database).map_err(Making::Redb)
    });
    made.map_err(|error| match error {
        Making::Io(error) | Making::Redb(redb::Error::Io(error)) => OpenError::io(&path, error),
        Making::Redb(_) => OpenError::damaged(&path),
    })
}

/// Makes an empty database in an empty file.
pub(super) fn create(builder: &Builder, file: File) -> Result<Database, DatabaseError> {
    builder.create_with_backend(FileBackend::new(file)?)
}

/// Makes an empty database a store.
pub(crate) fn initialise(database: &Database) -> Result<(), redb::Error> {
    let transaction = begin(database)?;
    for table in Table::ALL {
        transaction.open_table(table.definition())?;
    }
    let secret = random::bytes().map_err(|error| redb::Error::Io(io::Error::other(error)))?;
    let write = || -> Result<(), StoreError> {
        let mut batch = Batch::new(&transaction)?;
        batch.put(FORMAT_KEY, &Text(FORMAT.to_owned()))?;
        batch.put(SECRET_KEY, &Secret(secret))?;
        batch.put(COUNTERS, &Counters::default())
    };
    write().map_err(|error| redb::Error::Io(io::Error::other(error)))?;
    Ok(transaction.commit()?)
}

/// Begins to write, the one way in which this engine does.
pub(super) fn begin(database: &Database) -> Result<redb::WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Recognises a store; gives its secret, if that is still readable.
pub(super) fn recognise(view: &Snapshot, path: &Path) -> Result<Option<[u8; 32]>, OpenError> {
    let damaged = |_| OpenError::damaged(path);
    match view.row::<Text>(FORMAT_KEY).map_err(damaged)? {
        Some(Text(found)) if found == FORMAT => (),
        Some(Text(found)) => return Err(OpenError::Format { path: path.to_owned(), found }),
        None => return Err(OpenError::damaged(path)),
    }
    Ok(view.row::<Secret>(SECRET_KEY).ok().flatten().map(|Secret(secret)| secret))
}

/// Keeps another secret in the place of an unreadable one.
pub(super) fn renew_secret(batch: &mut Batch<'_>, secret: [u8; 32]) -> Result<(), StoreError> {
    batch.counters.damaged += 1;
    batch.put(SECRET_KEY, &Secret(secret))
}
