//! Rows: each value bound to its table, its key and its generation. SPEC §11.

use alloc::vec::Vec;

use msg_protocol::hash::{Label, hash, hash_unlabelled};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::DataKey;
use crate::{
    aead::{self, TAG_BYTES, XNONCE_BYTES},
    kdf,
    secret::Secret,
};

const FORMAT: u8 = 1;
const VALUE_AT: usize = 1 + XNONCE_BYTES;

/// Where a row belongs.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The name of the table.
    pub table: &'a str,
    /// The key of the row in that table.
    pub key: &'a [u8],
}

/// Why a row was not opened: the store was damaged, altered, or put together from
/// several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// Written by a version that this one does not know.
    #[error("stored row has unknown format {0}")]
    UnknownFormat(u8),
    /// Too short to be a row.
    #[error("stored row is cut off")]
    Truncated,
    /// Other bytes, another place, another generation, or another store.
    #[error("stored row was altered or does not belong there")]
    Altered,
}

impl DataKey {
    /// The key under which the store keeps the row of that place.
    pub fn row_key(&self, place: Place) -> [u8; 32] {
        let hash = hash_unlabelled(&[place.table.as_bytes(), place.key]);
        let key = kdf::hmac(self.index().expose(), &[&Label::new("row-key").bytes(), &hash]);
        *key.expose()
    }

    /// Seals a value for its place. It opens only there, and as that generation.
    pub fn seal_row<R: CryptoRng + ?Sized>(
        &self,
        place: Place,
        generation: u64,
        value: &[u8],
        rng: &mut R,
    ) -> Vec<u8> {
        let nonce: Secret<XNONCE_BYTES> = Secret::random(rng);
        let mut row = Vec::with_capacity(VALUE_AT + value.len() + TAG_BYTES);
        row.push(FORMAT);
        row.extend_from_slice(nonce.expose());
        row.extend_from_slice(value);
        let ad = associated_data(place, generation);
        aead::xseal(self.seal().expose(), nonce.expose(), &ad, &mut row, VALUE_AT);
        row
    }

    /// Opens the row of that place and generation.
    pub fn open_row(
        &self,
        place: Place,
        generation: u64,
        row: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, RowError> {
        let (format, rest) = row.split_first().ok_or(RowError::Truncated)?;
        if *format != FORMAT {
            return Err(RowError::UnknownFormat(*format));
        }
        let (nonce, sealed) = rest.split_first_chunk().ok_or(RowError::Truncated)?;
        if sealed.len() < TAG_BYTES {
            return Err(RowError::Truncated);
        }
        let ad = associated_data(place, generation);
        let value = aead::xopen(self.seal().expose(), nonce, &ad, sealed);
        value.map(Zeroizing::new).map_err(|_| RowError::Altered)
    }
}

fn associated_data(place: Place, generation: u64) -> [u8; 32] {
    let fields = [place.table.as_bytes(), place.key, &generation.to_be_bytes()];
    hash(Label::new("row"), &fields)
}

#[cfg(test)]
mod tests;
