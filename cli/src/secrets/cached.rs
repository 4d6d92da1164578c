//! What `msg unlock` keeps: the key of a store, in the kernel's keyring of the
//! user. It is in no file, it goes by itself when its time is over, and it goes
//! when the machine does. Never the password.

use core::time::Duration;
use std::path::Path;

use msg_client::unlock::StoreKey;

/// Why a key cannot be kept. The environment's fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    /// The kernel keeps no keys, or not for this process.
    #[error("the kernel's keyring cannot be used here: {0}")]
    Keyring(String),
}

pub(crate) use self::system::{find, forget, keep};

/// The name of a store's key: its folder.
#[cfg(target_os = "linux")]
fn name(folder: &Path) -> String {
    format!("msg:{}", folder.display())
}

#[cfg(target_os = "linux")]
mod system {
    use linux_keyutils::{
        Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission,
    };
    use msg_crypto::secret::Secret;
    use zeroize::Zeroizing;

    use super::{CacheError, Duration, Path, StoreKey, name};

    fn failed(error: KeyError) -> CacheError {
        CacheError::Keyring(format!("{error:?}"))
    }

    /// The keyring that all processes of the user share, also those of cron.
    fn ring() -> Result<KeyRing, KeyError> {
        KeyRing::from_special_id(KeyRingIdentifier::User, true)
    }

    /// Keeps a key for so long.
    pub(crate) fn keep(folder: &Path, key: &StoreKey, time: Duration) -> Result<(), CacheError> {
        let seconds = usize::try_from(time.as_secs().max(1)).unwrap_or(usize::MAX);
        let kept = ring().and_then(|ring| ring.add_key(&name(folder), key.to_bytes().expose()));
        let kept = kept.map_err(failed)?;
        let limited = limit(kept, seconds);
        if limited.is_err() {
            let _ = kept.invalidate();
        }
        limited.map_err(failed)
    }

    /// Ends by itself; to be had by the user, from whatever session, and by nobody else.
    fn limit(key: Key, seconds: usize) -> Result<(), KeyError> {
        key.set_timeout(seconds)?;
        let own = KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(Permission::ALL);
        key.set_perms(own.build())
    }

    /// The key that is kept, if one is.
    pub(crate) fn find(folder: &Path) -> Option<StoreKey> {
        let key = ring().ok()?.search(&name(folder)).ok()?;
        let bytes = Zeroizing::new(key.read_to_vec().ok()?);
        let bytes = <[u8; StoreKey::BYTES]>::try_from(bytes.as_slice()).ok()?;
        Some(StoreKey::from_bytes(&Secret::new(bytes)))
    }

    /// Forgets it; says whether there was one.
    pub(crate) fn forget(folder: &Path) -> bool {
        let found = ring().and_then(|ring| ring.search(&name(folder)));
        found.is_ok_and(|key| key.invalidate().or_else(|_| key.revoke()).is_ok())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{CacheError, Duration, Path, StoreKey};

    /// Keeps nothing.
    pub(crate) fn keep(_: &Path, _: &StoreKey, _: Duration) -> Result<(), CacheError> {
        Err(CacheError::Keyring("only Linux has one".to_owned()))
    }

    /// Nothing is kept.
    pub(crate) fn find(_: &Path) -> Option<StoreKey> {
        None
    }

    /// Nothing is kept.
    pub(crate) fn forget(_: &Path) -> bool {
        false
    }
}
