//! Prekeys in the database: a row for each one-time pair; the signed and the
//! last-resort prekey in the device's own row.
//!
//! - What adds or takes pairs holds the lock on the device's row until it is
//!   committed, so that the lowest number is the lowest, and one count is right.
//! - A pair is removed by the transaction whose commit precedes the answer that
//!   hands it out. An answer that is lost has burnt it.

mod publish;
mod take;

use msg_protocol::id::{AccountId, DeviceId};
use tokio_postgres::Row;

use self::{publish::PublishPrekeys, take::TakePrekeys};
use super::{
    Postgres,
    failure::Failure,
    value::{column, optional_value_in},
};
use crate::store::{
    Prekeys, RelayTime, Result,
    prekey::{NewPrekeys, PrekeyStock, Published, Taken, Taking},
};

impl Prekeys for Postgres {
    async fn publish_prekeys(
        &self,
        account: AccountId,
        device: DeviceId,
        prekeys: NewPrekeys,
    ) -> Result<Published> {
        self.pool.change(PublishPrekeys { account, device, new: prekeys }).await
    }

    async fn take_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
        taking: Taking,
        now: RelayTime,
    ) -> Result<Option<Vec<Taken>>> {
        self.pool.change(TakePrekeys { account, devices, taking, now }).await
    }

    async fn prekey_stock(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Option<PrekeyStock>> {
        const READ: &str = "SELECT signed, last_resort, \
             (SELECT count(*) FROM prekey p WHERE p.acct = d.acct AND p.device = d.id) \
             FROM device d WHERE acct = $1 AND id = $2";
        let row = self.pool.read_row(READ, &[&account.0.as_slice(), &device.0.as_slice()]).await?;
        let shown = |row: Row| {
            Ok(PrekeyStock {
                signed: optional_value_in(&row, 0)?,
                last_resort: optional_value_in(&row, 1)?,
                one_time: count_in(&row, 2)?,
            })
        };
        row.map(shown).transpose().map_err(Failure::outcome)
    }
}

/// How many pairs there are.
fn count_in(row: &Row, place: usize) -> core::result::Result<u16, Failure> {
    Ok(u16::try_from(column::<i64>(row, place)?).unwrap_or(u16::MAX))
}
