//! The first row of a store: which version it is, and of which generation.
//!
//! The generation stands in the open, since without it nothing can be opened; the
//! version is sealed as that generation. `crypto/SPEC.md` §11.

use msg_crypto::at_rest::Place;
use msg_protocol::base32;
use rand_core::CryptoRng;
use redb::TableDefinition;

use crate::{store::Table, unlock::StoreKey};

/// The only table whose name is no hash.
pub(super) const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("format");
pub(super) const KEY: &[u8] = b"store";

/// The version of this layout of rows.
pub(super) const VERSION: u32 = 1;
const MAGIC: &[u8] = b"msg-store";
const PLACE: Place<'static> = Place { table: "format", key: KEY };
const NAME_BYTES: usize = 16;

/// What the first row says, or why it says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// This version, under the key that we have.
    Ours,
    /// That version.
    OtherVersion(u32),
    /// Sealed under another key, as another generation.
    OtherGeneration,
    /// Not what was written.
    Damaged,
}

/// The generation of a store.
pub(super) fn generation(row: &[u8]) -> Option<u64> {
    row.first_chunk().copied().map(u64::from_be_bytes)
}

/// The first row of a store under that key.
pub(super) fn seal<R: CryptoRng + ?Sized>(key: &StoreKey, version: u32, rng: &mut R) -> Vec<u8> {
    let text = [MAGIC, &version.to_be_bytes()].concat();
    let sealed = key.data().seal_row(PLACE, key.generation(), &text, rng);
    [&key.generation().to_be_bytes(), sealed.as_slice()].concat()
}

/// Reads the first row.
pub(super) fn open(key: &StoreKey, row: &[u8]) -> Format {
    match generation(row) {
        None => return Format::Damaged,
        Some(found) if found != key.generation() => return Format::OtherGeneration,
        Some(_) => {}
    }
    let sealed = row.get(size_of::<u64>()..).unwrap_or_default();
    let Ok(text) = key.data().open_row(PLACE, key.generation(), sealed) else {
        return Format::Damaged;
    };
    match text.strip_prefix(MAGIC).map(<[u8; 4]>::try_from) {
        Some(Ok(version)) if version == VERSION.to_be_bytes() => Format::Ours,
        Some(Ok(version)) => Format::OtherVersion(u32::from_be_bytes(version)),
        _ => Format::Damaged,
    }
}

/// The name of a table in the file, which tells nobody what is in it.
pub(super) fn name(key: &StoreKey, table: Table) -> String {
    let place = Place { table: "", key: table.name().as_bytes() };
    let hash: [u8; 32] = key.data().row_key(place);
    base32::encode(hash.first_chunk::<NAME_BYTES>().unwrap_or(&[0; NAME_BYTES]))
}
