//! What each row of the store holds. A row is one byte of format and then the
//! strict encoding of `protocol/SPEC.md`.
//!
//! Rows of sessions and prekeys are the archives of `msg-crypto`, as they are.

pub mod account;
pub mod contact;
pub mod group;
pub mod idempotency;
pub mod marks;
pub mod message;
pub mod outbox;
pub mod presence;
pub mod record;
pub mod settings;
pub mod upload;

use core::ops::ControlFlow;

use msg_protocol::codec;
use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    account::{AccountRow, EpochsRow, NumbersRow, RelayRow},
    contact::{Alarm, ContactRow, Place, RightRow, Standing, Trust},
    group::{CommitRow, Entrant, EntrantsRow, GroupRow, GroupStanding, HeldRow, StatementRow, Tip},
    idempotency::IdempotencyRow,
    marks::{EarlyRow, MarksRow, Sign},
    message::{
        Direction, Happened, KnownRow, Level, MessageRow, Notice, ReceiptsRow, UnreadRow, Whose,
    },
    outbox::{OutboxRow, OutboxState, Sealing},
    presence::PresenceRow,
    record::RecordRow,
    settings::{Accept, SettingsRow, TrustPolicy, Whom},
    upload::{Stamp, UploadRow},
};
use crate::{
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// The only format of rows there is.
const FORMAT: u8 = 1;

/// Most bytes of a row, read or written: more than the longest there are, groups of a
/// thousand. What input can make longer has a bound of its own below that.
pub(crate) const MAX_ROW_BYTES: usize = 1024 * 1024;

/// What a table holds.
pub trait Row: Serialize + DeserializeOwned {
    /// The table.
    const TABLE: Table;
}

/// Reads typed rows.
pub trait Read: Rows {
    /// A row.
    fn row<R: Row>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        let value = self.value(R::TABLE, key)?;
        value.map(|value| decode(&value)).transpose()
    }

    /// All rows of a table, with their keys; of a numbered one those from a key on.
    fn all<R: Row>(&self, from: &[u8]) -> Result<Vec<(Vec<u8>, R)>, StoreError> {
        let mut rows = Vec::new();
        self.each(from, |key, row| {
            rows.push((key.to_vec(), row));
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// Visits rows of a table; of a numbered one those from a key on.
    fn each<R: Row>(
        &self,
        from: &[u8],
        mut visit: impl FnMut(&[u8], R) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut failed = Ok(());
        self.scan(R::TABLE, from, &mut |key, value| match decode(value) {
            Ok(row) => visit(key, row),
            Err(error) => {
                failed = Err(error);
                ControlFlow::Break(())
            }
        })?;
        failed
    }
}

impl<R: Rows + ?Sized> Read for R {}

impl Draft<'_> {
    /// Writes a typed row. One that could not be read back is refused.
    pub fn write<R: Row>(&self, key: &[u8], row: &R) {
        match codec::try_encode(row) {
            Ok(encoded) if encoded.len() <= MAX_ROW_BYTES => {
                self.put(R::TABLE, key, [&[FORMAT], encoded.as_slice()].concat());
            }
            _ => self.refuse(R::TABLE),
        }
    }

    /// All rows of a table of which none is worth a failure: what cannot be read goes.
    pub fn all_readable<R: Row>(&self) -> Result<Vec<(Vec<u8>, R)>, StoreError> {
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        let scanned = self.scan(R::TABLE, &[], &mut |key, value| {
            match decode(value) {
                Ok(row) => found.push((key.to_vec(), row)),
                Err(_) => unreadable.push(key.to_vec()),
            }
            ControlFlow::Continue(())
        });
        match scanned {
            // The key of such a row is not to be had.
            Ok(()) | Err(StoreError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
        for key in unreadable {
            self.remove(R::TABLE, &key);
        }
        Ok(found)
    }
}

fn decode<R: Row>(value: &[u8]) -> Result<R, StoreError> {
    match value.split_first() {
        Some((&FORMAT, encoded)) => {
            codec::decode(encoded, MAX_ROW_BYTES).map_err(|_| StoreError::Damaged(R::TABLE))
        }
        Some(_) => Err(StoreError::Foreign(R::TABLE)),
        None => Err(StoreError::Damaged(R::TABLE)),
    }
}
