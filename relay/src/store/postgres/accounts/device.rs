//! Devices: they come and go with the card, each with its mailbox.

use msg_protocol::{
    id::{AccountId, DeviceId, MailboxId},
    secret::SaltedHash,
};
use tokio_postgres::Row;

use crate::store::postgres::{
    failure::Failure,
    line::Line,
    pool::Change,
    value::{bytes, id_in},
};

/// Makes a device that is on the account's card, and its mailbox.
pub(super) async fn add_device(
    line: &Line,
    account: AccountId,
    device: DeviceId,
    credential: &SaltedHash,
) -> Result<(), Failure> {
    const DEVICE: &str =
        "INSERT INTO device (acct, id, credential, counter) VALUES ($1, $2, $3, $4)";
    const MAILBOX: &str = "INSERT INTO mailbox (id, acct, device) VALUES ($1, $2, $3)";
    let mailbox = MailboxId::of(account, device);
    let (account, device) = (account.0.as_slice(), device.0.as_slice());
    let (credential, counter) = (bytes(credential), counter_bytes(0));
    line.execute(DEVICE, &[&account, &device, &credential, &counter.as_slice()]).await?;
    line.execute(MAILBOX, &[&mailbox.0.as_slice(), &account, &device]).await?;
    Ok(())
}

/// Removes a device with its prekeys, its mailbox and what waits in it. The
/// account's row is locked.
pub(super) async fn remove_device(
    line: &Line,
    account: AccountId,
    device: DeviceId,
) -> Result<(), Failure> {
    const DEVICE: &str = "DELETE FROM device WHERE acct = $1 AND id = $2";
    const MAILBOX: &str = "DELETE FROM mailbox WHERE id = $1";
    const ENVELOPES: &str = "DELETE FROM envelope WHERE mbx = $1";
    const PREKEYS: &str = "DELETE FROM prekey WHERE acct = $1 AND device = $2";
    let mailbox = MailboxId::of(account, device);
    let (account, device) = (account.0.as_slice(), device.0.as_slice());
    let mailbox = mailbox.0.as_slice();
    line.execute(DEVICE, &[&account, &device]).await?;
    // Whoever appends locks the mailbox first: nothing comes after this.
    line.execute(MAILBOX, &[&mailbox]).await?;
    line.execute(ENVELOPES, &[&mailbox]).await?;
    line.execute(PREKEYS, &[&account, &device]).await?;
    Ok(())
}

/// Whether an account has that device.
pub(super) async fn has_device(
    line: &Line,
    account: AccountId,
    device: DeviceId,
) -> Result<bool, Failure> {
    const READ: &str = "SELECT FROM device WHERE acct = $1 AND id = $2";
    Ok(line.row(READ, &[&account.0.as_slice(), &device.0.as_slice()]).await?.is_some())
}

/// Keeps the larger of two counters.
pub(super) struct RaiseCounter {
    pub(super) account: AccountId,
    pub(super) device: DeviceId,
    pub(super) counter: u64,
}

impl Change for RaiseCounter {
    type Outcome = Option<u64>;

    async fn run(&self, line: &Line) -> Result<Option<u64>, Failure> {
        const LOCK: &str = "SELECT counter FROM device WHERE acct = $1 AND id = $2 FOR UPDATE";
        const RAISE: &str = "UPDATE device SET counter = $3 WHERE acct = $1 AND id = $2";
        let (account, device) = (self.account.0.as_slice(), self.device.0.as_slice());
        let Some(row) = line.row(LOCK, &[&account, &device]).await? else { return Ok(None) };
        let before = counter_in(&row, 0)?;
        if self.counter > before {
            let counter = counter_bytes(self.counter);
            line.execute(RAISE, &[&account, &device, &counter.as_slice()]).await?;
        }
        Ok(Some(before))
    }
}

/// A counter uses all its bits, which no `bigint` holds.
const fn counter_bytes(counter: u64) -> [u8; 8] {
    counter.to_be_bytes()
}

/// A device's counter.
pub(super) fn counter_in(row: &Row, place: usize) -> Result<u64, Failure> {
    id_in(row, place).map(u64::from_be_bytes)
}
