//! A row of `account`, as it is read and as it is locked.

use msg_protocol::{id::AccountId, secret::SaltedHash, time::UnixDay};
use tokio_postgres::Row;

use crate::store::{
    RelayTime,
    account::{Account, Changed, DoorHashes, Quota},
    postgres::{
        failure::Failure,
        line::Line,
        value::{
            DAMAGED, column, id_in, number_in, optional_number_in, optional_value_in, value_in,
        },
    },
};

/// What [`account_in`] reads, of the table `a`.
macro_rules! account_columns {
    () => {
        "a.id, a.name, a.card, a.credential, a.door, a.door_before, a.door_until, a.suspended, \
         a.administrator, a.mailbox_envelopes, a.mailbox_bytes, a.blob_bytes, a.created"
    };
}
pub(in crate::store::postgres) use account_columns;

/// Its name among them.
pub(super) const NAME_PLACE: usize = 1;
/// The first column behind them.
pub(super) const MAILBOX_PLACE: usize = 13;

/// An account, out of those columns.
pub(in crate::store::postgres) fn account_in(row: &Row) -> Result<Account, Failure> {
    Ok(Account {
        id: AccountId(id_in(row, 0)?),
        name: column::<&str>(row, 1)?.parse().map_err(|_| DAMAGED)?,
        card: value_in(row, 2)?,
        credential: value_in(row, 3)?,
        door: doors_in(row)?,
        suspended: column(row, 7)?,
        administrator: column(row, 8)?,
        quota: Quota {
            mailbox_envelopes: optional_number_in(row, 9)?.map(small).transpose()?,
            mailbox_bytes: optional_number_in(row, 10)?,
            blob_bytes: optional_number_in(row, 11)?,
        },
        created: UnixDay(small(number_in(row, 12)?)?),
    })
}

fn doors_in(row: &Row) -> Result<DoorHashes, Failure> {
    let before = optional_value_in(row, 5)?;
    let until = optional_number_in(row, 6)?.map(RelayTime);
    Ok(DoorHashes { current: value_in(row, 4)?, previous: before.zip(until) })
}

fn small(number: u64) -> Result<u32, Failure> {
    u32::try_from(number).map_err(|_| DAMAGED)
}

/// Locks an account's row until the transaction ends, if it is there and has, if
/// asked, that credential.
pub(super) async fn admit(
    line: &Line,
    account: AccountId,
    by: Option<SaltedHash>,
) -> Result<Changed, Failure> {
    const LOCK: &str = "SELECT credential FROM account WHERE id = $1 FOR UPDATE";
    let Some(row) = line.row(LOCK, &[&account.0.as_slice()]).await? else {
        return Ok(Changed::NotFound);
    };
    let held: SaltedHash = value_in(&row, 0)?;
    Ok(if by.is_some_and(|hash| hash != held) { Changed::Stale } else { Changed::Done })
}
