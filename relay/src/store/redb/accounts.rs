//! Accounts, their cards and devices, in the embedded store.

mod change;
mod create;
mod delete;
mod device;

use msg_protocol::{
    address::AccountName,
    card,
    id::{AccountId, DeviceId},
    secret::SaltedHash,
};

use self::{change::change, create::create, delete::delete};
use super::{
    Redb,
    batch::Batch,
    mailboxes::mailbox_key,
    rows::{AccountRow, CardRow, DeviceRow, MailboxRow, NameRow},
    table::{View, key},
};
use crate::store::{
    Accounts, RelayTime, Result, StoreError,
    account::{
        Account, AccountChange, CardPage, Changed, Creation, Device, DeviceChange, DoorHashes,
        NewAccount, Quota, Whose,
    },
};

/// Bytes that an account takes, roughly.
const ACCOUNT_BYTES: usize = 4 * 1024;

pub(super) fn card_key(account: AccountId, version: u32) -> Vec<u8> {
    key(&[account.as_bytes(), &version.to_be_bytes()])
}

pub(super) fn device_key(account: AccountId, device: DeviceId) -> Vec<u8> {
    key(&[account.as_bytes(), device.as_bytes()])
}

/// An account's row.
pub(super) fn account_row(view: &impl View, account: AccountId) -> Result<Option<AccountRow>> {
    view.row(account.as_bytes())
}

/// The card of an account's row. A row without its card is damaged.
fn latest_card(view: &impl View, account: AccountId, row: &AccountRow) -> Result<CardRow> {
    view.row(&card_key(account, row.version))?.ok_or(StoreError::Damaged)
}

/// The devices of an account's latest card.
pub(super) fn card_devices(
    view: &impl View,
    account: AccountId,
    row: &AccountRow,
) -> Result<Vec<DeviceId>> {
    let CardRow(signed) = latest_card(view, account, row)?;
    let card = signed.peek_unverified().map_err(|_| StoreError::Damaged)?;
    Ok(card.devices.iter().map(card::Device::id).collect())
}

/// What the row says, with the latest card.
pub(super) fn shown(view: &impl View, id: AccountId, row: AccountRow) -> Result<Account> {
    let CardRow(card) = latest_card(view, id, &row)?;
    let previous = row.previous_door.map(|(hash, until)| (hash, RelayTime(until)));
    Ok(Account {
        id,
        name: row.name,
        card,
        credential: row.credential,
        door: DoorHashes { current: row.door, previous },
        suspended: row.suspended,
        administrator: row.administrator,
        quota: Quota {
            mailbox_envelopes: row.mailbox_envelopes,
            mailbox_bytes: row.mailbox_bytes,
            blob_bytes: row.blob_bytes,
        },
        created: row.created,
    })
}

impl Accounts for Redb {
    async fn create_account(&self, account: NewAccount, now: RelayTime) -> Result<Creation> {
        self.engine.take_room(ACCOUNT_BYTES as u64)?;
        self.engine.change(false, ACCOUNT_BYTES, move |batch| create(batch, &account, now)).await
    }

    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>> {
        self.engine
            .read(|view| {
                let id = match whose {
                    Whose::Name(name) => {
                        view.row::<NameRow>(name.as_str().as_bytes())?.map(|NameRow(id)| id)
                    }
                    Whose::Id(id) => Some(id),
                    Whose::Mailbox(mailbox) => {
                        view.row::<MailboxRow>(&mailbox_key(mailbox))?.map(|row| row.account)
                    }
                };
                let Some(id) = id else { return Ok(None) };
                account_row(view, id)?.map(|row| shown(view, id, row)).transpose()
            })
            .await
    }

    async fn device(&self, account: AccountId, device: DeviceId) -> Result<Option<Device>> {
        let row: Option<DeviceRow> =
            self.engine.read(|view| view.row(&device_key(account, device))).await?;
        Ok(row.map(|row| Device { credential: row.credential, counter: row.counter }))
    }

    async fn cards(&self, account: AccountId, from: u32, limit: usize) -> Result<CardPage> {
        let from = card_key(account, from);
        let rows = |view: &super::table::Snapshot| {
            view.rows::<CardRow>(account.as_bytes(), &from, limit.saturating_add(1))
        };
        let rows = self.engine.read(rows).await?;
        let more = rows.len() > limit;
        let cards = rows.into_iter().take(limit).map(|(_, CardRow(card))| card).collect();
        Ok(CardPage { cards, more })
    }

    async fn change_account(
        &self,
        account: AccountId,
        by: Option<SaltedHash>,
        changed: AccountChange,
    ) -> Result<Changed> {
        let grows = !matches!(changed, AccountChange::Card(_, DeviceChange::Remove(_)));
        if grows && matches!(changed, AccountChange::Card(..)) {
            self.engine.take_room(ACCOUNT_BYTES as u64)?;
        }
        self.engine
            .change(false, ACCOUNT_BYTES, move |batch| change(batch, account, by, &changed))
            .await
    }

    async fn delete_account(&self, account: AccountId, by: Option<SaltedHash>) -> Result<Changed> {
        self.engine.change(true, 0, move |batch| delete(batch, account, by)).await
    }

    async fn raise_counter(
        &self,
        account: AccountId,
        device: DeviceId,
        counter: u64,
    ) -> Result<Option<u64>> {
        let raise = move |batch: &mut Batch<'_>| {
            let key = device_key(account, device);
            let Some(mut row) = batch.row::<DeviceRow>(&key)? else { return Ok(None) };
            let before = row.counter;
            if counter > before {
                row.counter = counter;
                batch.put(&key, &row)?;
            }
            Ok(Some(before))
        };
        self.engine.change(false, 0, raise).await
    }

    async fn accounts(&self, after: Option<&AccountName>, limit: usize) -> Result<Vec<Account>> {
        // No name lies between a name and that name with a zero byte behind it.
        let from = after.map_or_else(Vec::new, |name| key(&[name.as_str().as_bytes(), &[0]]));
        self.engine
            .read(|view| {
                let mut accounts = Vec::new();
                for (_, NameRow(id)) in view.rows::<NameRow>(&[], &from, limit)? {
                    if let Some(row) = account_row(view, id)? {
                        accounts.push(shown(view, id, row)?);
                    }
                }
                Ok(accounts)
            })
            .await
    }
}
