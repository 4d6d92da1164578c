//! Accounts: listed, shown, suspended, deleted, and given other limits.

use msg_protocol::{address::AccountName, response};

use super::{Desk, hex};
use crate::{
    admin::{
        date,
        error::OrderError,
        order::QuotaChange,
        report::{Granted, QuotaReport, Report, User},
        serve::Reports,
    },
    service::refusal,
    store::{
        Store, Word,
        account::{Account, AccountChange, Changed, Quota},
    },
};

/// Accounts that are read at once.
const PAGE: usize = 256;

impl<S: Store> Desk<S> {
    pub(super) async fn list_users(&self, reports: &mut Reports) -> Result<(), OrderError> {
        self.report_users(reports, |_| true).await
    }

    pub(super) async fn report_users(
        &self,
        reports: &mut Reports,
        is_meant: fn(&Account) -> bool,
    ) -> Result<(), OrderError> {
        let mut last: Option<AccountName> = None;
        loop {
            let page = self.service.store().accounts(last.as_ref(), PAGE).await?;
            for account in page.iter().filter(|account| is_meant(account)) {
                if let Some(user) = self.user(account).await? {
                    reports.put(&Report::User(user)).await?;
                }
            }
            match page.into_iter().next_back() {
                Some(account) => last = Some(account.name),
                None => return Ok(()),
            }
        }
    }

    pub(super) async fn show_user(
        &self,
        name: &AccountName,
        reports: &mut Reports,
    ) -> Result<(), OrderError> {
        let account = self.account(name).await?;
        let user = self.user(&account).await?;
        let user = user.ok_or_else(|| OrderError::NoSuchUser(name.clone()))?;
        reports.put(&Report::User(user)).await?;
        reports.put(&self.quota(name, account.quota)).await
    }

    /// An account in short; `None` if it is gone by now.
    async fn user(&self, account: &Account) -> Result<Option<User>, OrderError> {
        Ok(self.service.user(account).await?.map(|user| User {
            name: user.name.to_string(),
            id: hex(user.id.as_bytes()),
            made: date::day(user.made),
            suspended: user.suspended,
            administrator: user.administrator,
            devices: user.devices.into(),
            envelopes: user.envelopes,
            envelope_bytes: user.envelope_bytes,
            blobs: user.blobs,
            blob_bytes: user.blob_bytes,
            records: user.records,
        }))
    }

    pub(super) async fn suspend(
        &self,
        name: &AccountName,
        suspended: bool,
    ) -> Result<Report, OrderError> {
        let account = self.account(name).await?;
        self.change(&account, AccountChange::Suspended(suspended)).await?;
        if !suspended {
            return Ok(Report::Done { message: format!("{name} may sign in again") });
        }
        let card = account.card.peek_unverified().map_err(|_| OrderError::Card)?;
        for mailbox in card.mailboxes() {
            self.service.tell(Word::Close(mailbox, refusal::SUSPENDED));
        }
        Ok(Report::Done {
            message: format!(
                "{name} may not sign in from now on; what is sent to it still waits for it"
            ),
        })
    }

    pub(super) async fn delete_user(&self, name: &AccountName) -> Result<Report, OrderError> {
        let account = self.account(name).await?;
        let card = account.card.peek_unverified().map_err(|_| OrderError::Card)?;
        checked(self.service.store().delete_account(account.id, None).await?, name)?;
        for mailbox in card.mailboxes() {
            self.service.tell(Word::Close(mailbox, refusal::GONE));
        }
        Ok(Report::Done { message: format!("{name} and all that was kept of it are gone") })
    }

    pub(super) async fn change_quota(
        &self,
        name: &AccountName,
        change: QuotaChange,
    ) -> Result<Report, OrderError> {
        let account = self.account(name).await?;
        let quota = change.of(account.quota);
        if !change.is_none() {
            self.change(&account, AccountChange::Quota(quota)).await?;
        }
        Ok(self.quota(name, quota))
    }

    pub(super) async fn change(
        &self,
        account: &Account,
        change: AccountChange,
    ) -> Result<(), OrderError> {
        checked(self.service.store().change_account(account.id, None, change).await?, &account.name)
    }

    fn quota(&self, name: &AccountName, quota: Quota) -> Report {
        let granted =
            |granted: response::Granted| Granted { value: granted.value, own: granted.own };
        let quota = self.service.granted(quota);
        Report::Quota(QuotaReport {
            name: name.to_string(),
            mailbox_envelopes: granted(quota.mailbox_envelopes),
            mailbox_bytes: granted(quota.mailbox_bytes),
            blob_bytes: granted(quota.blob_bytes),
        })
    }
}

fn checked(changed: Changed, name: &AccountName) -> Result<(), OrderError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::NotFound => Err(OrderError::NoSuchUser(name.clone())),
        Changed::Stale => Err(OrderError::Moved),
    }
}
