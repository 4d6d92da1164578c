//! The key of a store, and how it is wrapped: by a password or by a key file.
//! `crypto/SPEC.md` §11.

mod keyring;

use std::path::PathBuf;

use msg_crypto::{
    Costs,
    at_rest::{
        DataKey, KeyFile, KeyFileError, KeyFileWrapped, ParseKeyError, PasswordWrapped,
        UnwrapError, WrappedKey,
    },
    password::Password,
    secret::Secret,
};
use rand_core::CryptoRng;
use zeroize::Zeroize as _;

pub use self::keyring::Keyring;
use crate::{
    home::Home,
    lock::LockError,
    private::{self, PrivateError},
    store::StoreError,
};

/// The key under which a store is sealed now. A store gets a new one each time it
/// is written anew; the generation counts that.
pub struct StoreKey {
    generation: u64,
    data: DataKey,
}

impl StoreKey {
    /// Bytes of a key that is kept while a store is unlocked.
    pub const BYTES: usize = 40;

    /// The key of a new store.
    pub(crate) fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self { generation: 1, data: DataKey::generate(rng) }
    }

    /// The key of the next generation.
    pub(crate) fn next<R: CryptoRng + ?Sized>(&self, rng: &mut R) -> Self {
        Self { generation: self.generation.saturating_add(1), data: DataKey::generate(rng) }
    }

    /// How often the store has been written, from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn data(&self) -> &DataKey {
        &self.data
    }

    /// What to keep while the store is unlocked. Whoever has it has all rows.
    pub fn to_bytes(&self) -> Secret<{ Self::BYTES }> {
        let mut bytes = [0; Self::BYTES];
        let (generation, data) = bytes.split_at_mut(size_of::<u64>());
        generation.copy_from_slice(&self.generation.to_be_bytes());
        data.copy_from_slice(self.data.to_secret().expose());
        let secret = Secret::new(bytes);
        bytes.zeroize();
        secret
    }

    /// The key that was kept.
    pub fn from_bytes(bytes: &Secret<{ Self::BYTES }>) -> Self {
        let (generation, data) = bytes.expose().split_at(size_of::<u64>());
        let mut key = [0; 32];
        key.copy_from_slice(data);
        let data = DataKey::new(Secret::new(key));
        key.zeroize();
        let generation = generation.first_chunk().copied().map_or(0, u64::from_be_bytes);
        Self { generation, data }
    }
}

/// What opens a store.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// A password.
    Password(&'a Password),
    /// The key file beside the store.
    KeyFile,
}

/// What is needed to open a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// A password.
    Password,
    /// The key file beside the store, and nobody has to be asked.
    KeyFile,
}

/// Why a store was not unlocked, made or protected in another way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// The caller's fault.
    #[error("wrong password")]
    WrongPassword,
    /// A password was given for a store that its key file opens.
    #[error("this account needs no password: {} opens it", .0.display())]
    NeedsKeyFile(PathBuf),
    /// No password was given for a store that needs one.
    #[error("this account needs its password")]
    NeedsPassword,
    /// The key file is gone.
    #[error("there is no key file at {}", .0.display())]
    NoKeyFile(PathBuf),
    /// The key file is that of another store.
    #[error("the key file {} does not open this store", .0.display())]
    WrongKeyFile(PathBuf),
    /// The key file is none.
    #[error("{}: {source}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyFileError,
    },
    /// The wrapped key is not what was written, or of a version that this one does not know.
    #[error("{}: {source}", path.display())]
    StoreKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ParseKeyError,
    },
    /// The machine has not the memory that the password's hash takes.
    #[error("not enough memory to hash the password")]
    OutOfMemory,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PrivateError> for UnlockError {
    fn from(error: PrivateError) -> Self {
        Self::Store(error.into())
    }
}

impl From<LockError> for UnlockError {
    fn from(error: LockError) -> Self {
        Self::Store(error.into())
    }
}

/// What the store of a profile needs, before anybody is asked for it.
pub fn needed(home: &Home) -> Result<Needed, UnlockError> {
    let keyring = Keyring::read(home)?;
    Ok(match keyring.newest() {
        WrappedKey::Password(_) => Needed::Password,
        WrappedKey::KeyFile(_) => Needed::KeyFile,
    })
}

impl Protection<'_> {
    /// Wraps a key. `fresh` draws a new key file in any case: only for a store that
    /// is not there yet, since no other file would open it meanwhile.
    pub(crate) fn wrap<R: CryptoRng + ?Sized>(
        self,
        home: &Home,
        key: &StoreKey,
        fresh: bool,
        rng: &mut R,
    ) -> Result<WrappedKey, UnlockError> {
        match self {
            Self::Password(password) => {
                let wrapped = PasswordWrapped::wrap(&key.data, password, Costs::STANDARD, rng);
                Ok(WrappedKey::Password(wrapped.map_err(|_| UnlockError::OutOfMemory)?))
            }
            Self::KeyFile => {
                let kept = if fresh { None } else { read_key_file(home)? };
                let file = match kept {
                    Some(file) => file,
                    None => make_key_file(home, rng)?,
                };
                Ok(WrappedKey::KeyFile(KeyFileWrapped::wrap(&key.data, &file, rng)))
            }
        }
    }

    /// Opens a wrapped key.
    pub(crate) fn unwrap(
        self,
        home: &Home,
        generation: u64,
        wrapped: &WrappedKey,
    ) -> Result<StoreKey, UnlockError> {
        let (data, wrong) = match (self, wrapped) {
            (Self::Password(password), WrappedKey::Password(wrapped)) => {
                (wrapped.unwrap(password), UnlockError::WrongPassword)
            }
            (Self::KeyFile, WrappedKey::KeyFile(wrapped)) => {
                let path = home.key_file();
                let file = read_key_file(home)?;
                let file = file.ok_or_else(|| UnlockError::NoKeyFile(path.clone()))?;
                (wrapped.unwrap(&file), UnlockError::WrongKeyFile(path))
            }
            (Self::Password(_), WrappedKey::KeyFile(_)) => {
                return Err(UnlockError::NeedsKeyFile(home.key_file()));
            }
            (Self::KeyFile, WrappedKey::Password(_)) => return Err(UnlockError::NeedsPassword),
        };
        let data = data.map_err(|error| match error {
            UnwrapError::OutOfMemory(_) => UnlockError::OutOfMemory,
            _ => wrong,
        })?;
        Ok(StoreKey { generation, data })
    }
}

fn read_key_file(home: &Home) -> Result<Option<KeyFile>, UnlockError> {
    let path = home.key_file();
    let Some(bytes) = private::read(&path)? else { return Ok(None) };
    let text = core::str::from_utf8(&bytes).map_err(|_| KeyFileError::NoPrefix);
    let file = text.and_then(KeyFile::from_secret_text);
    Ok(Some(file.map_err(|source| UnlockError::KeyFile { path, source })?))
}

fn make_key_file<R: CryptoRng + ?Sized>(home: &Home, rng: &mut R) -> Result<KeyFile, UnlockError> {
    let file = KeyFile::generate(rng);
    private::replace(&home.key_file(), file.to_secret_text().as_bytes())?;
    Ok(file)
}
