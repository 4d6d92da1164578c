//! The end of an account: of all that is its own nothing is left.

use msg_protocol::{
    id::{AccountId, DeviceId},
    secret::SaltedHash,
};

use super::{change::admit, device::remove_device};
use crate::store::{
    RelayTime, Result,
    account::Changed,
    redb::{
        batch::Batch,
        blobs,
        rows::{BlobRow, RightRow},
        table::{Table, View as _},
        upkeep::{Expiring, expiry_key},
    },
    right::RightId,
};

pub(super) fn delete(
    batch: &mut Batch<'_>,
    account: AccountId,
    by: Option<SaltedHash>,
) -> Result<Changed> {
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
            blobs::remove(batch, account, *blob, row.as_ref())?;
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
