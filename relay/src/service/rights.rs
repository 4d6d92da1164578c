//! The account's own rights: its door, the tokens of its contact links, its
//! credential. SPEC §"Requests".

use msg_protocol::{
    error::Refusal,
    id::DeviceId,
    limits::{KNOCKS_PER_RIGHT, MAX_DOOR_GRACE_S, MAX_LINK_TOKENS, MAX_TOKEN_DAYS},
    request::{ChangeCredential, DeleteAccount, IssueToken, RevokeToken, SetDoor},
    secret::{AccountCredential, DeviceCredential, SaltedHash},
};

use super::{
    Service, SignedInDevice,
    refusal::{self, Answer},
};
use crate::{
    clock::DAY_S,
    quota::{Deed, Who},
    store::{
        Store, Word,
        account::{Account, AccountChange, Changed, Whose},
        right::{Added, KnockRight, RightId, RightKind},
    },
};

impl<S: Store> Service<S> {
    pub(super) async fn set_door(&self, own: SignedInDevice, set: &SetDoor) -> Answer<()> {
        let account = self.own_account(own).await?;
        if account.door.current.admits(&set.door) {
            return Ok(());
        }
        let grace_s = u64::from(set.grace_s.min(MAX_DOOR_GRACE_S));
        let good_until = self.clock.relay_time().plus_s(grace_s);
        self.change(own, None, AccountChange::Door(Self::salted(&set.door)?, good_until)).await
    }

    pub(super) async fn issue_token(&self, own: SignedInDevice, issue: &IssueToken) -> Answer<()> {
        let now = self.clock.relay_time();
        let expires = self.clock.in_relay_time(issue.expires);
        // A day of grace, for two clocks that disagree.
        if expires <= now {
            return Err(refusal::BAD_REQUEST);
        }
        if expires > now.plus_s((u64::from(MAX_TOKEN_DAYS) + 1) * DAY_S) {
            return Err(refusal::TOO_LARGE);
        }
        let right = KnockRight {
            kind: RightKind::Token,
            hash: issue.hash,
            fetch: true,
            knocks: KNOCKS_PER_RIGHT,
            expires,
        };
        let id = token_id(&issue.hash);
        match self.store.add_right(own.account, id, right, MAX_LINK_TOKENS, now).await? {
            Added::Done | Added::Exists => Ok(()),
            Added::TooMany => Err(refusal::QUOTA),
            Added::NotFound => Err(refusal::NOT_FOUND),
        }
    }

    pub(super) async fn revoke_token(
        &self,
        own: SignedInDevice,
        revoke: &RevokeToken,
    ) -> Answer<()> {
        // A token that is not there is no longer good either.
        self.store.revoke_token(own.account, token_id(&revoke.hash)).await?;
        Ok(())
    }

    pub(super) async fn change_credential(
        &self,
        own: SignedInDevice,
        change: &ChangeCredential,
    ) -> Answer<()> {
        let account = self.own_account(own).await?;
        let by = match self.held(own.device, &account, &change.old).await {
            // The same change once more is done; whoever tries that shows another one.
            Err(refusal::DENIED) => {
                return self.held(own.device, &account, &change.new).await.map(drop);
            }
            held => held?,
        };
        let new = Self::salted(&change.new)?;
        self.change(own, Some(by), AccountChange::Credential(new)).await
    }

    pub(super) async fn delete_account(
        &self,
        own: SignedInDevice,
        delete: &DeleteAccount,
    ) -> Answer<()> {
        let account = self.own_account(own).await?;
        let by = self.held(own.device, &account, &delete.credential).await?;
        self.end_account(&account, Some(by)).await
    }

    /// Removes an account and closes its links.
    pub async fn end_account(&self, account: &Account, by: Option<SaltedHash>) -> Answer<()> {
        changed(self.store.delete_account(account.id, by).await?)?;
        self.close_links(account, refusal::GONE)
    }

    /// Closes the links on which devices of an account are signed in.
    pub(super) fn close_links(&self, account: &Account, reason: Refusal) -> Answer<()> {
        let card = account.card.peek_unverified().map_err(|_| refusal::FAILED)?;
        for mailbox in card.mailboxes() {
            self.tell(Word::Close(mailbox, reason));
        }
        Ok(())
    }

    pub(super) async fn own_account(&self, own: SignedInDevice) -> Answer<Account> {
        let account = self.store.account(Whose::Id(own.account)).await?;
        let account = account.ok_or(refusal::NOT_FOUND)?;
        let card = account.card.peek_unverified().map_err(|_| refusal::FAILED)?;
        // A device that was removed while its request was on its way has no say.
        card.device(own.device).map(|_| account).ok_or(refusal::NOT_FOUND)
    }

    /// The hash of the account credential, for whoever shows that credential. A
    /// device may show one so often only: it is made of a password. Nowhere else is
    /// one compared with it.
    pub(super) async fn held(
        &self,
        by: DeviceId,
        account: &Account,
        shown: &AccountCredential,
    ) -> Answer<SaltedHash> {
        self.take_everywhere(Deed::Credential, Who::Device(by), 1).await?;
        if account.credential.admits(shown) { Ok(account.credential) } else { Err(refusal::DENIED) }
    }

    pub(super) async fn change(
        &self,
        own: SignedInDevice,
        by: Option<SaltedHash>,
        change: AccountChange,
    ) -> Answer<()> {
        changed(self.store.change_account(own.account, by, change).await?)
    }
}

pub(super) fn changed(changed: Changed) -> Answer<()> {
    match changed {
        Changed::Done => Ok(()),
        Changed::NotFound => Err(refusal::NOT_FOUND),
        Changed::Stale => Err(refusal::MOVED_ON),
    }
}

/// What names a token in the store: its hash, under a salt of its own.
fn token_id(hash: &SaltedHash) -> RightId {
    RightId(*hash.digest())
}

/// A credential that no device has: unknown names are compared with its hash, so
/// that they cost what known ones cost.
pub(super) fn nobodys_credential(store: &impl Store) -> DeviceCredential {
    DeviceCredential::new(store.secret())
}
