//! A device's row and its mailbox: they come and go together.

use msg_protocol::{
    id::{AccountId, DeviceId, MailboxId},
    secret::SaltedHash,
};

use super::device_key;
use crate::store::{
    Result, StoreError,
    redb::{
        batch::Batch,
        envelope::envelope_key,
        mailboxes::{self, index_prefix, mailbox_key, sequence_of},
        rows::{DeviceRow, MailboxRow},
        table::{Table, View as _},
    },
};

pub(super) fn add_device(
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
pub(super) fn remove_device(
    batch: &mut Batch<'_>,
    account: AccountId,
    device: DeviceId,
) -> Result<()> {
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
