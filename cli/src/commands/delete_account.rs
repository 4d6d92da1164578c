//! `msg delete-account`.

use msg_client::{
    store::sealed::Store,
    unlock::{self, Needed, Protection},
};

use crate::{
    account,
    args::{Globals, account::DeleteAccount},
    failure::{Exit, Failure},
    prompt::Terminal,
    report::{self, account::AccountDeleted},
    secrets::cached,
};

/// Ends the account, once its owner has said so twice.
pub(crate) async fn run(globals: &Globals, args: &DeleteAccount) -> Result<Exit, Failure> {
    let home = account::home(globals)?;
    let needs_password = unlock::needed(&home)? == Needed::Password;
    let password = match account::given(globals)? {
        _ if !needs_password => None,
        Some(given) => Some(given),
        None => Some(Terminal::open().ok_or_else(account::locked)?.password("Password: ")?),
    };
    let protection = password.as_ref().map_or(Protection::KeyFile, Protection::Password);
    let store = Store::unlock(home.clone(), protection)?;
    let client = account::client(globals, store, "delete-account")?;
    let address = client.figures().await?.account.address.to_string();
    agree(args, &address)?;
    client.delete_account(password).await?;
    cached::forget(home.folder());
    report::confirm(globals, &AccountDeleted { address })?;
    Ok(Exit::Done)
}

fn agree(args: &DeleteAccount, address: &str) -> Result<(), Failure> {
    let agrees = match &args.yes {
        Some(said) if said == address => true,
        Some(_) => {
            return Err(Failure::new(Exit::Usage, format!("this account is {address}"))
                .hint("--yes repeats the address of the account that is to go"));
        }
        None => Terminal::open()
            .ok_or_else(|| {
                Failure::new(Exit::Usage, "there is no terminal to ask")
                    .hint(format!("--yes {address}"))
            })?
            .agrees(&format!("Delete {address} and all its messages for good?"))?,
    };
    if agrees { Ok(()) } else { Err(Failure::new(Exit::Failed, "nothing was deleted")) }
}
