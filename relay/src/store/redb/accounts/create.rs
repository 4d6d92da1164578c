//! Registration: a name, a card and its devices, by an invitation where it takes one.

use super::{account_row, card_key, device::add_device};
use crate::store::{
    RelayTime, Result,
    account::{Creation, NewAccount},
    redb::{
        batch::Batch,
        rows::{AccountRow, CardRow, InviteRow, NameRow},
        table::View as _,
    },
    right::RightId,
};

pub(super) fn create(batch: &mut Batch<'_>, new: &NewAccount, now: RelayTime) -> Result<Creation> {
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
