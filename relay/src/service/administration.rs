//! What an administrator does over a link of their own, in the place of an
//! operator at the relay's socket. SPEC §"Requests", *Administration*.
//!
//! Whether an account is an administrator is looked up for each request: the
//! operator's word holds at once, on open links too. What an administrator is
//! told stands in `inspect` as well, and is less than that. Other administrators
//! are the operator's alone, so that one stolen device cannot shut the others out.

use msg_protocol::{
    address::AccountName,
    bounded::List,
    id::InviteId,
    limits::{MAX_INVITE_DAYS, MAX_INVITE_USES, MAX_INVITES_PER_ANSWER, MAX_USERS_PER_ANSWER},
    request::{
        CreateInvite, DeleteUser, ListInvites, ListUsers, Request, RevokeInvite, SetQuota,
        ShowUser, SuspendUser,
    },
    response::{Granted, InviteMade, InviteOut, Invites, Response, User, UserQuota, Users},
};
use tracing::info;

use super::{
    Service, SignedInDevice, answer, done,
    refusal::{self, Answer},
    rights::changed,
};
use crate::{
    invitation::{self, InvitationError, Terms},
    store::{
        Result, Store,
        account::{Account, AccountChange, Quota, Whose},
        right::{RightId, StoredInvite},
    },
};

impl<S: Store> Service<S> {
    /// Does what an administrator asks; refuses anybody else, whatever it is.
    pub(super) async fn administer(
        &self,
        own: SignedInDevice,
        request: Request,
    ) -> Answer<Response> {
        let kind = request.kind();
        let asked = match request {
            Request::CreateInvite(create) => answer(self.create_invite(own, create).await),
            Request::ListInvites(list) => answer(self.list_invites(own, &list).await),
            Request::RevokeInvite(revoke) => done(self.revoke_invite(own, &revoke).await),
            Request::ListUsers(list) => answer(self.list_users(own, &list).await),
            Request::ShowUser(show) => answer(self.show_user(own, &show).await),
            Request::SuspendUser(suspend) => done(self.suspend_user(own, &suspend).await),
            Request::SetQuota(set) => answer(self.set_quota(own, &set).await),
            Request::DeleteUser(delete) => done(self.delete_user(own, &delete).await),
            _ => return Err(refusal::WRONG_LINK),
        };
        if asked.is_ok() {
            info!(kind, "an administrator was answered");
        }
        asked
    }

