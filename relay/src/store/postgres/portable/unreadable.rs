//! What cannot be read, so that what belongs to it is not moved without it.

use std::collections::HashSet;

use msg_protocol::secret::SaltedHash;
use tokio_postgres::Row;

use crate::store::{
    Result,
    postgres::{
        accounts::{account_columns, account_in},
        failure::Failure,
        pool::Pool,
        value::{column, id_in, value_in},
    },
};

/// Rows that one statement reads.
const TOGETHER: i64 = 256;

/// Rows that cannot be read and that others belong to, by their ids.
#[derive(Debug, Default)]
pub(in crate::store::postgres) struct Unreadable {
    accounts: HashSet<Vec<u8>>,
    /// Account and device.
    devices: HashSet<(Vec<u8>, Vec<u8>)>,
}

impl Unreadable {
    /// Looks at all that others belong to.
    pub(super) async fn find(pool: &Pool) -> Result<Self> {
        const ACCOUNTS: &str = concat!(
            "SELECT ",
            account_columns!(),
            " FROM account a WHERE a.id > $1 ORDER BY a.id LIMIT $2"
        );
        const DEVICES: &str = "SELECT acct, id, credential, counter FROM device \
             WHERE (acct, id) > ($1, $2) ORDER BY acct, id LIMIT $3";
        let mut found = Self::default();
        let mut after = Vec::new();
        loop {
            let rows = pool.read(ACCOUNTS, &[&after, &TOGETHER]).await?;
            let Some(last) = rows.last() else { break };
            after = bytes_in(last, 0)?;
            for row in rows.iter().filter(|row| account_in(row).is_err()) {
                found.accounts.insert(bytes_in(row, 0)?);
            }
        }
        let (mut account, mut device) = (Vec::new(), Vec::new());
        loop {
            let rows = pool.read(DEVICES, &[&account, &device, &TOGETHER]).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            (account, device) = (bytes_in(last, 0)?, bytes_in(last, 1)?);
            for row in rows.iter().filter(|row| device_in(row).is_err()) {
                found.devices.insert((bytes_in(row, 0)?, bytes_in(row, 1)?));
            }
        }
    }

    pub(super) fn has_account(&self, account: &[u8]) -> bool {
        self.accounts.contains(account)
    }

    /// Whether that device, or its account, is among them.
    pub(super) fn has_device(&self, account: &[u8], device: &[u8]) -> bool {
        self.has_account(account)
            || (!self.devices.is_empty()
                && self.devices.contains(&(account.to_vec(), device.to_vec())))
    }
}

fn device_in(row: &Row) -> core::result::Result<([u8; 16], SaltedHash, [u8; 8]), Failure> {
    Ok((id_in(row, 1)?, value_in(row, 2)?, id_in(row, 3)?))
}

fn bytes_in(row: &Row, place: usize) -> Result<Vec<u8>> {
    column::<&[u8]>(row, place).map(<[u8]>::to_vec).map_err(Failure::outcome)
}
