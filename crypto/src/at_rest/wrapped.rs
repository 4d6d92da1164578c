//! The data key, wrapped by a password or by the key of a file. SPEC §11.
//!
//! Parsing tells which of the two is needed, and bounds what a password may cost,
//! before anybody is asked for anything. The header is authenticated: whoever
//! changes the costs or the kind gets nothing opened.

use alloc::vec::Vec;

use msg_protocol::hash::Label;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{DataKey, KeyFile};
use crate::{
    aead::{self, TAG_BYTES, XNONCE_BYTES},
    archive::{ArchiveError, Reader},
    argon2id::{CostError, Costs, OutOfMemory, argon2id},
    kdf,
    password::Password,
    secret::Secret,
};

const MAGIC: &[u8] = b"msgkey";
const VERSION: u8 = 1;
const BY_PASSWORD: u8 = 1;
const BY_KEY_FILE: u8 = 2;
const SALT_BYTES: usize = 16;
const SEALED_KEY_BYTES: usize = 32 + TAG_BYTES;

/// A wrapped data key, as it stands in a store.
pub enum WrappedKey {
    /// A password opens it.
    Password(PasswordWrapped),
    /// The key of a file opens it.
    KeyFile(KeyFileWrapped),
}

/// A data key that a password opens.
pub struct PasswordWrapped {
    costs: Costs,
    salt: [u8; SALT_BYTES],
    sealed: SealedKey,
}

/// A data key that the key of a file opens.
pub struct KeyFileWrapped {
    salt: [u8; SALT_BYTES],
    sealed: SealedKey,
}

/// Why bytes are not a wrapped key. The store is damaged, altered or from another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseKeyError {
    /// Something else.
    #[error("stored bytes are not a wrapped key")]
    NotAKey,
    /// Written by a version that this one does not know.
    #[error("wrapped key has unknown version {0}")]
    UnknownVersion(u8),
    /// Wrapped in a way that this version does not know.
    #[error("key is wrapped in unknown way {0}")]
    UnknownKdf(u8),
    /// Cut off, or with something behind it.
    #[error("wrapped key has a wrong length")]
    Length,
    /// Costs that we would not pay.
    #[error("wrapped key: {0}")]
    Costs(#[from] CostError),
}

/// Why a wrapped key was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// The caller's fault; or, which looks the same, the store was altered.
    #[error("wrong password or key file, or the wrapped key was altered")]
    WrongSecret,
    /// The environment's fault.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
}

impl WrappedKey {
    /// Takes stored bytes apart and checks all that can be checked without a secret.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseKeyError> {
        let fields = bytes.strip_prefix(MAGIC).ok_or(ParseKeyError::NotAKey)?;
        let mut reader = Reader::new(fields, VERSION).map_err(damage)?;
        let key = match reader.u8().map_err(damage)? {
            BY_PASSWORD => Self::Password(PasswordWrapped::read(&mut reader)?),
            BY_KEY_FILE => Self::KeyFile(KeyFileWrapped::read(&mut reader).map_err(damage)?),
            other => return Err(ParseKeyError::UnknownKdf(other)),
        };
        reader.finish().map_err(damage)?;
        Ok(key)
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Password(wrapped) => wrapped.to_bytes(),
            Self::KeyFile(wrapped) => wrapped.to_bytes(),
        }
    }
}

fn damage(error: ArchiveError) -> ParseKeyError {
    match error {
        ArchiveError::UnknownVersion(version) => ParseKeyError::UnknownVersion(version),
        ArchiveError::Damaged => ParseKeyError::Length,
    }
}

impl PasswordWrapped {
    /// Wraps a data key.
    pub fn wrap<R: CryptoRng + ?Sized>(
        key: &DataKey,
        password: &Password,
        costs: Costs,
        rng: &mut R,
    ) -> Result<Self, OutOfMemory> {
        let salt = random(rng);
        let kek = password_kek(password, &salt, costs)?;
        let sealed = SealedKey::seal(key, &kek, &password_header(costs, &salt), rng);
        Ok(Self { costs, salt, sealed })
    }

    /// Opens it, at the cost of one hash of the password.
    pub fn unwrap(&self, password: &Password) -> Result<DataKey, UnwrapError> {
        let kek = password_kek(password, &self.salt, self.costs)?;
        self.sealed.open(&kek, &password_header(self.costs, &self.salt))
    }

