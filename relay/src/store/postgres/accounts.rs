//! Accounts, their cards and devices, in the database.
//!
//! - What changes an account, but for the counter of a device, holds the lock on
//!   the account's row until it is committed.
//! - Locks are taken in one order: account, device, mailbox, and then whatever
//!   belongs to them; several of one kind in the order of their ids.
//! - A row of `account` holds the latest card as well, so that looking an account
//!   up reads one row.

mod change;
mod create;
mod delete;
mod device;
mod row;

use msg_protocol::{
    address::AccountName,
    id::{AccountId, DeviceId, MailboxId},
    secret::SaltedHash,
};
use tokio_postgres::Row;

pub(super) use self::row::{account_columns, account_in};
use self::{
    change::ChangeAccount,
    create::CreateAccount,
    delete::DeleteAccount,
    device::{RaiseCounter, counter_in},
    row::{MAILBOX_PLACE, NAME_PLACE},
};
use super::{
    Postgres,
    failure::Failure,
    line::Parameters,
    pool::Pool,
    value::{column, id_in, legible, value_in},
};
use crate::store::{
    Accounts, RelayTime, Result,
    account::{Account, AccountChange, CardPage, Changed, Creation, Device, NewAccount, Whose},
};

/// The accounts of those mailboxes that are there, in one statement; of each by itself
/// whether it can be read.
pub(super) async fn of_mailboxes(
    pool: &Pool,
    mailboxes: &[MailboxId],
) -> Result<Vec<(MailboxId, Result<Account>)>> {
    const READ: &str = concat!(
        "SELECT ",
        account_columns!(),
        ", m.id FROM mailbox m JOIN account a ON a.id = m.acct WHERE m.id = ANY($1)"
    );
    let ids: Vec<&[u8]> = mailboxes.iter().map(|mailbox| mailbox.0.as_slice()).collect();
    let rows = pool.read(READ, &[&ids]).await?;
    Ok(legible(&rows, |row| {
        let mailbox = MailboxId(id_in(row, MAILBOX_PLACE)?);
        Ok((mailbox, account_in(row).map_err(Failure::outcome)))
    }))
}

/// What each of those rows says.
fn all<T>(rows: &[Row], read: impl Fn(&Row) -> core::result::Result<T, Failure>) -> Result<Vec<T>> {
    let values: core::result::Result<_, _> = rows.iter().map(read).collect();
    values.map_err(Failure::outcome)
}

async fn one_account(
    pool: &Pool,
    sql: &'static str,
    parameters: Parameters<'_>,
) -> Result<Option<Account>> {
    let row = pool.read_row(sql, parameters).await?;
    row.as_ref().map(account_in).transpose().map_err(Failure::outcome)
}

impl Accounts for Postgres {
    async fn create_account(&self, account: NewAccount, now: RelayTime) -> Result<Creation> {
        self.pool.change(CreateAccount { new: account, now }).await
    }

    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>> {
        const BY_NAME: &str =
            concat!("SELECT ", account_columns!(), " FROM account a WHERE a.name = $1");
        const BY_ID: &str =
            concat!("SELECT ", account_columns!(), " FROM account a WHERE a.id = $1");
        match whose {
            Whose::Name(name) => one_account(&self.pool, BY_NAME, &[&name.as_str()]).await,
            Whose::Id(id) => one_account(&self.pool, BY_ID, &[&id.0.as_slice()]).await,
            Whose::Mailbox(mailbox) => self.lookup.account_of(mailbox).await,
        }
    }

    async fn device(&self, account: AccountId, device: DeviceId) -> Result<Option<Device>> {
        const READ: &str = "SELECT credential, counter FROM device WHERE acct = $1 AND id = $2";
        let row = self.pool.read_row(READ, &[&account.0.as_slice(), &device.0.as_slice()]).await?;
        let shown =
            |row| Ok(Device { credential: value_in(&row, 0)?, counter: counter_in(&row, 1)? });
        row.map(shown).transpose().map_err(Failure::outcome)
    }

    async fn cards(&self, account: AccountId, from: u32, limit: usize) -> Result<CardPage> {
        const READ: &str = "SELECT card FROM card WHERE acct = $1 AND version >= $2 \
             ORDER BY version LIMIT $3";
        let id = account.0.as_slice();
        let rows = self.pool.read(READ, &[&id, &i64::from(from), &beyond(limit)]).await?;
        let more = rows.len() > limit;
        let cards = rows.get(..limit).unwrap_or(&rows);
        Ok(CardPage { cards: all(cards, |row| value_in(row, 0))?, more })
    }

    async fn change_account(
        &self,
        account: AccountId,
        by: Option<SaltedHash>,
        change: AccountChange,
    ) -> Result<Changed> {
        self.pool.change(ChangeAccount { account, by, change }).await
    }

    async fn delete_account(&self, account: AccountId, by: Option<SaltedHash>) -> Result<Changed> {
        self.pool.change(DeleteAccount { account, by }).await
    }

    async fn raise_counter(
        &self,
        account: AccountId,
        device: DeviceId,
        counter: u64,
    ) -> Result<Option<u64>> {
        self.pool.change(RaiseCounter { account, device, counter }).await
    }

    async fn accounts(&self, after: Option<&AccountName>, limit: usize) -> Result<Vec<Account>> {
        const READ: &str = concat!(
            "SELECT ",
            account_columns!(),
            " FROM account a WHERE a.name > $1 ORDER BY a.name LIMIT $2"
        );
        // No name is empty.
        let mut after = after.map_or("", AccountName::as_str).to_owned();
        let mut accounts = Vec::new();
        // Whoever reads page by page goes on until one is not full.
        while accounts.len() < limit {
            let missing = i64::try_from(limit - accounts.len()).unwrap_or(i64::MAX);
            let rows = self.pool.read(READ, &[&after, &missing]).await?;
            accounts.extend(legible(&rows, account_in));
            let Some(last) = rows.last() else { break };
            after = column(last, NAME_PLACE).map_err(Failure::outcome)?;
        }
        Ok(accounts)
    }
}

/// One more, which says whether there are more.
fn beyond(limit: usize) -> i64 {
    i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)
}
