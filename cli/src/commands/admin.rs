//! `msg admin`.

use msg_protocol::{address::AccountName, request::SetQuota};

use crate::{
    account,
    args::{
        Globals,
        admin::{Admin, AdminCommand, InviteCommand, Quota, UsersCommand},
    },
    failure::{Exit, Failure},
    report::{
        self,
        admin::{Decided, Decision, Invite, Invites, NewInvite, User, Users},
    },
};

/// Does what an administrator may.
pub(crate) async fn run(globals: &Globals, args: &Admin) -> Result<Exit, Failure> {
    match &args.command {
        AdminCommand::Invite(command) => invite(globals, command).await?,
        AdminCommand::Users(UsersCommand::Delete { name, yes }) => {
            delete(globals, name, yes.as_ref()).await?;
        }
        AdminCommand::Users(command) => users(globals, command).await?,
    }
    Ok(Exit::Done)
}

async fn invite(globals: &Globals, command: &InviteCommand) -> Result<(), Failure> {
    let client = account::open(globals, "admin")?;
    match command {
        InviteCommand::Create { uses, days, note } => {
            let made = client.create_invite(*uses, *days, note).await?;
            report::say(globals, &NewInvite::of(&made, *uses, note))?;
        }
        InviteCommand::List => {
            let invites: Vec<Invite> =
                client.invites().await?.into_iter().map(Into::into).collect();
            if globals.json {
                invites.iter().try_for_each(|invite| report::say(globals, invite))?;
            } else {
                report::say(globals, &Invites(&invites))?;
            }
        }
        InviteCommand::Revoke { id } => {
            let id = client.revoke_invite(id).await?.to_string();
            report::confirm(globals, &Decided { about: id, decision: Decision::Revoked })?;
        }
    }
    Ok(())
}

async fn users(globals: &Globals, command: &UsersCommand) -> Result<(), Failure> {
    let client = account::open(globals, "admin")?;
    let decided = |name: &AccountName, decision| Decided { about: name.to_string(), decision };
    match command {
        UsersCommand::List => {
            let users: Vec<User> = client.users().await?.into_iter().map(Into::into).collect();
            if globals.json {
                users.iter().try_for_each(|user| report::say(globals, user))?;
            } else {
                report::say(globals, &Users(&users))?;
            }
        }
        UsersCommand::Show { name } => {
            report::say(globals, &User::from(client.user(name.clone()).await?))?;
        }
        UsersCommand::Suspend { name } => {
            client.suspend_user(name.clone(), true).await?;
            report::confirm(globals, &decided(name, Decision::Suspended))?;
        }
        UsersCommand::Resume { name } => {
            client.suspend_user(name.clone(), false).await?;
            report::confirm(globals, &decided(name, Decision::Resumed))?;
        }
        UsersCommand::Quota { name, quota } => {
            let user = client.set_quota(wanted(name, *quota)).await?;
            report::confirm(globals, &User::from(user))?;
        }
        UsersCommand::Delete { .. } => {}
    }
    Ok(())
}

fn wanted(name: &AccountName, quota: Quota) -> SetQuota {
    SetQuota {
        name: name.clone(),
        default: quota.default,
        mailbox_envelopes: quota.mailbox_envelopes,
        mailbox_bytes: quota.mailbox_bytes,
        blob_bytes: quota.blob_bytes,
    }
}

/// Needs our own password, not only what `msg unlock` has kept: a stolen device alone
/// ends nobody's account.
async fn delete(
    globals: &Globals,
    name: &AccountName,
    yes: Option<&AccountName>,
) -> Result<(), Failure> {
    let question = format!("Delete the account {name} for good?");
    let is_named = yes.map(|said| said == name);
    account::agree(&name.to_string(), is_named, &question, || {
        Failure::new(Exit::Usage, "--yes names another account")
            .hint("it repeats the name of the account that is to go")
    })?;
    let (client, password) = account::open_by_owner(globals, account::home(globals)?, "admin")?;
    client.delete_user(name.clone(), password).await?;
    let about = name.to_string();
    report::confirm(globals, &Decided { about, decision: Decision::Deleted })?;
    Ok(())
}
