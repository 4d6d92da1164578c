//! Accounts, their cards and devices, in the embedded store.

use msg_protocol::{
    address::AccountName,
    card::{self, Card, Succession},
    id::{AccountId, DeviceId, MailboxId},
    secret::SaltedHash,
    signed::Verified,
};

use super::{
    Redb,
    batch::Batch,
    envelope::envelope_key,
    mailboxes::{self, index_prefix, mailbox_key, sequence_of},
    rows::{AccountRow, BlobRow, CardRow, DeviceRow, InviteRow, MailboxRow, NameRow, RightRow},
    table::{Table, View, key},
    upkeep::{Expiring, expiry_key},
};
use crate::store::{
    Accounts, RelayTime, Result, StoreError,
    account::{
        Account, AccountChange, CardPage, Changed, Creation, Device, DeviceChange, DoorHashes,
        NewAccount, Quota, Whose,
    },
    right::RightId,
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

fn create(batch: &mut Batch<'_>, new: &NewAccount, now: RelayTime) -> Result<Creation> {
    let (id, name) = (new.card.account(), &new.card.name);
    let named = batch.row::<NameRow>(name.as_str().as_bytes())?;
    if named.is_some() || account_row(batch, id)?.is_some() {
        return Ok(Creation::Taken);
    }
    if let Some(invite) = new.invite
        && !use_invite(batch, invite, now)?
    {
        return Ok(Creation::NoInvite);
    }
    let row = AccountRow {
        name: name.clone(),
        version: new.card.version,
        credential: new.credential,
        door: new.door,
        previous_door: None,
        suspended: false,
        administrator: false,
        mailbox_envelopes: None,
        mailbox_bytes: None,
        blob_bytes: None,
        created: new.created,
    };
    batch.put(name.as_str().as_bytes(), &NameRow(id))?;
    batch.put(id.as_bytes(), &row)?;
    batch.put(&card_key(id, row.version), &CardRow(new.card.as_signed().clone()))?;
    batch.counters.accounts += 1;
    for device in &new.card.devices {
        add_device(batch, id, device.id(), new.device_credential)?;
    }
    Ok(Creation::Created)
}

/// Uses an invitation up by one.
fn use_invite(batch: &mut Batch<'_>, id: RightId, now: RelayTime) -> Result<bool> {
    let Some(mut invite) = batch.row::<InviteRow>(&id.0)? else { return Ok(false) };
    if invite.uses == 0 || invite.expires <= now.0 {
        return Ok(false);
    }
    invite.uses -= 1;
    batch.put(&id.0, &invite)?;
    Ok(true)
}

fn add_device(
    batch: &mut Batch<'_>,
    account: AccountId,
    device: DeviceId,
    credential: SaltedHash,
) -> Result<()> {
    let row = DeviceRow { credential, counter: 0, one_time: 0, next_pair: 0 };
    batch.put(&device_key(account, device), &row)?;
    let mailbox = MailboxRow { account, device, envelopes: 0, bytes: 0, knocks: 0, last: 0 };
    batch.put(&mailbox_key(MailboxId::of(account, device)), &mailbox)?;
    batch.counters.devices += 1;
    Ok(())
}

/// Removes a device with its prekeys and its mailbox, damaged rows and all.
fn remove_device(batch: &mut Batch<'_>, account: AccountId, device: DeviceId) -> Result<()> {
    let mailbox = MailboxId::of(account, device);
    let prefix = index_prefix(mailbox);
    let index = batch.keys(Table::Mailboxes, &prefix, &prefix, usize::MAX)?;
    let sequences: Vec<u64> = index.iter().filter_map(|key| sequence_of(key)).collect();
    for sequence in &sequences {
        // One whose index cannot be read goes below, with all that is left.
        if let Err(error) = mailboxes::remove(batch, mailbox, &[*sequence])
            && error != StoreError::Damaged
        {
            return Err(error);
        }
        batch.remove(Table::Heads, &envelope_key(mailbox, *sequence))?;
        batch.remove(Table::Rests, &envelope_key(mailbox, *sequence))?;
    }
    batch.remove_all(Table::Mailboxes, mailbox.as_bytes())?;
    batch.remove_all(Table::Prekeys, &device_key(account, device))?;
    if batch.remove(Table::Devices, &device_key(account, device))? {
        batch.counters.devices = batch.counters.devices.saturating_sub(1);
    }
    Ok(())
}

fn admit(
    view: &impl View,
    account: AccountId,
    by: Option<SaltedHash>,
) -> Result<core::result::Result<AccountRow, Changed>> {
    Ok(match account_row(view, account)? {
        None => Err(Changed::NotFound),
        Some(row) if by.is_some_and(|hash| hash != row.credential) => Err(Changed::Stale),
        Some(row) => Ok(row),
    })
}

fn change(
    batch: &mut Batch<'_>,
    account: AccountId,
    by: Option<SaltedHash>,
    change: &AccountChange,
) -> Result<Changed> {
    let mut row = match admit(batch, account, by)? {
        Ok(row) => row,
        Err(refused) => return Ok(refused),
    };
    match change {
        AccountChange::Card(card, devices) => {
            return change_card(batch, account, row, card, *devices);
        }
        AccountChange::Credential(hash) => row.credential = *hash,
        AccountChange::Door(hash, grace) if row.door != *hash => {
            row.previous_door = Some((row.door, grace.0));
            row.door = *hash;
        }
        // The same door once more leaves the one before it as it is.
        AccountChange::Door(..) => return Ok(Changed::Done),
        AccountChange::Suspended(suspended) => row.suspended = *suspended,
        AccountChange::Administrator(administrator) => row.administrator = *administrator,
        AccountChange::Quota(quota) => {
            row.mailbox_envelopes = quota.mailbox_envelopes;
            row.mailbox_bytes = quota.mailbox_bytes;
            row.blob_bytes = quota.blob_bytes;
        }
    }
    batch.put(account.as_bytes(), &row)?;
    Ok(Changed::Done)
}

fn change_card(
    batch: &mut Batch<'_>,
    account: AccountId,
    mut row: AccountRow,
    card: &Verified<Card>,
    devices: DeviceChange,
) -> Result<Changed> {
    let CardRow(held) = latest_card(batch, account, &row)?;
    let held = held.verify_by_own_identity().map_err(|_| StoreError::Damaged)?;
    match held.admits(card) {
        Ok(Succession::Same) => return Ok(Changed::Done),
        Ok(Succession::Next) if allows(batch, account, card, devices)? => (),
        _ => return Ok(Changed::Stale),
    }
    row.version = card.version;
    batch.put(&card_key(account, card.version), &CardRow(card.as_signed().clone()))?;
    batch.put(account.as_bytes(), &row)?;
    match devices {
        DeviceChange::None => (),
        DeviceChange::Add(device, credential) => add_device(batch, account, device, credential)?,
        DeviceChange::Remove(device) => remove_device(batch, account, device)?,
    }
    Ok(Changed::Done)
}

/// Whether the devices change as the card says.
fn allows(
    view: &impl View,
    account: AccountId,
    card: &Card,
    devices: DeviceChange,
) -> Result<bool> {
    Ok(match devices {
        DeviceChange::None => true,
        DeviceChange::Add(device, _) => {
            card.device(device).is_some()
                && view.row::<DeviceRow>(&device_key(account, device))?.is_none()
        }
        DeviceChange::Remove(device) => card.device(device).is_none(),
    })
}

fn delete(batch: &mut Batch<'_>, account: AccountId, by: Option<SaltedHash>) -> Result<Changed> {
    let row = match admit(batch, account, by)? {
        Ok(row) => row,
        Err(refused) => return Ok(refused),
    };
    let prefix = account.as_bytes();
    for key in batch.keys(Table::Devices, prefix, prefix, usize::MAX)? {
        if let Some(device) = key.last_chunk::<16>() {
            remove_device(batch, account, DeviceId(*device))?;
        }
    }
    for key in batch.keys(Table::AccountBlobs, prefix, prefix, usize::MAX)? {
        if let Some(blob) = key.last_chunk::<32>() {
            let row = batch.row::<BlobRow>(blob).ok().flatten();
            super::blobs::remove(batch, account, *blob, row.as_ref())?;
        }
    }
    for (key, right) in batch.rows::<RightRow>(prefix, prefix, usize::MAX)? {
        if let Some(id) = key.last_chunk::<32>() {
            let expiring = Expiring::Right { account, id: RightId(*id) };
            batch.remove(Table::Expiry, &expiry_key(RelayTime(right.expires), expiring))?;
        }
    }
    for table in [Table::Rights, Table::Records, Table::Cards, Table::Prekeys, Table::Usage] {
        batch.remove_all(table, prefix)?;
    }
    batch.remove(Table::Names, row.name.as_str().as_bytes())?;
    batch.remove(Table::Accounts, prefix)?;
    batch.counters.accounts = batch.counters.accounts.saturating_sub(1);
    Ok(Changed::Done)
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
