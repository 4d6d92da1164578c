//! The wrapped keys beside a store: one, or two for as long as the store is being
//! written anew. Then the file says by its generation which of them it is for.
//! `crypto/SPEC.md` §11.

use msg_crypto::at_rest::{ParseKeyError, WrappedKey};

use super::UnlockError;
use crate::{home::Home, private, store::StoreError};

const MAGIC: &[u8] = b"msgkeys";
const VERSION: u8 = 1;
const MAX_KEYS: usize = 2;

/// The wrapped keys of a store.
pub struct Keyring {
    newest: Entry,
    older: Option<Entry>,
}

struct Entry {
    generation: u64,
    key: WrappedKey,
}

impl Keyring {
    /// One key.
    pub(crate) fn of(generation: u64, key: WrappedKey) -> Self {
        Self { newest: Entry { generation, key }, older: None }
    }

    /// With the key of the next generation beside the present one.
    pub(crate) fn joined_by(self, generation: u64, key: WrappedKey) -> Self {
        Self { newest: Entry { generation, key }, older: Some(self.newest) }
    }

    /// The key of a generation alone.
    pub(crate) fn only(self, generation: u64) -> Option<Self> {
        let entries = [Some(self.newest), self.older];
        let newest = entries.into_iter().flatten().find(|entry| entry.generation == generation)?;
        Some(Self { newest, older: None })
    }

    /// Whether the store was being written anew.
    pub(crate) fn is_between(&self) -> bool {
        self.older.is_some()
    }

    /// The key of the newest generation.
    pub(crate) fn newest(&self) -> &WrappedKey {
        &self.newest.key
    }

    /// The newest generation.
    pub(crate) fn generation(&self) -> u64 {
        self.newest.generation
    }

    /// Reads the keys of a profile.
    pub(crate) fn read(home: &Home) -> Result<Self, UnlockError> {
        let path = home.store_key();
        if !home.has_store()? {
            return Err(StoreError::Missing(home.store()).into());
        }
        let bytes = private::read(&path)?.ok_or_else(|| StoreError::Missing(path.clone()))?;
        Self::parse(&bytes).map_err(|source| UnlockError::StoreKey { path, source })
    }

    /// Keeps them, in the place of what was there.
    pub(crate) fn write(&self, home: &Home) -> Result<(), UnlockError> {
        Ok(private::replace(&home.store_key(), &self.to_bytes())?)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let entries = [Some(&self.newest), self.older.as_ref()];
        let mut bytes = [MAGIC, &[VERSION]].concat();
        for entry in entries.into_iter().flatten() {
            let key = entry.key.to_bytes();
            bytes.extend_from_slice(&entry.generation.to_be_bytes());
            bytes.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend_from_slice(&key);
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Self, ParseKeyError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ParseKeyError::NotAKey)?;
        let (version, mut rest) = rest.split_first().ok_or(ParseKeyError::Length)?;
        if *version != VERSION {
            return Err(ParseKeyError::UnknownVersion(*version));
        }
        let mut entries = Vec::new();
        while !rest.is_empty() && entries.len() < MAX_KEYS {
            let (entry, behind) = Entry::parse(rest)?;
            entries.push(entry);
            rest = behind;
        }
        let mut entries = entries.into_iter();
        let newest = entries.next().filter(|_| rest.is_empty()).ok_or(ParseKeyError::Length)?;
        Ok(Self { newest, older: entries.next() })
    }
}

impl Entry {
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), ParseKeyError> {
        let (generation, rest) = bytes.split_first_chunk().ok_or(ParseKeyError::Length)?;
        let (length, rest) = rest.split_first_chunk().ok_or(ParseKeyError::Length)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (key, rest) = rest.split_at_checked(length).ok_or(ParseKeyError::Length)?;
        let generation = u64::from_be_bytes(*generation);
        Ok((Self { generation, key: WrappedKey::parse(key)? }, rest))
    }
}

#[cfg(test)]
mod tests;
