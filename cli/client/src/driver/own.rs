//! What is done to the account itself: another password, its end, a look at its relay.

use std::time::{Duration, Instant};

use msg_crypto::password::Password;
use msg_protocol::{
    error::Code,
    request::{ChangeCredential, DeleteAccount},
    secret::AccountCredential,
};

use super::{Client, ClientError};
use crate::{
    engine::account,
    link::LinkError,
    rows::account::key,
    store::StoreError,
    unlock::{Protection, UnlockError},
    world::{Random, aside},
};

impl Client {
    /// Sees whether our relay is there, and takes in what waits there, unless another
    /// process does that for as long as it runs. How long it took.
    pub async fn reach_relay(&self) -> Result<Duration, ClientError> {
        let begun = Instant::now();
        if let Some(mailbox) = self.open_mailbox(Duration::ZERO).await? {
            self.empty(&mailbox).await?;
            mailbox.close().await;
            return Ok(begun.elapsed());
        }
        let row = self.look(|rows| account::row(rows)).await?;
        let begun = Instant::now();
        self.anonymous(&row.address.relay, row.pin, None).await?.close().await;
        Ok(begun.elapsed())
    }

    /// Changes the password, at the relay and here. One that was cut off between
    /// the two is finished by the same call, with the password that opens the store.
    ///
    /// The new credential is stored before the relay hears of it, beside those of
    /// changes that were cut off: whichever of them the relay has, it is known here.
    pub async fn change_password(
        &self,
        old: Option<Password>,
        new: Password,
    ) -> Result<(), ClientError> {
        let row = self.look(|rows| account::row(rows)).await?;
        let begun = row.begun_credentials.clone();
        let kept = row.account_credential.clone();
        let address = row.address.clone();
        let (old, credential, new) = hashed(move || {
            let of = |password: &Password| {
                password.account_credential(&address.relay.host, &address.name)
            };
            let old = match (kept, old) {
                (Some(kept), _) => Some(kept),
                (None, Some(old)) => Some(of(&old)?),
                (None, None) => None,
            };
            Ok((old, of(&new)?, new))
        })
        .await?;
        let old = old.ok_or(ClientError::Unlock(UnlockError::NeedsPassword))?;
        let mailbox = self.open_mailbox(self.policy.patience).await?;
        let mailbox = mailbox.ok_or(ClientError::MailboxBusy)?;
        let next = credential.clone();
        self.section(move |draft, _| {
            let mut row = account::row(draft)?;
            account::begin_credential(&mut row, next);
            draft.write(key::ACCOUNT, &row);
            Ok(())
        })
        .await?;
        let mut outcome = Err(LinkError::Here);
        for known in candidates(old, begun).chain([credential.clone()]) {
            let change = ChangeCredential { old: known, new: credential.clone() };
            outcome = mailbox.link().ask(change).await;
            let is_another = matches!(&outcome, Err(LinkError::Refused(refusal))
                if refusal.code == Code::DENIED);
            if !is_another {
                break;
            }
        }
        outcome?;
        mailbox.close().await;
        let store = std::sync::Arc::clone(&self.store);
        let protecting = aside(move || store.protect(Protection::Password(&new), &mut Random));
        protecting.await.map_err(|_| ClientError::Panicked)??;
        self.section(|draft, _| {
            let mut row = account::row(draft)?;
            row.begun_credentials.clear();
            row.account_credential = None;
            draft.write(key::ACCOUNT, &row);
            Ok(())
        })
        .await
    }

    /// Ends the account at the relay, and then removes what is kept here.
    pub async fn delete_account(&self, password: Option<Password>) -> Result<(), ClientError> {
        let credentials = self.credentials(password).await?;
        let mailbox = self.open_mailbox(self.policy.patience).await?;
        let mailbox = mailbox.ok_or(ClientError::MailboxBusy)?;
        let mut outcome = Err(LinkError::Here);
        for credential in credentials {
            outcome = mailbox.link().ask(DeleteAccount { credential }).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome?;
        self.store.home().remove_store().map_err(StoreError::from)?;
        drop(mailbox);
        Ok(())
    }

    /// What the relay may know as our account credential, the likeliest first: one
    /// that is kept, that of the password, those of changes that were cut off.
    pub(super) async fn credentials(
        &self,
        password: Option<Password>,
    ) -> Result<Vec<AccountCredential>, ClientError> {
        let row = self.look(|rows| account::row(rows)).await?;
        let (kept, begun) = (row.account_credential.clone(), row.begun_credentials.clone());
        let address = row.address.clone();
        let credential = hashed(move || match (kept, password) {
            (Some(kept), _) => Ok(Some(kept)),
            (None, Some(password)) => {
                password.account_credential(&address.relay.host, &address.name).map(Some)
            }
            (None, None) => Ok(None),
        })
        .await?;
        let credential = credential.ok_or(ClientError::Unlock(UnlockError::NeedsPassword))?;
        Ok(candidates(credential, begun).collect())
    }
}

/// What the relay may have, the likeliest first: what was last known to count, or what
/// a change that was cut off has made of it.
fn candidates(
    old: AccountCredential,
    begun: Vec<AccountCredential>,
) -> impl Iterator<Item = AccountCredential> {
    [old].into_iter().chain(begun.into_iter().rev())
}

/// Hashes passwords away from the runtime.
async fn hashed<T: Send + 'static>(
    hash: impl FnOnce() -> Result<T, msg_crypto::OutOfMemory> + Send + 'static,
) -> Result<T, ClientError> {
    let hashing = aside(hash).await.map_err(|_| ClientError::Panicked)?;
    Ok(hashing.map_err(|_| UnlockError::OutOfMemory)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::account::{NewAccount, begin_credential, found},
        rows::AccountRow,
        step::Draft,
        store::memory::Memory,
        world::Random,
    };

    fn credential(number: u8) -> AccountCredential {
        AccountCredential::new([number; 32])
    }

    fn account() -> AccountRow {
        let new = NewAccount {
            address: "alice@relay.example".parse().unwrap(),
            pin: None,
            credential: credential(0),
            keeps_credential: false,
        };
        let store = Memory::default();
        let draft = Draft::new(&store);
        found(&draft, new, crate::driver::now(), &mut Random);
        account::row(&draft).unwrap()
    }

    /// A bug: a change that had reached the relay was forgotten with the next that was
    /// begun, and then nothing that was known was what the relay had.
    #[test]
    fn a_change_that_was_cut_off_is_tried_however_the_next_ones_end() {
        let mut row = account();
        for number in [1, 2, 3, 2] {
            begin_credential(&mut row, credential(number));
        }
        let tried: Vec<_> = candidates(credential(0), row.begun_credentials.clone()).collect();
        assert!(tried == [0, 2, 3, 1].map(credential));
        for number in 4..9 {
            begin_credential(&mut row, credential(number));
        }
        assert_eq!(row.begun_credentials.len(), 4, "few enough to be tried at once");
    }
}
