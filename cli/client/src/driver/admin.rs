//! What an administrator of our relay asks of it: invitations and accounts, over our
//! own link. The relay decides who is one.
//!
//! A list comes in pages; one whose pages do not rise is refused, so that no relay
//! keeps us reading.

use msg_crypto::password::Password;
use msg_protocol::{
    address::{AccountName, RelayLink},
    bounded::TooLong,
    error::Code,
    id::InviteId,
    request::{
        CreateInvite, DeleteUser, ListInvites, ListUsers, RevokeInvite, SetQuota, ShowUser,
        SuspendUser,
    },
    response::{InviteMade, InviteOut, User},
    time::UnixDay,
};

use super::{Client, ClientError};
use crate::{
    engine::account,
    link::{Ask, LinkError},
};

/// Digits of an id that must be written.
const FEWEST_DIGITS: usize = 4;

/// Why an administrator's wish was not even asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The words about an invitation.
    #[error("the note is too long: {0}")]
    LongNote(TooLong),
    /// No invitation has an id that begins so.
    #[error("no invitation has that id")]
    NoSuchInvite,
    /// Several have.
    #[error("more than one invitation has an id that begins so")]
    AmbiguousInvite,
    /// The relay has no such account.
    #[error("no account is called {0}")]
    NoSuchUser(AccountName),
    /// The relay's list has no order.
    #[error("the relay gives a list that makes no sense")]
    Disorder,
}

/// An invitation, told once.
#[derive(Debug)]
pub struct NewInvite {
    /// What revokes it.
    pub id: InviteId,
    /// What somebody registers with.
    pub link: RelayLink,
    /// The day on which it expires.
    pub expires: UnixDay,
}

impl Client {
    /// Makes an invitation.
    pub async fn create_invite(
        &self,
        uses: u32,
        days: u32,
        note: &str,
    ) -> Result<NewInvite, ClientError> {
        let note = note.try_into().map_err(AdminError::LongNote)?;
        let row = self.look(|rows| account::row(rows)).await?;
        let InviteMade { id, invite, expires } =
            self.ask_own(CreateInvite { uses, days, note }).await?;
        let (relay, pin) = (row.address.relay.clone(), row.pin);
        Ok(NewInvite { id, link: RelayLink { relay, pin, invite: Some(invite) }, expires })
    }

    /// The invitations that are out.
    pub async fn invites(&self) -> Result<Vec<InviteOut>, ClientError> {
        let link = self.own_link().await?;
        let mut all: Vec<InviteOut> = Vec::new();
        loop {
            let after = all.last().map(|invite| invite.id);
            let page = link.ask(ListInvites { after }).await?;
            let begins = after.into_iter().chain(page.invites.iter().map(|invite| invite.id));
            if !begins.is_sorted_by(|one, next| one < next) {
                return Err(AdminError::Disorder.into());
            }
            let is_last = !page.more || page.invites.is_empty();
            all.extend(page.invites);
            if is_last {
                link.close().await;
                return Ok(all);
            }
        }
    }

    /// Revokes the one invitation whose id begins so.
    pub async fn revoke_invite(&self, id: &str) -> Result<InviteId, ClientError> {
        let begin = id.to_ascii_lowercase();
        if begin.len() < FEWEST_DIGITS {
            return Err(AdminError::NoSuchInvite.into());
        }
        let mut invites = self.invites().await?;
        invites.retain(|invite| invite.id.to_string().starts_with(&begin));
        let [invite] = &*invites else {
            let is_none = invites.is_empty();
            let error =
                if is_none { AdminError::NoSuchInvite } else { AdminError::AmbiguousInvite };
            return Err(error.into());
        };
        self.ask_own(RevokeInvite { id: invite.id }).await?;
        Ok(invite.id)
    }

    /// All accounts of our relay.
    pub async fn users(&self) -> Result<Vec<User>, ClientError> {
        let link = self.own_link().await?;
        let mut all: Vec<User> = Vec::new();
        loop {
            let after = all.last().map(|user| user.name.clone());
            let page = link.ask(ListUsers { after: after.clone() }).await?;
            let begins = after.iter().chain(page.users.iter().map(|user| &user.name));
            if !begins.is_sorted_by(|one, next| one < next) {
                return Err(AdminError::Disorder.into());
            }
            let is_last = !page.more || page.users.is_empty();
            all.extend(page.users);
            if is_last {
                link.close().await;
                return Ok(all);
            }
        }
    }

    /// One account of our relay.
    pub async fn user(&self, name: AccountName) -> Result<User, ClientError> {
        self.ask_about(&name, ShowUser { name: name.clone() }).await
    }

    /// Keeps an account from signing in, or lets it sign in again.
    pub async fn suspend_user(
        &self,
        name: AccountName,
        suspended: bool,
    ) -> Result<(), ClientError> {
        self.ask_about(&name, SuspendUser { name: name.clone(), suspended }).await.map(drop)
    }

    /// Gives an account other limits.
    pub async fn set_quota(&self, quota: SetQuota) -> Result<User, ClientError> {
        let name = quota.name.clone();
        self.ask_about(&name, quota).await
    }

    /// Ends another account. Our own password is needed, if we have one.
    pub async fn delete_user(
        &self,
        name: AccountName,
        password: Option<Password>,
    ) -> Result<(), ClientError> {
        let credentials = self.credentials(password).await?;
        let link = self.own_link().await?;
        let mut outcome = Err(LinkError::Here);
        for credential in credentials {
            outcome = link.ask(DeleteUser { name: name.clone(), credential }).await;
            let is_another = matches!(&outcome, Err(LinkError::Refused(refusal))
                if refusal.code == Code::DENIED);
            if !is_another {
                break;
            }
        }
        outcome.map_err(|error| about(&name, error.into()))?;
        link.close().await;
        Ok(())
    }

    /// Asks one thing about an account.
    async fn ask_about<A: Ask>(
        &self,
        name: &AccountName,
        request: A,
    ) -> Result<A::Answer, ClientError> {
        self.ask_own(request).await.map_err(|error| about(name, error))
    }

    /// Asks one thing over a link of our own.
    async fn ask_own<A: Ask>(&self, request: A) -> Result<A::Answer, ClientError> {
        let link = self.own_link().await?;
        let answer = link.ask(request).await?;
        link.close().await;
        Ok(answer)
    }
}

/// An account that the relay does not have is named.
fn about(name: &AccountName, error: ClientError) -> ClientError {
    match error {
        ClientError::Link(LinkError::Refused(refusal)) if refusal.code == Code::NOT_FOUND => {
            AdminError::NoSuchUser(name.clone()).into()
        }
        error => error,
    }
}
