//! `msg passwd`.

use msg_client::{
    store::sealed::Store,
    unlock::{self, Needed, Protection},
};

use crate::{
    account,
    args::Globals,
    failure::{Exit, Failure},
    prompt::Terminal,
    report::{self, account::PasswordChanged},
    secrets::cached,
};

/// Changes the password; an account without one gets one.
pub(crate) async fn run(globals: &Globals) -> Result<Exit, Failure> {
    let home = account::home(globals)?;
    let needs_password = unlock::needed(&home)? == Needed::Password;
    let given = if needs_password { account::given(globals)? } else { None };
    let mut terminal = Terminal::open().ok_or_else(|| {
        Failure::new(Exit::Locked, "there is no terminal to ask for a new password")
            .hint("run msg passwd on a terminal")
    })?;
    let old = match given {
        None if needs_password => Some(terminal.password("Old password: ")?),
        given => given,
    };
    let protection = old.as_ref().map_or(Protection::KeyFile, Protection::Password);
    let store = Store::unlock(home.clone(), protection)?;
    let new = terminal.new_password("New password: ")?;
    let client = account::client(globals, store, "passwd")?;
    client.change_password(old, new).await?;
    cached::forget(home.folder());
    report::confirm(globals, &PasswordChanged {})?;
    Ok(Exit::Done)
}