    async fn administrator(&self, own: SignedInDevice) -> Answer<Account> {
        let account = self.own_account(own).await?;
        match account {
            Account { suspended: true, .. } => Err(refusal::SUSPENDED),
            Account { administrator: true, .. } => Ok(account),
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    async fn create_invite(&self, own: SignedInDevice, create: CreateInvite) -> Answer<InviteMade> {
        self.administrator(own).await?;
        let CreateInvite { uses, days, note } = create;
        if !(1..=MAX_INVITE_USES).contains(&uses) || !(1..=MAX_INVITE_DAYS).contains(&days) {
            return Err(refusal::BAD_REQUEST);
        }
        let terms = Terms { uses, days, note: note.into_string() };
        let made = invitation::make(self, terms).await.map_err(|error| match error {
            InvitationError::Random(_) => refusal::FAILED,
            InvitationError::Store(error) => error.into(),
        })?;
        let (RightId(id), invite) = made.ok_or(refusal::QUOTA)?;
        let expires = invitation::expiry(self.clock.relay_time(), days);
        Ok(InviteMade { id: InviteId(id), invite, expires: self.clock.on_wall(expires).day() })
    }

    async fn list_invites(&self, own: SignedInDevice, list: &ListInvites) -> Answer<Invites> {
        self.administrator(own).await?;
        let mut invites = self.store.invites(self.clock.relay_time()).await?;
        invites.retain(|(id, _)| list.after.is_none_or(|after| InviteId(id.0) > after));
        invites.sort_by_key(|(id, _)| id.0);
        let more = invites.len() > MAX_INVITES_PER_ANSWER;
        invites.truncate(MAX_INVITES_PER_ANSWER);
        let invites: Answer<Vec<_>> =
            invites.into_iter().map(|(id, invite)| self.invite_out(id, &invite)).collect();
        Ok(Invites { invites: List::new(invites?).map_err(|_| refusal::FAILED)?, more })
    }

    fn invite_out(&self, RightId(id): RightId, invite: &StoredInvite) -> Answer<InviteOut> {
        Ok(InviteOut {
            id: InviteId(id),
            uses: invite.uses,
            made: invite.created,
            expires: self.clock.on_wall(invite.expires).day(),
            note: invite.note.as_str().try_into().map_err(|_| refusal::FAILED)?,
        })
    }

    async fn revoke_invite(&self, own: SignedInDevice, revoke: &RevokeInvite) -> Answer<()> {
        self.administrator(own).await?;
        let was_there = self.store.revoke_invite(RightId(revoke.id.0)).await?;
        if was_there { Ok(()) } else { Err(refusal::NOT_FOUND) }
    }

    async fn list_users(&self, own: SignedInDevice, list: &ListUsers) -> Answer<Users> {
        self.administrator(own).await?;
        let limit = MAX_USERS_PER_ANSWER.saturating_add(1);
        let mut accounts = self.store.accounts(list.after.as_ref(), limit).await?;
        let more = accounts.len() > MAX_USERS_PER_ANSWER;
        accounts.truncate(MAX_USERS_PER_ANSWER);
        let mut users = Vec::with_capacity(accounts.len());
        for account in &accounts {
            users.extend(self.user(account).await?);
        }
        Ok(Users { users: List::new(users).map_err(|_| refusal::FAILED)?, more })
    }

    async fn show_user(&self, own: SignedInDevice, show: &ShowUser) -> Answer<User> {
        self.administrator(own).await?;
        let account = self.named(&show.name).await?;
        self.user(&account).await?.ok_or(refusal::NOT_FOUND)
    }

    async fn suspend_user(&self, own: SignedInDevice, suspend: &SuspendUser) -> Answer<()> {
        let account = self.subordinate(own, &suspend.name).await?;
        let change = AccountChange::Suspended(suspend.suspended);
        changed(self.store.change_account(account.id, None, change).await?)?;
        if suspend.suspended { self.close_links(&account, refusal::SUSPENDED) } else { Ok(()) }
    }

    async fn set_quota(&self, own: SignedInDevice, set: &SetQuota) -> Answer<User> {
        let account = self.subordinate(own, &set.name).await?;
        let named = Quota {
            mailbox_envelopes: set.mailbox_envelopes,
            mailbox_bytes: set.mailbox_bytes,
            blob_bytes: set.blob_bytes,
        };
        let before = if set.default { Quota::default() } else { account.quota };
        let change = AccountChange::Quota(named.or(before));
        changed(self.store.change_account(account.id, None, change).await?)?;
        let account = self.named(&set.name).await?;
        self.user(&account).await?.ok_or(refusal::NOT_FOUND)
    }

    async fn delete_user(&self, own: SignedInDevice, delete: &DeleteUser) -> Answer<()> {
        let administrator = self.administrator(own).await?;
        self.held(own.device, &administrator, &delete.credential).await?;
        let account = self.subordinate(own, &delete.name).await?;
        self.end_account(&account, None).await
    }

    /// An account that an administrator decides about.
    async fn subordinate(&self, own: SignedInDevice, name: &AccountName) -> Answer<Account> {
        self.administrator(own).await?;
        let account = self.named(name).await?;
        if account.administrator { Err(refusal::NOT_ALLOWED) } else { Ok(account) }
    }

    async fn named(&self, name: &AccountName) -> Answer<Account> {
        self.store.account(Whose::Name(name)).await?.ok_or(refusal::NOT_FOUND)
    }

    /// An account in short; `None` if it is gone by now.
    pub async fn user(&self, account: &Account) -> Result<Option<User>> {
        let held = self.store.holdings(account.id, 0, self.clock.relay_time()).await?;
        let as_u64 = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(held.map(|held| User {
            name: account.name.clone(),
            id: account.id,
            made: account.created,
            suspended: account.suspended,
            administrator: account.administrator,
            devices: u32::try_from(held.mailboxes.len()).unwrap_or(u32::MAX),
            envelopes: held
                .mailboxes
                .iter()
                .map(|mailbox| u64::from(mailbox.waiting.envelopes))
                .sum(),
            envelope_bytes: held.mailboxes.iter().map(|mailbox| mailbox.waiting.bytes).sum(),
            blobs: as_u64(held.blobs.len()),
            blob_bytes: held.blobs.iter().map(|(_, _, there, _)| there).sum(),
            records: as_u64(held.records.len()),
            quota: self.granted(account.quota),
        }))
    }

    /// What an account may hold.
    pub fn granted(&self, quota: Quota) -> UserQuota {
        let limits = self.limits();
        let granted =
            |own: Option<u64>, relay| Granted { value: own.unwrap_or(relay), own: own.is_some() };
        UserQuota {
            mailbox_envelopes: granted(
                quota.mailbox_envelopes.map(u64::from),
                limits.mailbox_envelopes,
            ),
            mailbox_bytes: granted(quota.mailbox_bytes, limits.mailbox_bytes),
            blob_bytes: granted(quota.blob_bytes, limits.account_blob_bytes),
        }
    }
}
