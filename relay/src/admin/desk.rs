//! Carries orders out.

mod admins;
mod inspect;
mod invites;
mod users;

use std::{path::PathBuf, sync::Arc};

use data_encoding::HEXLOWER;
use msg_protocol::{
    address::{AccountName, Pin, RelayAddress},
    secret::SaltedHash,
};
use tokio::sync::watch;

use super::{
    date,
    error::OrderError,
    order::Order,
    report::{Report, Stats},
    serve::Reports,
};
use crate::{
    service::Service,
    store::{
        RelayTime, Store,
        account::{Account, Whose},
    },
};

/// What carries orders out.
#[derive(Debug)]
pub(crate) struct Desk<S> {
    service: Arc<Service<S>>,
    relay: RelayAddress,
    pin: watch::Receiver<Pin>,
}

impl<S: Store> Desk<S> {
    /// For a relay that users reach at that address, with the pin of its key.
    pub(crate) const fn new(
        service: Arc<Service<S>>,
        relay: RelayAddress,
        pin: watch::Receiver<Pin>,
    ) -> Self {
        Self { service, relay, pin }
    }

    /// Seconds that what is under way may take when the relay stops.
    pub(super) fn drain_s(&self) -> u64 {
        self.service.limits().drain_s
    }

    /// Carries an order out.
    pub(super) async fn carry_out(
        &self,
        order: Order,
        reports: &mut Reports,
    ) -> Result<(), OrderError> {
        match order {
            Order::InviteCreate { uses, days, note } => {
                reports.put(&self.create_invite(uses, days, note).await?).await
            }
            Order::InviteList => self.list_invites(reports).await,
            Order::InviteRevoke { id } => reports.put(&self.revoke_invite(&id).await?).await,
            Order::UserList => self.list_users(reports).await,
            Order::UserShow { name } => self.show_user(&name, reports).await,
            Order::UserSuspend { name } => reports.put(&self.suspend(&name, true).await?).await,
            Order::UserResume { name } => reports.put(&self.suspend(&name, false).await?).await,
            Order::UserDelete { name } => reports.put(&self.delete_user(&name).await?).await,
            Order::UserQuota { name, change } => {
                reports.put(&self.change_quota(&name, change).await?).await
            }
            Order::AdminAdd { name } => reports.put(&self.add_admin(&name).await?).await,
            Order::AdminRemove { name } => reports.put(&self.remove_admin(&name).await?).await,
            Order::AdminList => self.list_admins(reports).await,
            Order::Stats => reports.put(&Report::Stats(Box::new(self.stats().await?))).await,
            Order::Inspect { name } => self.inspect(&name, reports).await,
            Order::BackUp { file } => reports.put(&self.back_up(file).await?).await,
            Order::Check => {
                let checked = self.service.store().check().await?;
                let check = Report::Check { rows: checked.rows, faults: checked.faults };
                reports.put(&check).await
            }
            Order::Compact => {
                let (bytes_before, bytes_after) = self.service.store().compact().await?;
                reports.put(&Report::Compact { bytes_before, bytes_after }).await
            }
        }
    }

    async fn account(&self, name: &AccountName) -> Result<Account, OrderError> {
        let account = self.service.store().account(Whose::Name(name)).await?;
        account.ok_or_else(|| OrderError::NoSuchUser(name.clone()))
    }

    async fn back_up(&self, file: PathBuf) -> Result<Report, OrderError> {
        if !file.is_absolute() {
            return Err(OrderError::Relative(file));
        }
        if file.symlink_metadata().is_ok() {
            return Err(OrderError::Exists(file));
        }
        let bytes = self.service.store().back_up(file.clone()).await?;
        Ok(Report::Backup { file: file.to_string_lossy().into_owned(), bytes })
    }

    async fn stats(&self) -> Result<Stats, OrderError> {
        let kept = self.service.store().figures().await?;
        let figures = self.service.figures();
        let as_u64 = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Stats {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running_s: self.service.clock().moment().0 / 1_000,
            links: as_u64(self.service.presence().links()),
            devices_there: as_u64(self.service.presence().devices()),
            accounts: kept.accounts,
            devices: kept.devices,
            envelopes: kept.envelopes,
            envelope_bytes: kept.envelope_bytes,
            blobs: kept.blobs,
            blob_bytes: kept.blob_bytes,
            damaged: kept.damaged,
            file_bytes: kept.file_bytes,
            room_bytes: kept.room_bytes,
            commits: kept.commits,
            deposits: figures.deposits.value(),
            deposited_bytes: figures.deposited_bytes.value(),
            pushes: figures.pushes.value(),
            requests: figures.requests().map(|(_, count)| count).sum(),
            refusals: figures.refusals().map(|(_, count)| count).sum(),
            links_refused: figures.links_refused.value(),
        })
    }

    /// The day on which something expires.
    fn day(&self, time: RelayTime) -> String {
        date::day(self.service.clock().on_wall(time).day())
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A hash as it is shown: without its salt, which makes it say even less.
fn hash(hash: &SaltedHash) -> String {
    hex(hash.digest())
}
