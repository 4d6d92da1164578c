//! `msg group`.

use msg_client::driver::{
    Client, ClientError,
    groups::{Group, ToMember},
};

use super::shown;
use crate::{
    account,
    args::{
        Globals,
        groups::{self, GroupCommand},
    },
    failure::{Exit, Failure},
    report::{
        self,
        group::{Change, Changed},
    },
};

/// Makes, changes or shows groups.
pub(crate) async fn run(globals: &Globals, args: &groups::Group) -> Result<Exit, Failure> {
    let client = account::open(globals, "group")?;
    let member = |what| (what, &client);
    let (change, group) = match &args.command {
        GroupCommand::List => return list(globals, &client).await,
        GroupCommand::Info { group } => {
            let group = client.group(group).await?;
            report::say(globals, &shown::group(&group, true))?;
            return Ok(Exit::Done);
        }
        GroupCommand::Create { name, who } => {
            if !who.is_empty() {
                // Some may have become contacts only now.
                let _ = client.take_in().await;
            }
            (Change::Created, client.create_group(name.clone(), who.clone()).await?)
        }
        GroupCommand::Add { group, who, history } => {
            (Change::Added, add(&client, group, who, *history).await?)
        }
        GroupCommand::Accept { group } => {
            // The invitation may still be at the relay.
            let _ = client.take_in().await;
            (Change::Joined, client.accept_group(group).await?)
        }
        GroupCommand::Decline { group } => {
            let _ = client.take_in().await;
            (Change::Declined, client.decline_group(group).await?)
        }
        GroupCommand::Leave { group } => (Change::Left, client.leave_group(group).await?),
        GroupCommand::Rename { group, name } => {
            (Change::Renamed, client.rename_group(group, name).await?)
        }
        GroupCommand::Remove { group, who } => {
            (Change::Removed, to_member(member(ToMember::Remove), group, who).await?)
        }
        GroupCommand::Promote { group, who } => {
            (Change::Promoted, to_member(member(ToMember::Promote), group, who).await?)
        }
        GroupCommand::Demote { group, who } => {
            (Change::Demoted, to_member(member(ToMember::Demote), group, who).await?)
        }
    };
    report::confirm(globals, &Changed { change, group: shown::group(&group, false) })?;
    tell(&client).await
}

async fn add(
    client: &Client,
    group: &str,
    who: &[String],
    history: u32,
) -> Result<Group, ClientError> {
    // Whoever has joined since is told too.
    let _ = client.take_in().await;
    client.add_members(group, who.to_vec(), history).await
}

async fn to_member(
    (what, client): (ToMember, &Client),
    group: &str,
    who: &str,
) -> Result<Group, ClientError> {
    let _ = client.take_in().await;
    client.change_member(group, who, what).await
}

async fn list(globals: &Globals, client: &Client) -> Result<Exit, Failure> {
    let collected = client.collect().await;
    for group in client.groups().await? {
        report::say(globals, &shown::group(&group, false))?;
    }
    collected?;
    Ok(Exit::Done)
}

/// Lets members know. It is decided and stored: what does not leave now leaves with a
/// later command.
async fn tell(client: &Client) -> Result<Exit, Failure> {
    let told = async {
        let delivery = client.deliver(None).await?;
        client.collect().await?;
        match delivery.failures.into_iter().next() {
            Some((_, error)) => Err(ClientError::Link(error)),
            None => Ok(()),
        }
    };
    told.await.map_err(|error| Failure::from(error).kept(true))?;
    Ok(Exit::Done)
}