    /// What one try costs.
    pub fn costs(&self) -> Costs {
        self.costs
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.sealed.behind(password_header(self.costs, &self.salt))
    }

    fn read(reader: &mut Reader) -> Result<Self, ParseKeyError> {
        let mut cost = || reader.u32().map_err(damage);
        let costs = Costs::new(cost()?, cost()?, cost()?)?;
        let salt = reader.array().map_err(damage)?;
        let sealed = SealedKey::read(reader).map_err(damage)?;
        Ok(Self { costs, salt, sealed })
    }
}

impl KeyFileWrapped {
    /// Wraps a data key.
    pub fn wrap<R: CryptoRng + ?Sized>(key: &DataKey, file: &KeyFile, rng: &mut R) -> Self {
        let salt = random(rng);
        let sealed = SealedKey::seal(key, &key_file_kek(file, &salt), &key_file_header(&salt), rng);
        Self { salt, sealed }
    }

    /// Opens it.
    pub fn unwrap(&self, file: &KeyFile) -> Result<DataKey, UnwrapError> {
        self.sealed.open(&key_file_kek(file, &self.salt), &key_file_header(&self.salt))
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.sealed.behind(key_file_header(&self.salt))
    }

    fn read(reader: &mut Reader) -> Result<Self, ArchiveError> {
        Ok(Self { salt: reader.array()?, sealed: SealedKey::read(reader)? })
    }
}

fn password_header(costs: Costs, salt: &[u8; SALT_BYTES]) -> Vec<u8> {
    let mut header = [MAGIC, &[VERSION, BY_PASSWORD]].concat();
    for cost in [costs.memory_kib(), costs.passes(), costs.lanes()] {
        header.extend_from_slice(&cost.to_be_bytes());
    }
    header.extend_from_slice(salt);
    header
}

fn key_file_header(salt: &[u8; SALT_BYTES]) -> Vec<u8> {
    [MAGIC, &[VERSION, BY_KEY_FILE], salt].concat()
}

fn password_kek(
    password: &Password,
    salt: &[u8; SALT_BYTES],
    costs: Costs,
) -> Result<Secret<32>, OutOfMemory> {
    let hash = argon2id(password.as_bytes(), salt, costs)?;
    Ok(kdf::hkdf(salt, &[hash.expose()], &[&Label::new("wrap/password").bytes()]))
}

fn key_file_kek(file: &KeyFile, salt: &[u8; SALT_BYTES]) -> Secret<32> {
    kdf::hkdf(salt, &[file.key().expose()], &[&Label::new("wrap/key-file").bytes()])
}

fn random<const N: usize, R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// `nonce || XAEAD(KEK, nonce, header, K)`.
struct SealedKey {
    nonce: [u8; XNONCE_BYTES],
    ciphertext: [u8; SEALED_KEY_BYTES],
}

impl SealedKey {
    fn seal<R: CryptoRng + ?Sized>(
        key: &DataKey,
        kek: &Secret<32>,
        header: &[u8],
        rng: &mut R,
    ) -> Self {
        let nonce = random(rng);
        let mut buffer = Vec::with_capacity(SEALED_KEY_BYTES);
        buffer.extend_from_slice(key.secret().expose());
        aead::xseal(kek.expose(), &nonce, header, &mut buffer, 0);
        #[expect(clippy::expect_used, reason = "a key of 32 bytes and its tag")]
        let ciphertext = buffer.try_into().expect("a sealed key");
        Self { nonce, ciphertext }
    }

    fn open(&self, kek: &Secret<32>, header: &[u8]) -> Result<DataKey, UnwrapError> {
        let key = aead::xopen(kek.expose(), &self.nonce, header, &self.ciphertext);
        let key = Zeroizing::new(key.map_err(|_| UnwrapError::WrongSecret)?);
        let key = key.as_slice().try_into().map_err(|_| UnwrapError::WrongSecret)?;
        Ok(DataKey::new(Secret::new(key)))
    }

    fn behind(&self, mut header: Vec<u8>) -> Vec<u8> {
        header.extend_from_slice(&self.nonce);
        header.extend_from_slice(&self.ciphertext);
        header
    }

    fn read(reader: &mut Reader) -> Result<Self, ArchiveError> {
        Ok(Self { nonce: reader.array()?, ciphertext: reader.array()? })
    }
}

#[cfg(test)]
mod tests;
