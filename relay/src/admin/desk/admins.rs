//! Administrators: named, dismissed, listed. Only the operator decides who is one.

use msg_protocol::address::AccountName;

use super::Desk;
use crate::{
    admin::{error::OrderError, report::Report, serve::Reports},
    store::{Store, account::AccountChange},
};

impl<S: Store> Desk<S> {
    pub(super) async fn add_admin(&self, name: &AccountName) -> Result<Report, OrderError> {
        self.mark(name, true).await?;
        Ok(Report::Done {
            message: format!("{name} is an administrator: `msg admin` works for it from now on"),
        })
    }

    pub(super) async fn remove_admin(&self, name: &AccountName) -> Result<Report, OrderError> {
        self.mark(name, false).await?;
        Ok(Report::Done { message: format!("{name} is no administrator from now on") })
    }

    async fn mark(&self, name: &AccountName, administrator: bool) -> Result<(), OrderError> {
        let account = self.account(name).await?;
        self.change(&account, AccountChange::Administrator(administrator)).await
    }

    pub(super) async fn list_admins(&self, reports: &mut Reports) -> Result<(), OrderError> {
        self.report_users(reports, |account| account.administrator).await
    }
}
