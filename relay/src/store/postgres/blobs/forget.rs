//! A blob that is forgotten: nobody sees it from then on, its id is free, and its
//! account has its room back. Its objects are left to whoever sweeps.

use msg_protocol::id::{AccountId, BlobId};
use tracing::warn;

use super::counted;
use crate::store::{
    RelayTime,
    postgres::{
        failure::Failure,
        line::Line,
        pool::Change,
        value::{column, number, number_in},
    },
};

/// Forgets an account's blob; says whether it was there.
pub(super) struct Forget {
    pub(super) account: AccountId,
    pub(super) blob: BlobId,
    /// Only if it has expired by then.
    pub(super) expired: Option<RelayTime>,
}

impl Change for Forget {
    type Outcome = bool;

    async fn run(&self, line: &Line) -> Result<bool, Failure> {
        const LOCK: &str = "SELECT 1 FROM account WHERE id = $1 FOR UPDATE";
        const FIND: &str = "SELECT length FROM blob \
             WHERE id = $1 AND acct = $2 AND expires <= $3 AND NOT going FOR UPDATE";
        const PIECES: &str = "DELETE FROM chunk WHERE blob = $1";
        const GO: &str = "UPDATE blob SET id = place, going = true, due = now() WHERE id = $1";
        const FREE: &str =
            "UPDATE account SET blob_bytes_held = blob_bytes_held - $2 WHERE id = $1";
        let (acct, id) = (self.account.0.as_slice(), self.blob.0.as_slice());
        let by = self.expired.map_or(i64::MAX, |now| number(now.0));
        line.row(LOCK, &[&acct]).await?;
        let Some(row) = line.row(FIND, &[&id, &acct, &by]).await? else { return Ok(false) };
        let room = number(counted(number_in(&row, 0)?));
        line.execute(PIECES, &[&id]).await?;
        line.execute(GO, &[&id]).await?;
        line.execute(FREE, &[&acct, &room]).await?;
        Ok(true)
    }
}

/// Forgets all blobs of an account, whose row is locked and goes.
pub(in crate::store::postgres) async fn forget_all(
    line: &Line,
    account: AccountId,
) -> Result<(), Failure> {
    // Whoever keeps a piece locks its blob first: nothing comes after this.
    const FIND: &str = "SELECT id FROM blob WHERE acct = $1 AND NOT going ORDER BY id FOR UPDATE";
    const PIECES: &str = "DELETE FROM chunk WHERE blob = ANY($1)";
    const GO: &str = "UPDATE blob SET id = place, going = true, due = now() WHERE id = ANY($1)";
    let rows = line.query(FIND, &[&account.0.as_slice()]).await?;
    let ids: Vec<&[u8]> = rows.iter().map(|row| column(row, 0)).collect::<Result<_, _>>()?;
    line.execute(PIECES, &[&ids]).await?;
    line.execute(GO, &[&ids]).await?;
    Ok(())
}

/// A piece whose object is not what was put is missing from now on, and counted.
pub(super) struct SetAside {
    pub(super) blob: BlobId,
    pub(super) place: [u8; 32],
    pub(super) piece: i32,
    pub(super) sha256: [u8; 32],
}

impl Change for SetAside {
    type Outcome = ();

    async fn run(&self, line: &Line) -> Result<(), Failure> {
        // Of a blob that is still there: the objects of one that goes are removed.
        const LOCK: &str = "SELECT 1 FROM blob WHERE id = $1 AND place = $2 FOR SHARE";
        const REMOVE: &str = "DELETE FROM chunk WHERE blob = $1 AND n = $2 AND sha = $3";
        const KEEP: &str = "INSERT INTO aside (what, key, value) \
             VALUES ('piece', $1 || int4send($2), $3) ON CONFLICT DO NOTHING";
        const COUNT: &str = "UPDATE relay SET damaged = damaged + 1";
        let (id, place) = (self.blob.0.as_slice(), self.place.as_slice());
        let sha256 = self.sha256.as_slice();
        if line.row(LOCK, &[&id, &place]).await?.is_some()
            && line.execute(REMOVE, &[&id, &self.piece, &sha256]).await? > 0
        {
            line.execute(KEEP, &[&place, &self.piece, &sha256]).await?;
            line.execute(COUNT, &[]).await?;
            warn!(kind = "piece of a blob", "a damaged row was set aside");
        }
        Ok(())
    }
}
