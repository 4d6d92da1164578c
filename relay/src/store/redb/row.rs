//! How a row becomes bytes: its encoding, then 16 bytes of a hash over table,
//! key and encoding. redb checks nothing when it reads: a row authenticates
//! itself, at its place.

use msg_protocol::codec;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::table::Table;

/// Bytes of the checksum behind a row.
const TAG_BYTES: usize = 16;

/// Most bytes of a row's encoding: a sealed record with its revision, a blob's
/// pieces, a card.
const MAX_ROW_BYTES: usize = 128 * 1024;

/// What a table holds.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// The table.
    const TABLE: Table;
}

/// The bytes that are stored.
pub(crate) fn seal<R: Row>(key: &[u8], row: &R) -> Vec<u8> {
    let mut bytes = codec::encode(row);
    let tag = tag(R::TABLE, key, &bytes);
    bytes.extend_from_slice(&tag);
    bytes
}

/// The row, if the bytes are what was written there.
pub(crate) fn open<R: Row>(key: &[u8], stored: &[u8]) -> Option<R> {
    let (bytes, found) = stored.split_last_chunk::<TAG_BYTES>()?;
    if tag(R::TABLE, key, bytes) != *found {
        return None;
    }
    codec::decode(bytes, MAX_ROW_BYTES).ok()
}

/// Whether the bytes are what was written there, whatever they say.
pub(crate) fn is_authentic(table: Table, key: &[u8], stored: &[u8]) -> bool {
    stored
        .split_last_chunk::<TAG_BYTES>()
        .is_some_and(|(bytes, found)| tag(table, key, bytes) == *found)
}

fn tag(table: Table, key: &[u8], bytes: &[u8]) -> [u8; TAG_BYTES] {
    let mut hash = Sha256::new();
    hash.update(table.name());
    hash.update([0]);
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(bytes);
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redb::rows::NameRow;

    #[test]
    fn a_row_is_read_only_at_its_place_and_as_it_was_written() {
        let row = NameRow(msg_protocol::id::AccountId([7; 16]));
        let stored = seal(b"bob", &row);
        assert_eq!(open::<NameRow>(b"bob", &stored), Some(row));
        assert_eq!(open::<NameRow>(b"eve", &stored), None);
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open::<NameRow>(b"bob", &flipped), None, "bit {bit}");
        }
        for length in 0..stored.len() {
            assert_eq!(open::<NameRow>(b"bob", &stored[..length]), None);
        }
    }
}
