//! `msg unlock` and `msg lock`.

use msg_client::unlock::{Needed, needed};

use crate::{
    account,
    args::{Globals, account::Unlock},
    failure::{Exit, Failure},
    report::{
        self,
        account::{Locked, Unlocked},
    },
    secrets::cached,
};

/// Keeps the store's key for a while.
pub(crate) fn unlock(globals: &Globals, args: &Unlock) -> Result<Exit, Failure> {
    let home = account::home(globals)?;
    if needed(&home)? == Needed::KeyFile {
        return Err(Failure::new(Exit::Failed, "this account has no password to unlock it with")
            .hint("its key file opens it at any time"));
    }
    let store = account::unlock_by_password(globals, home.clone())?;
    let time = args.duration.0;
    cached::keep(home.folder(), store.key(), time).map_err(|error| {
        Failure::new(Exit::Failed, error.to_string()).hint("use MSG_PASSWORD_FILE instead")
    })?;
    report::confirm(globals, &Unlocked { seconds: time.as_secs().max(1) })?;
    Ok(Exit::Done)
}

/// Forgets it.
pub(crate) fn lock(globals: &Globals) -> Result<Exit, Failure> {
    let was_unlocked = cached::forget(account::home(globals)?.folder());
    report::confirm(globals, &Locked { was_unlocked })?;
    Ok(Exit::Done)
}
