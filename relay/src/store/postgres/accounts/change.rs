//! What changes about an account, under the lock on its row.

use msg_protocol::{
    card::{Card, Succession},
    id::AccountId,
    secret::SaltedHash,
    signed::{Signed, Verified},
};

use super::{
    create::INSERT_CARD,
    device::{add_device, has_device, remove_device},
    row::admit,
};
use crate::store::{
    RelayTime,
    account::{AccountChange, Changed, DeviceChange, Quota},
    postgres::{
        failure::Failure,
        line::Line,
        pool::Change,
        value::{DAMAGED, bytes, number, value_in},
    },
};

/// Changes an account.
pub(super) struct ChangeAccount {
    pub(super) account: AccountId,
    pub(super) by: Option<SaltedHash>,
    pub(super) change: AccountChange,
}

impl Change for ChangeAccount {
    type Outcome = Changed;

    async fn run(&self, line: &Line) -> Result<Changed, Failure> {
        const CREDENTIAL: &str = "UPDATE account SET credential = $2 WHERE id = $1";
        const SUSPENDED: &str = "UPDATE account SET suspended = $2 WHERE id = $1";
        const ADMINISTRATOR: &str = "UPDATE account SET administrator = $2 WHERE id = $1";
        let admitted = admit(line, self.account, self.by).await?;
        if admitted != Changed::Done {
            return Ok(admitted);
        }
        let id = self.account.0.as_slice();
        match &self.change {
            AccountChange::Card(card, devices) => {
                return change_card(line, self.account, card, *devices).await;
            }
            AccountChange::Credential(hash) => {
                line.execute(CREDENTIAL, &[&id, &bytes(hash)]).await?;
            }
            AccountChange::Door(hash, grace) => change_door(line, id, hash, *grace).await?,
            AccountChange::Suspended(suspended) => {
                line.execute(SUSPENDED, &[&id, suspended]).await?;
            }
            AccountChange::Administrator(administrator) => {
                line.execute(ADMINISTRATOR, &[&id, administrator]).await?;
            }
            AccountChange::Quota(quota) => change_quota(line, id, *quota).await?,
        }
        Ok(Changed::Done)
    }
}

/// The same door once more leaves the one before it as it is.
async fn change_door(
    line: &Line,
    id: &[u8],
    door: &SaltedHash,
    grace: RelayTime,
) -> Result<(), Failure> {
    const CHANGE: &str = "UPDATE account SET door_before = door, door_until = $3, door = $2 \
         WHERE id = $1 AND door <> $2";
    line.execute(CHANGE, &[&id, &bytes(door), &number(grace.0)]).await?;
    Ok(())
}

async fn change_quota(line: &Line, id: &[u8], quota: Quota) -> Result<(), Failure> {
    const CHANGE: &str = "UPDATE account SET mailbox_envelopes = $2, mailbox_bytes = $3, \
         blob_bytes = $4 WHERE id = $1";
    let envelopes = quota.mailbox_envelopes.map(i64::from);
    let (mailbox, blobs) = (quota.mailbox_bytes.map(number), quota.blob_bytes.map(number));
    line.execute(CHANGE, &[&id, &envelopes, &mailbox, &blobs]).await?;
    Ok(())
}

async fn change_card(
    line: &Line,
    account: AccountId,
    card: &Verified<Card>,
    devices: DeviceChange,
) -> Result<Changed, Failure> {
    const CHANGE: &str = "UPDATE account SET version = $2, card = $3 WHERE id = $1";
    match latest_card(line, account).await?.admits(card) {
        Ok(Succession::Same) => return Ok(Changed::Done),
        Ok(Succession::Next) if allows(line, account, card, devices).await? => (),
        _ => return Ok(Changed::Stale),
    }
    let (id, version) = (account.0.as_slice(), i64::from(card.version));
    let card = bytes(card.as_signed());
    line.execute(CHANGE, &[&id, &version, &card]).await?;
    line.execute(INSERT_CARD, &[&id, &version, &card]).await?;
    match devices {
        DeviceChange::None => (),
        DeviceChange::Add(device, credential) => {
            add_device(line, account, device, &credential).await?;
        }
        DeviceChange::Remove(device) => remove_device(line, account, device).await?,
    }
    Ok(Changed::Done)
}

async fn latest_card(line: &Line, account: AccountId) -> Result<Verified<Card>, Failure> {
    const READ: &str = "SELECT card FROM account WHERE id = $1";
    let row = line.row(READ, &[&account.0.as_slice()]).await?;
    let card: Signed<Card> = value_in(&row.ok_or(DAMAGED)?, 0)?;
    card.verify_by_own_identity().map_err(|_| DAMAGED)
}

/// Whether the devices change as the card says.
async fn allows(
    line: &Line,
    account: AccountId,
    card: &Card,
    devices: DeviceChange,
) -> Result<bool, Failure> {
    Ok(match devices {
        DeviceChange::None => true,
        DeviceChange::Add(device, _) => {
            card.device(device).is_some() && !has_device(line, account, device).await?
        }
        DeviceChange::Remove(device) => card.device(device).is_none(),
    })
}
