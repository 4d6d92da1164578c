//! The end of an account and of everything about it, in one transaction: a
//! statement for each table.
//!
//! Blobs are only marked: what sweeps removes their objects, and then the rows.

use msg_protocol::{id::AccountId, secret::SaltedHash};

use super::row::admit;
use crate::store::{
    account::Changed,
    postgres::{blobs::forget_all, failure::Failure, line::Line, pool::Change, value::column},
};

/// In the order of locks. `$1` is the account.
const STATEMENTS: [&str; 6] = [
    "DELETE FROM mailbox WHERE acct = $1",
    "DELETE FROM knock_right WHERE acct = $1",
    "DELETE FROM prekey WHERE acct = $1",
    "DELETE FROM record WHERE acct = $1",
    "DELETE FROM card WHERE acct = $1",
    "DELETE FROM account WHERE id = $1",
];

/// Removes an account.
pub(super) struct DeleteAccount {
    pub(super) account: AccountId,
    pub(super) by: Option<SaltedHash>,
}

impl Change for DeleteAccount {
    type Outcome = Changed;

    async fn run(&self, line: &Line) -> Result<Changed, Failure> {
        const DEVICES: &str = "DELETE FROM device WHERE acct = $1";
        const MAILBOXES: &str = "SELECT id FROM mailbox WHERE acct = $1 ORDER BY id FOR UPDATE";
        const ENVELOPES: &str = "DELETE FROM envelope WHERE mbx = ANY($1)";
        let admitted = admit(line, self.account, self.by).await?;
        if admitted != Changed::Done {
            return Ok(admitted);
        }
        let id = self.account.0.as_slice();
        line.execute(DEVICES, &[&id]).await?;
        // Whoever appends locks the mailbox first: nothing comes after this.
        let mailboxes = line.query(MAILBOXES, &[&id]).await?;
        let mailboxes: Vec<&[u8]> =
            mailboxes.iter().map(|row| column(row, 0)).collect::<Result<_, _>>()?;
        line.execute(ENVELOPES, &[&mailboxes]).await?;
        forget_all(line, self.account).await?;
        for statement in STATEMENTS {
            line.execute(statement, &[&id]).await?;
        }
        Ok(Changed::Done)
    }
}
