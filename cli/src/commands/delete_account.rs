//! `msg delete-account`.

use crate::{
    account,
    args::{Globals, account::DeleteAccount},
    failure::{Exit, Failure},
    report::{self, account::AccountDeleted},
    secrets::cached,
};

/// Ends the account, once its owner has said so twice.
pub(crate) async fn run(globals: &Globals, args: &DeleteAccount) -> Result<Exit, Failure> {
    let home = account::home(globals)?;
    let folder = home.folder().to_owned();
    let (client, password) = account::open_by_owner(globals, home, "delete-account")?;
    let address = client.figures().await?.account.address.to_string();
    let question = format!("Delete {address} and all its messages for good?");
    let is_named = args.yes.as_ref().map(|said| *said == address);
    account::agree(&address, is_named, &question, || {
        Failure::new(Exit::Usage, format!("this account is {address}"))
            .hint("--yes repeats the address of the account that is to go")
    })?;
    client.delete_account(password).await?;
    cached::forget(&folder);
    report::confirm(globals, &AccountDeleted { address })?;
    Ok(Exit::Done)
}
