//! Changes of an account, for whoever may: a card comes with the devices that it names.

use msg_protocol::{
    card::{Card, Succession},
    id::AccountId,
    secret::SaltedHash,
    signed::Verified,
};

use super::{
    account_row, card_key,
    device::{add_device, remove_device},
    device_key, latest_card,
};
use crate::store::{
    Result, StoreError,
    account::{AccountChange, Changed, DeviceChange},
    redb::{
        batch::Batch,
        rows::{AccountRow, CardRow, DeviceRow},
        table::View,
    },
};

/// The row of an account, if that credential is its own.
pub(super) fn admit(
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

pub(super) fn change(
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
