//! How a store begins: under another name, until it is whole.

use rand_core::CryptoRng;
use redb::{TableDefinition, WriteTransaction};

use super::{LOCK_WAIT, Store, file::Open, format};
use crate::{
    home::Home,
    lock::Lock,
    private::{self, PrivateError},
    store::{StoreError, Table},
    unlock::{Keyring, Protection, StoreKey, UnlockError},
    world::Random,
};

impl Store {
    /// Makes the store of a profile. One that is there is left as it is; what a
    /// creation that was cut off has left is not in the way.
    pub fn create<R: CryptoRng + ?Sized>(
        home: Home,
        protection: Protection<'_>,
        rng: &mut R,
    ) -> Result<Self, UnlockError> {
        home.make()?;
        let lock = Lock::acquire(&home.lock(), "register", LOCK_WAIT)?;
        if home.has_store()? {
            return Err(StoreError::Exists(home.store()).into());
        }
        let key = StoreKey::generate(rng);
        let wrapped = protection.wrap(&home, &key, true, rng)?;
        Keyring::of(key.generation(), wrapped).write(&home)?;
        // The file comes last: without it there is no store.
        prepare(&home, &key, |_, _| Ok(()))?;
        put_in_place(&home)?;
        lock.release();
        Ok(Self::with_key(home, key))
    }
}

/// Makes a file under another name, filled and durable.
pub(super) fn prepare(
    home: &Home,
    key: &StoreKey,
    fill: impl FnOnce(&Open, &WriteTransaction) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let new = private::beside(&home.store());
    private::remove(&new)?;
    let made = private::create(&new)?;
    let filled = Open::begin(&new, made).and_then(|open| {
        open.change(|open, transaction| {
            begin(open, transaction, key)?;
            fill(open, transaction)
        })
    });
    let synced = filled.and_then(|()| Ok(private::sync(&new)?));
    synced.inspect_err(|_| {
        // The error that counts is the first one.
        let _ = private::remove(&new);
    })
}

/// Gives that file its name; one that has it is gone then.
pub(super) fn put_in_place(home: &Home) -> Result<(), StoreError> {
    let (new, path) = (private::beside(&home.store()), home.store());
    std::fs::rename(&new, &path).map_err(|error| PrivateError::io("replace", &path, &error))?;
    Ok(private::sync_folder_of(&path)?)
}

/// The first row, and all tables, so that none is ever missing by itself.
pub(super) fn begin(
    open: &Open,
    transaction: &WriteTransaction,
    key: &StoreKey,
) -> Result<(), StoreError> {
    let row = format::seal(key, format::VERSION, &mut Random);
    let mut table =
        transaction.open_table(format::TABLE).map_err(|error| open.failure(None, error))?;
    table.insert(format::KEY, row.as_slice()).map_err(|error| open.failure(None, error))?;
    for table in Table::ALL {
        let name = format::name(key, table);
        let definition = TableDefinition::<&[u8], &[u8]>::new(&name);
        transaction.open_table(definition).map_err(|error| open.failure(Some(table), error))?;
    }
    Ok(())
}
