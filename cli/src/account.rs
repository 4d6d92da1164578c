//! The account that a command works with: its folder, its key, its way to relays.

use msg_client::{
    driver::{Client, Policy, settings::chosen},
    home::Home,
    store::sealed::Store,
    transport::{DialSettings, Dialer},
    unlock::{self, Needed, Protection, UnlockError},
};
use msg_crypto::password::Password;

use crate::{
    args::Globals,
    failure::{Exit, Failure},
    paths,
    prompt::{ATTEMPTS, Terminal},
    secrets::{self, SecretError, cached},
};

/// The folder of the profile.
pub(crate) fn home(globals: &Globals) -> Result<Home, Failure> {
    let folder = paths::profile_folder(globals.home.as_deref(), &globals.profile);
    let folder = folder.map_err(|error| {
        Failure::new(Exit::Failed, error.to_string()).hint("name a folder with --home or MSG_HOME")
    })?;
    Ok(Home::at(folder))
}

/// The way to relays, as the arguments say, else as was chosen.
pub(crate) fn dialer(globals: &Globals, chosen: Option<&str>) -> Result<Dialer, Failure> {
    let said = globals.proxy.as_deref().filter(|proxy| !proxy.is_empty());
    let proxy = said.or(chosen).filter(|proxy| *proxy != "none");
    let proxy = proxy.map(str::parse).transpose().map_err(|error| {
        Failure::new(Exit::Usage, format!("proxy: {error}"))
            .hint("as in --proxy socks5h://127.0.0.1:9050")
    })?;
    Ok(Dialer::new(DialSettings { proxy, ..DialSettings::default() }))
}

/// The account, unlocked. `command` tells those who wait for the store what goes on.
pub(crate) fn open(globals: &Globals, command: &'static str) -> Result<Client, Failure> {
    client(globals, unlock(globals, home(globals)?)?, command)
}

/// The account of a store that is unlocked.
pub(crate) fn client(
    globals: &Globals,
    store: Store,
    command: &'static str,
) -> Result<Client, Failure> {
    let store = store.waiting(globals.lock_wait.0);
    let chosen = chosen(&store, command)?;
    let dialer = dialer(globals, chosen.proxy.as_deref())?;
    let spread = globals.spread || chosen.spread;
    Ok(Client::new(store, dialer, Policy { spread, ..Policy::default() }, command))
}

/// Unlocks the store: by its key file if it has one, else by a password that was
/// handed over, else by the key that `msg unlock` has kept, else by asking. With
/// nobody to ask it fails at once, before anything costly is done.
fn unlock(globals: &Globals, home: Home) -> Result<Store, Failure> {
    if unlock::needed(&home)? == Needed::KeyFile {
        return Ok(Store::unlock(home, Protection::KeyFile)?);
    }
    if let Some(password) = given(globals)? {
        return Ok(Store::unlock(home, Protection::Password(&password))?);
    }
    if let Some(key) = cached::find(home.folder()) {
        return Ok(Store::with_key(home, key));
    }
    unlock_by_password(globals, home)
}

/// Unlocks the store by its password alone, whatever is kept.
pub(crate) fn unlock_by_password(globals: &Globals, home: Home) -> Result<Store, Failure> {
    if let Some(password) = given(globals)? {
        return Ok(Store::unlock(home, Protection::Password(&password))?);
    }
    let mut terminal = Terminal::open().ok_or_else(locked)?;
    for _ in 1..ATTEMPTS {
        let password = terminal.password("Password: ")?;
        match Store::unlock(home.clone(), Protection::Password(&password)) {
            Err(UnlockError::WrongPassword) => terminal.say("that is not the password\n")?,
            unlocked => return Ok(unlocked?),
        }
    }
    let password = terminal.password("Password: ")?;
    Ok(Store::unlock(home, Protection::Password(&password))?)
}

/// The account, opened by its own password, which is given too, and by nothing that
/// `msg unlock` has kept: for what a stolen device alone must not do. An unattended
/// account has none.
pub(crate) fn open_by_owner(
    globals: &Globals,
    home: Home,
    command: &'static str,
) -> Result<(Client, Option<Password>), Failure> {
    let needs_password = unlock::needed(&home)? == Needed::Password;
    let password = match given(globals)? {
        _ if !needs_password => None,
        Some(given) => Some(given),
        None => Some(Terminal::open().ok_or_else(locked)?.password("Password: ")?),
    };
    let protection = password.as_ref().map_or(Protection::KeyFile, Protection::Password);
    let store = Store::unlock(home, protection)?;
    Ok((client(globals, store, command)?, password))
}

/// Whether the owner agrees to what is for good: with `--yes`, which has named the
/// right thing, or on the terminal. `otherwise` says that it has named another.
pub(crate) fn agree(
    name: &str,
    is_named: Option<bool>,
    question: &str,
    otherwise: impl FnOnce() -> Failure,
) -> Result<(), Failure> {
    let agrees = match is_named {
        Some(true) => true,
        Some(false) => return Err(otherwise()),
        None => Terminal::open()
            .ok_or_else(|| {
                Failure::new(Exit::Usage, "there is no terminal to ask")
                    .hint(format!("--yes {name}"))
            })?
            .agrees(question)?,
    };
    if agrees { Ok(()) } else { Err(Failure::new(Exit::Failed, "nothing was deleted")) }
}

/// The password that was handed over without a question.
pub(crate) fn given(globals: &Globals) -> Result<Option<Password>, Failure> {
    Ok(secrets::given(globals.password_fd)?)
}

/// Nobody can be asked.
pub(crate) fn locked() -> Failure {
    Failure::new(Exit::Locked, "locked, and there is no terminal to ask for the password").hint(
        "run `msg unlock` first, set MSG_PASSWORD_FILE, or use an account that was \
         registered with --unattended",
    )
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let failure = Self::new(Exit::Locked, error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
