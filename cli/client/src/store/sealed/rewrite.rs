//! How a store gets another key or another password.
//!
//! ```text
//! store.key  [old]  [new old]  ..........  [new old]  [new]
//! store.redb  old    old        (rename)    new        new
//! ```
//!
//! Whenever it is cut off, the file has its key beside it.

use core::ops::ControlFlow;

use rand_core::CryptoRng;

use super::{
    Store, create,
    file::Open,
    format,
    rows::{self, Sealed},
};
use crate::{
    home::Home,
    lock::Lock,
    private,
    step::Changes,
    store::{Rows as _, StoreError, Table},
    unlock::{Keyring, Protection, UnlockError},
};

/// Rows that are copied at a time.
const ROWS_AT_ONCE: usize = 256;

impl Store {
    /// Unlocks the store of a profile.
    pub fn unlock(home: Home, protection: Protection<'_>) -> Result<Self, UnlockError> {
        let mut keyring = Keyring::read(&home)?;
        if keyring.is_between() {
            keyring = finish(&home)?;
        }
        let key = protection.unwrap(&home, keyring.generation(), keyring.newest())?;
        Ok(Self::with_key(home, key))
    }

    /// Protects the store in another way, under the key that it has.
    pub fn protect<R: CryptoRng + ?Sized>(
        &self,
        protection: Protection<'_>,
        rng: &mut R,
    ) -> Result<(), UnlockError> {
        let lock = Lock::acquire(&self.home.lock(), "passwd", self.lock_wait)?;
        let mut open = Open::store(&self.home, lock)?;
        {
            let view = open.read()?;
            open.recognise(&view, &self.key)?;
        }
        let wrapped = protection.wrap(&self.home, &self.key, false, rng)?;
        Keyring::of(self.key.generation(), wrapped).write(&self.home)?;
        self.forget_key_file(protection)?;
        open.end();
        Ok(())
    }

    /// Writes all rows anew under another key. What was deleted cannot be read
    /// from the disk any more, by whoever knows the password.
    pub fn rewrite<R: CryptoRng + ?Sized>(
        &mut self,
        protection: Protection<'_>,
        rng: &mut R,
    ) -> Result<(), UnlockError> {
        let lock = Lock::acquire(&self.home.lock(), "rewrite", self.lock_wait)?;
        let mut open = Open::store(&self.home, lock)?;
        let key = self.key.next(rng);
        {
            let view = open.read()?;
            open.recognise(&view, &self.key)?;
            let wrapped = protection.wrap(&self.home, &key, false, rng)?;
            let old = Sealed::new(&open, &view, &self.key);
            create::prepare(&self.home, &key, |new, transaction| {
                Table::ALL.into_iter().try_for_each(|table| {
                    copy(&old, table, |changes| rows::write(new, transaction, &key, &changes))
                })
            })?;
            let keyring = Keyring::read(&self.home)?.only(self.key.generation());
            let present = keyring.ok_or_else(|| StoreError::Replaced(self.home.store()))?;
            present.joined_by(key.generation(), wrapped).write(&self.home)?;
        }
        create::put_in_place(&self.home)?;
        settle(&self.home, key.generation())?;
        self.forget_key_file(protection)?;
        self.key = key;
        open.end();
        Ok(())
    }

    /// A key file that opens nothing any more is overwritten and removed.
    fn forget_key_file(&self, protection: Protection<'_>) -> Result<(), UnlockError> {
        let path = self.home.key_file();
        if matches!(protection, Protection::Password(_)) && private::read(&path)?.is_some() {
            private::replace(&path, b"")?;
            private::remove(&path)?;
        }
        Ok(())
    }
}

/// Gives the rows of a table, some at a time.
fn copy(
    old: &Sealed<'_>,
    table: Table,
    mut write: impl FnMut(Changes) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut some = Changes::new();
    let mut written = Ok(());
    old.scan(table, &[], &mut |key, value| {
        some.insert((table, key.to_vec()), Some(zeroize::Zeroizing::new(value.to_vec())));
        if some.len() >= ROWS_AT_ONCE {
            written = write(core::mem::take(&mut some));
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written?;
    write(some)
}

/// Ends what was cut off while a store was written anew: the file says which key
/// it has, and the other one goes.
fn finish(home: &Home) -> Result<Keyring, UnlockError> {
    let lock = Lock::acquire(&home.lock(), "unlock", super::LOCK_WAIT)?;
    let mut open = Open::store(home, lock)?;
    let row = open.first_row(&open.read()?)?;
    let generation = format::generation(&row).ok_or_else(|| StoreError::Broken(home.store()))?;
    let keyring = settle(home, generation)?;
    private::remove(&private::beside(&home.store()))?;
    open.end();
    Ok(keyring)
}

/// Keeps the key of that generation alone.
fn settle(home: &Home, generation: u64) -> Result<Keyring, UnlockError> {
    let keyring = Keyring::read(home)?.only(generation);
    let keyring = keyring.ok_or_else(|| StoreError::Broken(home.store()))?;
    keyring.write(home)?;
    Ok(keyring)
}
