//! Values as columns hold them. A column that holds anything else is damaged.

use msg_protocol::codec;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::{Row, types::FromSql};
use tracing::warn;

use super::failure::Failure;
use crate::store::StoreError;

/// No encoded value that is kept is longer.
const MAX_BYTES: usize = 1 << 20;

/// What a column holds that is not what was written.
pub(super) const DAMAGED: Failure = Failure::Refused(StoreError::Damaged);

/// A number, which a `bigint` holds; one beyond it is the largest it can hold.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What those rows say that can be read. Of a list that is not about one row, a damaged
/// one spoils nothing.
pub(super) fn legible<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, Failure>) -> Vec<T> {
    let legible: Vec<T> = rows.iter().filter_map(|row| read(row).ok()).collect();
    let damaged = rows.len() - legible.len();
    if damaged > 0 {
        warn!(count = damaged, "damaged rows are passed over; `msg-relay check` names them");
    }
    legible
}

/// A value as bytes.
pub(super) fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    codec::encode(value)
}

/// What a column holds.
pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, Failure> {
    row.try_get(column).map_err(|_| DAMAGED)
}

/// A number that a `bigint` holds.
pub(super) fn number_in(row: &Row, place: usize) -> Result<u64, Failure> {
    u64::try_from(column::<i64>(row, place)?).map_err(|_| DAMAGED)
}

/// An id of `N` bytes.
pub(super) fn id_in<const N: usize>(row: &Row, place: usize) -> Result<[u8; N], Failure> {
    column::<&[u8]>(row, place)?.try_into().map_err(|_| DAMAGED)
}

/// A number that may be left out.
pub(super) fn optional_number_in(row: &Row, place: usize) -> Result<Option<u64>, Failure> {
    let number = column::<Option<i64>>(row, place)?;
    number.map(u64::try_from).transpose().map_err(|_| DAMAGED)
}

/// A value that lies as bytes.
pub(super) fn value_in<T: Serialize + DeserializeOwned>(
    row: &Row,
    place: usize,
) -> Result<T, Failure> {
    decoded(column::<&[u8]>(row, place)?)
}

/// A value that lies as bytes and may be left out.
pub(super) fn optional_value_in<T: Serialize + DeserializeOwned>(
    row: &Row,
    place: usize,
) -> Result<Option<T>, Failure> {
    column::<Option<&[u8]>>(row, place)?.map(decoded).transpose()
}

fn decoded<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    codec::decode(bytes, MAX_BYTES).map_err(|_| DAMAGED)
}
