//! Prekeys in the embedded store.
//!
//! ```text
//! account | device | 0            the signed prekey
//! account | device | 1            the last-resort prekey
//! account | device | 2 | number   a one-time pair
//! ```
//!
//! A pair is removed by the commit that precedes the answer which hands it out.

use std::collections::HashSet;

use msg_protocol::{
    id::{AccountId, DeviceId},
    limits::MAX_ONE_TIME_PAIRS,
    prekey::{PrekeyBundle, PrekeyId},
    signed::Signed,
};

use super::{
    Redb,
    accounts::{account_row, card_devices, device_key},
    batch::Batch,
    rights::right_key,
    rows::{DeviceRow, LastResortRow, PairRow, RightRow, SignedRow},
    table::{Table, View, key},
};
use crate::store::{
    Prekeys, RelayTime, Result,
    prekey::{NewPrekeys, PrekeyStock, Published, Taken, Taking},
};

pub(super) fn signed_key(account: AccountId, device: DeviceId) -> Vec<u8> {
    key(&[&device_key(account, device), &[0]])
}

pub(super) fn last_resort_key(account: AccountId, device: DeviceId) -> Vec<u8> {
    key(&[&device_key(account, device), &[1]])
}

/// What the keys of a device's one-time pairs begin with.
pub(super) fn pair_prefix(account: AccountId, device: DeviceId) -> Vec<u8> {
    key(&[&device_key(account, device), &[2]])
}

pub(super) fn pair_key(account: AccountId, device: DeviceId, id: PrekeyId) -> Vec<u8> {
    key(&[&pair_prefix(account, device), &id.0.to_be_bytes()])
}

fn publish(
    batch: &mut Batch<'_>,
    account: AccountId,
    device: DeviceId,
    new: &NewPrekeys,
) -> Result<Published> {
    let Some(mut row) = batch.row::<DeviceRow>(&device_key(account, device))? else {
        return Ok(Published::NotFound);
    };
    let prefix = pair_prefix(account, device);
    let before = batch.keys(Table::Prekeys, &prefix, &prefix, usize::MAX)?;
    let named: HashSet<Vec<u8>> =
        new.one_time.iter().map(|pair| pair_key(account, device, pair.id)).collect();
    let (stay, gone): (Vec<_>, Vec<_>) =
        before.into_iter().partition(|key| !new.replace || named.contains(key));
    let mut there: HashSet<Vec<u8>> = stay.into_iter().collect();
    let mut added = Vec::new();
    for pair in new.one_time.iter().filter(|pair| u64::from(pair.id.0) >= row.next_pair) {
        let key = pair_key(account, device, pair.id);
        if there.insert(key.clone()) {
            added.push((key, PairRow(pair.as_signed().clone())));
        }
    }
    if there.len() > MAX_ONE_TIME_PAIRS {
        return Ok(Published::TooMany);
    }
    for key in &gone {
        batch.remove(Table::Prekeys, key)?;
    }
    for (key, pair) in &added {
        batch.put(key, pair)?;
    }
    if let Some(signed) = &new.signed {
        batch.put(&signed_key(account, device), &SignedRow(signed.as_signed().clone()))?;
    }
    if let Some(last_resort) = &new.last_resort {
        let row = LastResortRow(last_resort.as_signed().clone());
        batch.put(&last_resort_key(account, device), &row)?;
    }
    row.one_time = u16::try_from(there.len()).unwrap_or(u16::MAX);
    let next = new.one_time.iter().map(|pair| u64::from(pair.id.0) + 1).max();
    row.next_pair = row.next_pair.max(next.unwrap_or(0));
    batch.put(&device_key(account, device), &row)?;
    Ok(Published::Done)
}

/// Spends the fetch of a right; whether there was one.
fn spend_fetch(batch: &mut Batch<'_>, key: &[u8], now: RelayTime) -> Result<bool> {
    let Some(mut right) = batch.row::<RightRow>(key)? else { return Ok(false) };
    if !right.fetch || right.expires <= now.0 {
        return Ok(false);
    }
    right.fetch = false;
    batch.put(key, &right)?;
    Ok(true)
}

fn take(
    batch: &mut Batch<'_>,
    account: AccountId,
    devices: &[DeviceId],
    taking: Taking,
    now: RelayTime,
) -> Result<Option<Vec<Taken>>> {
    let Some(row) = account_row(batch, account)? else { return Ok(None) };
    let wanted =
        if devices.is_empty() { card_devices(batch, account, &row)? } else { devices.to_vec() };
    let with_pairs = match taking {
        Taking::Without => false,
        Taking::Door => true,
        Taking::Right(id) => spend_fetch(batch, &right_key(account, id), now)?,
    };
    let mut named = HashSet::new();
    let mut taken = Vec::new();
    for device in wanted {
        if named.insert(device) {
            taken.extend(take_one(batch, account, device, with_pairs)?);
        }
    }
    Ok(Some(taken))
}

/// The bundle of a device, with the pair of the lowest number if asked.
fn take_one(
    batch: &mut Batch<'_>,
    account: AccountId,
    device: DeviceId,
    with_pair: bool,
) -> Result<Option<Taken>> {
    let Some(mut row) = batch.row::<DeviceRow>(&device_key(account, device))? else {
        return Ok(None);
    };
    let signed = batch.row::<SignedRow>(&signed_key(account, device))?;
    let last_resort = batch.row::<LastResortRow>(&last_resort_key(account, device))?;
    let (Some(SignedRow(signed)), Some(LastResortRow(last_resort))) = (signed, last_resort) else {
        return Ok(None);
    };
    let mut one_time: Option<Signed<_>> = None;
    if with_pair {
        let prefix = pair_prefix(account, device);
        if let Some((key, PairRow(pair))) = batch.rows::<PairRow>(&prefix, &prefix, 1)?.pop() {
            batch.remove(Table::Prekeys, &key)?;
            row.one_time = row.one_time.saturating_sub(1);
            batch.put(&device_key(account, device), &row)?;
            one_time = Some(pair);
        }
    }
    let bundle = PrekeyBundle { device, signed, last_resort, one_time };
    Ok(Some(Taken { bundle, left: row.one_time }))
}

impl Prekeys for Redb {
    async fn publish_prekeys(
        &self,
        account: AccountId,
        device: DeviceId,
        prekeys: NewPrekeys,
    ) -> Result<Published> {
        const PREKEY_BYTES: usize = 1_536;
        let bytes = (prekeys.one_time.len() + 2) * PREKEY_BYTES;
        self.engine.take_room(bytes as u64)?;
        self.engine
            .change(false, bytes, move |batch| publish(batch, account, device, &prekeys))
            .await
    }

    async fn take_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
        taking: Taking,
        now: RelayTime,
    ) -> Result<Option<Vec<Taken>>> {
        self.engine.change(false, 0, move |batch| take(batch, account, &devices, taking, now)).await
    }

    async fn prekey_stock(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Option<PrekeyStock>> {
        self.engine
            .read(|view| {
                let Some(row) = view.row::<DeviceRow>(&device_key(account, device))? else {
                    return Ok(None);
                };
                let signed = view.row::<SignedRow>(&signed_key(account, device))?;
                let last_resort = view.row::<LastResortRow>(&last_resort_key(account, device))?;
                Ok(Some(PrekeyStock {
                    signed: signed.map(|SignedRow(signed)| signed),
                    last_resort: last_resort.map(|LastResortRow(signed)| signed),
                    one_time: row.one_time,
                }))
            })
            .await
    }
}
