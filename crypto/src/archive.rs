//! The layout of secrets in a store: fixed-width big-endian fields behind a
//! version byte. SPEC §11.
//!
//! An archive is plaintext: it is only ever stored sealed as a row. Reading is
//! bounded by the bytes at hand, and refuses what is left over.

use alloc::vec::Vec;

use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::Secret;

/// Why stored bytes could not be read. The store is damaged or from another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Written by a version that this one does not know.
    #[error("stored secret has unknown version {0}")]
    UnknownVersion(u8),
    /// Too short, too long, or with a value that cannot be.
    #[error("stored secret is damaged")]
    Damaged,
}

/// Collects the fields of an archive; wiped when dropped.
pub struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(crate) fn new(version: u8) -> Self {
        Self(Zeroizing::new(alloc::vec![version]))
    }

    /// The archive's bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn secret<const N: usize>(&mut self, secret: &Secret<N>) {
        self.bytes(secret.expose());
    }

    /// Bytes whose length the reader knows. What a growing buffer leaves behind is wiped.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.next_power_of_two());
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// A number of entries that follow.
    pub(crate) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Bytes behind their length.
    pub(crate) fn sized(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes(bytes);
    }
}

/// Takes an archive apart.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], version: u8) -> Result<Self, ArchiveError> {
        let mut reader = Self(bytes);
        match reader.u8()? {
            found if found == version => Ok(reader),
            found => Err(ArchiveError::UnknownVersion(found)),
        }
    }

    pub(crate) fn finish(self) -> Result<(), ArchiveError> {
        if self.0.is_empty() { Ok(()) } else { Err(ArchiveError::Damaged) }
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], ArchiveError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ArchiveError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ArchiveError::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn secret<const N: usize>(&mut self) -> Result<Secret<N>, ArchiveError> {
        self.array().map(Secret::new)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, ArchiveError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ArchiveError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ArchiveError> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number of entries, at most `limit`.
    pub(crate) fn count(&mut self, limit: usize) -> Result<usize, ArchiveError> {
        usize::try_from(self.u32()?)
            .ok()
            .filter(|count| *count <= limit)
            .ok_or(ArchiveError::Damaged)
    }

    pub(crate) fn sized(&mut self, limit: usize) -> Result<&'a [u8], ArchiveError> {
        let length = self.count(limit)?;
        self.bytes(length)
    }

    /// A byte that says whether something follows.
    pub(crate) fn flag(&mut self) -> Result<bool, ArchiveError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ArchiveError::Damaged),
        }
    }
}
