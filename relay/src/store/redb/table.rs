//! The tables of the embedded store, and how rows are read from them.
//!
//! All have byte strings as keys and values, so that one codec serves. Numbers
//! in keys are big-endian: the order of the bytes is the order of the numbers.

use core::{cell::RefCell, ops::ControlFlow};
use std::cell::OnceCell;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition};

use super::row::{self, Row};
use crate::store::{Result, StoreError};

macro_rules! tables {
    ($($name:ident $text:literal, $about:literal;)*) => {
        /// A table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Table {
            $(#[doc = $about] $name,)*
        }

        impl Table {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the file.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

tables! {
    Meta "meta", "What is true of the store as a whole, by name.";
    Names "names", "Account names: the account's id.";
    Accounts "accounts", "Accounts by their ids.";
    Cards "cards", "Account, version: the signed card.";
    Devices "devices", "Account, device: credential, counter, number of pairs.";
    Usage "usage", "Account: what its records and blobs take.";
    Prekeys "prekeys", "Account, device, kind, number: the signed prekey.";
    Rights "rights", "Account, right: tickets and tokens.";
    Invites "invites", "Invitations by their ids.";
    Records "records", "Account, record: the sealed record.";
    Blobs "blobs", "Blobs by their ids: owner, length, which pieces are there.";
    AccountBlobs "account-blobs", "Account, blob: that it is the account's. No values.";
    Chunks "chunks", "Blob, index: checksum and beginning of a piece.";
    ChunkRests "chunk-rests", "Blob, index: the rest of the piece.";
    Mailboxes "mailboxes", "Mailbox, kind, …: counters, index of sequences, index of ids.";
    Heads "heads", "Sequence, mailbox: what an envelope is, its checksum, the beginning of its body.";
    Rests "rests", "Sequence, mailbox: the rest of the body.";
    Expiry "expiry", "Second, kind, key: what is forgotten then. No values.";
    Aside "aside", "Table, key: rows that were found damaged.";
}

/// How many there are.
pub(crate) const TABLES: usize = Table::ALL.len();

/// How redb knows a table.
pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

impl Table {
    /// How redb knows it.
    pub(crate) const fn definition(self) -> Definition {
        TableDefinition::new(self.name())
    }

    /// Its place in [`Table::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// Puts a key together.
pub(crate) fn key(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// What a scan does with each row: its key, its value, as they are stored.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// The store at one moment, read-only or inside a write transaction.
pub(crate) trait View {
    /// The stored bytes of a row.
    fn stored(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Visits the rows whose keys begin with `prefix`, from the key `from` on.
    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<()>;

    /// Remembers a row that is not what was written.
    fn note_damaged(&self, table: Table, key: &[u8]);

    /// A row, checked.
    fn row<R: Row>(&self, key: &[u8]) -> Result<Option<R>> {
        let Some(stored) = self.stored(R::TABLE, key)? else { return Ok(None) };
        self.opened(key, &stored).map(Some)
    }

    /// Checks and decodes a row that has been read.
    fn opened<R: Row>(&self, key: &[u8], stored: &[u8]) -> Result<R> {
        row::open(key, stored).ok_or_else(|| {
            self.note_damaged(R::TABLE, key);
            StoreError::Damaged
        })
    }

    /// Keys that begin with `prefix`, from `from` on, at most `limit`.
    fn keys(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Vec<u8>>> {
        let mut keys = Vec::new();
        self.scan(table, prefix, from, &mut |key, _| {
            if keys.len() == limit {
                return ControlFlow::Break(());
            }
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        Ok(keys)
    }

    /// Rows whose keys begin with `prefix`, from `from` on, at most `limit`, each
    /// with its key. Damaged ones are noted and left out.
    fn rows<R: Row>(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, R)>> {
        let mut rows = Vec::new();
        self.scan(R::TABLE, prefix, from, &mut |key, stored| {
            if rows.len() == limit {
                return ControlFlow::Break(());
            }
            if let Ok(row) = self.opened::<R>(key, stored) {
                rows.push((key.to_vec(), row));
            }
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }
}

/// What redb's errors mean to who asked.
pub(crate) fn outcome_of(error: &redb::Error) -> StoreError {
    match error {
        redb::Error::Io(error) if error.raw_os_error() == Some(NO_SPACE) => StoreError::Full,
        redb::Error::Corrupted(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableDoesNotExist(_) => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}

/// `ENOSPC`.
const NO_SPACE: i32 = rustix::io::Errno::NOSPC.raw_os_error();

/// Rows that were found damaged: table and key.
pub(crate) type Damage = Vec<(Table, Vec<u8>)>;

/// What went wrong while reading: rows, and the engine itself.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Rows.
    pub(crate) damage: RefCell<Damage>,
    /// The engine: it must be opened anew.
    pub(crate) broken: core::cell::Cell<Option<StoreError>>,
}

/// Rows that one reading remembers as damaged; the rest is found by the next.
const MAX_NOTED: usize = 64;

impl Findings {
    /// Remembers a damaged row.
    pub(crate) fn note(&self, table: Table, key: &[u8]) {
        let mut damage = self.damage.borrow_mut();
        if damage.len() < MAX_NOTED {
            damage.push((table, key.to_vec()));
        }
    }

    /// Remembers that the engine failed.
    pub(crate) fn fail(&self, error: impl Into<redb::Error>) -> StoreError {
        let outcome = outcome_of(&error.into());
        self.broken.set(Some(outcome));
        outcome
    }
}

/// The store as it was last committed.
pub(crate) struct Snapshot {
    transaction: ReadTransaction,
    open: [OnceCell<ReadOnlyTable<&'static [u8], &'static [u8]>>; TABLES],
    /// What went wrong.
    pub(crate) findings: Findings,
}

impl Snapshot {
    /// What was committed last.
    pub(crate) fn new(transaction: ReadTransaction) -> Self {
        Self {
            transaction,
            open: [const { OnceCell::new() }; TABLES],
            findings: Findings::default(),
        }
    }

    fn table(&self, table: Table) -> Result<&ReadOnlyTable<&'static [u8], &'static [u8]>> {
        let cell = self.open.get(table.index()).ok_or(StoreError::Damaged)?;
        if let Some(open) = cell.get() {
            return Ok(open);
        }
        let open = self
            .transaction
            .open_table(table.definition())
            .map_err(|error| self.findings.fail(error))?;
        Ok(cell.get_or_init(|| open))
    }
}

impl View for Snapshot {
    fn stored(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        stored_in(self.table(table)?, key, &self.findings)
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<()> {
        scan_in(self.table(table)?, prefix, from, visit, &self.findings)
    }

    fn note_damaged(&self, table: Table, key: &[u8]) {
        self.findings.note(table, key);
    }
}

/// Reads a row of an open table.
pub(crate) fn stored_in(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
    findings: &Findings,
) -> Result<Option<Vec<u8>>> {
    let row = table.get(key).map_err(|error| findings.fail(error))?;
    Ok(row.map(|row| row.value().to_vec()))
}

/// Visits rows of an open table.
pub(crate) fn scan_in(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    prefix: &[u8],
    from: &[u8],
    visit: Visit<'_>,
    findings: &Findings,
) -> Result<()> {
    let start = from.max(prefix);
    for row in table.range::<&[u8]>(start..).map_err(|error| findings.fail(error))? {
        let (key, value) = row.map_err(|error| findings.fail(error))?;
        if !key.value().starts_with(prefix) || visit(key.value(), value.value()).is_break() {
            break;
        }
    }
    Ok(())
}
