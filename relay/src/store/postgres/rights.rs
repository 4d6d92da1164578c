//! Tickets, tokens and invitations.
//!
//! What counts an account's rights holds the account's row, what counts
//! invitations that of the relay: of several at once each sees what the one
//! before it did.

use msg_protocol::{id::AccountId, time::UnixDay};
use tokio_postgres::Row;

use super::{
    Postgres,
    deposit::{column_of, kind_of},
    failure::Failure,
    line::Line,
    pool::Change,
    value::{DAMAGED, bytes, column, id_in, legible, number, number_in, value_in},
};
use crate::store::{
    RelayTime, Result, Rights,
    right::{Added, KnockRight, RightId, RightKind, StoredInvite},
};

/// A right, whose columns `kind, hash, may_fetch, knocks, expires` begin there.
pub(super) fn right_in(row: &Row, first: usize) -> core::result::Result<KnockRight, Failure> {
    let knocks: i16 = column(row, first + 3)?;
    Ok(KnockRight {
        kind: kind_of(column(row, first)?).ok_or(DAMAGED)?,
        hash: value_in(row, first + 1)?,
        fetch: column(row, first + 2)?,
        knocks: u8::try_from(knocks).map_err(|_| DAMAGED)?,
        expires: RelayTime(number_in(row, first + 4)?),
    })
}

/// An invitation, out of the columns `id, hash, uses, expires, created, note`.
pub(super) fn invite_in(row: &Row) -> core::result::Result<(RightId, StoredInvite), Failure> {
    let invite = StoredInvite {
        hash: value_in(row, 1)?,
        uses: u32::try_from(number_in(row, 2)?).map_err(|_| DAMAGED)?,
        expires: RelayTime(number_in(row, 3)?),
        created: UnixDay(u32::try_from(number_in(row, 4)?).map_err(|_| DAMAGED)?),
        note: column(row, 5)?,
    };
    Ok((RightId(id_in(row, 0)?), invite))
}

/// A right that is to be kept.
struct AddRight {
    account: AccountId,
    id: RightId,
    right: KnockRight,
    limit: usize,
    now: RelayTime,
}

impl AddRight {
    /// Makes room for a ticket beyond the limit.
    async fn displace(&self, line: &Line) -> core::result::Result<(), Failure> {
        const FIRST: &str = "DELETE FROM knock_right WHERE acct = $1 AND id = \
             (SELECT id FROM knock_right WHERE acct = $1 AND kind = $2 ORDER BY expires, id LIMIT 1)";
        let account = self.account.as_bytes().as_slice();
        let removed = line.execute(FIRST, &[&account, &column_of(RightKind::Ticket)]).await?;
        // Somebody else removed that very one.
        if removed == 0 { Err(Failure::Again) } else { Ok(()) }
    }

    async fn insert(&self, line: &Line) -> core::result::Result<(), Failure> {
        const INSERT: &str = "INSERT INTO knock_right \
             (acct, id, kind, hash, may_fetch, knocks, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let right = &self.right;
        let parameters: super::line::Parameters<'_> = &[
            &self.account.as_bytes().as_slice(),
            &self.id.0.as_slice(),
            &column_of(right.kind),
            &bytes(&right.hash),
            &right.fetch,
            &i16::from(right.knocks),
            &number(right.expires.0),
        ];
        line.execute(INSERT, parameters).await?;
        Ok(())
    }
}

impl Change for AddRight {
    type Outcome = Added;

    async fn run(&self, line: &Line) -> core::result::Result<Added, Failure> {
        const LOCK: &str = "SELECT 1 FROM account WHERE id = $1 FOR UPDATE";
        const EXPIRED: &str = "DELETE FROM knock_right WHERE acct = $1 AND expires <= $2";
        const COUNT: &str = "SELECT count(*) FILTER (WHERE id = $2), \
             count(*) FILTER (WHERE kind = $3) FROM knock_right WHERE acct = $1";
        let (account, id) = (self.account.as_bytes().as_slice(), self.id.0.as_slice());
        if line.row(LOCK, &[&account]).await?.is_none() {
            return Ok(Added::NotFound);
        }
        line.execute(EXPIRED, &[&account, &number(self.now.0)]).await?;
        let kind = column_of(self.right.kind);
        let row = line.row(COUNT, &[&account, &id, &kind]).await?.ok_or(Failure::Again)?;
        let (same, of_kind) = (number_in(&row, 0)?, number_in(&row, 1)?);
        if same > 0 {
            return Ok(Added::Exists);
        }
        if of_kind >= self.limit as u64 {
            if self.right.kind == RightKind::Token || of_kind == 0 {
                return Ok(Added::TooMany);
            }
            self.displace(line).await?;
        }
        self.insert(line).await?;
        Ok(Added::Done)
    }
}

/// A token that is to be forgotten.
struct RevokeToken {
    account: AccountId,
    id: RightId,
}

impl Change for RevokeToken {
    type Outcome = bool;

    async fn run(&self, line: &Line) -> core::result::Result<bool, Failure> {
        const REVOKE: &str = "DELETE FROM knock_right WHERE acct = $1 AND id = $2 AND kind = $3";
        let (account, id) = (self.account.as_bytes().as_slice(), self.id.0.as_slice());
        let token = column_of(RightKind::Token);
        Ok(line.execute(REVOKE, &[&account, &id, &token]).await? > 0)
    }
}

/// An invitation that is to be kept.
struct AddInvite {
    id: RightId,
    invite: StoredInvite,
    limit: usize,
    now: RelayTime,
}

impl Change for AddInvite {
    type Outcome = bool;

    async fn run(&self, line: &Line) -> core::result::Result<bool, Failure> {
        const LOCK: &str = "SELECT 1 FROM relay FOR UPDATE";
        const OVER: &str = "DELETE FROM invite WHERE uses <= 0 OR expires <= $1";
        const COUNT: &str = "SELECT count(*), count(*) FILTER (WHERE id = $1) FROM invite";
        const INSERT: &str = "INSERT INTO invite (id, hash, uses, expires, created, note) \
             VALUES ($1, $2, $3, $4, $5, $6)";
        let (id, invite) = (self.id.0.as_slice(), &self.invite);
        line.row(LOCK, &[]).await?;
        line.execute(OVER, &[&number(self.now.0)]).await?;
        let row = line.row(COUNT, &[&id]).await?.ok_or(Failure::Again)?;
        let (all, same) = (number_in(&row, 0)?, number_in(&row, 1)?);
        if same > 0 {
            return Ok(true);
        }
        if all >= self.limit as u64 {
            return Ok(false);
        }
        let parameters: super::line::Parameters<'_> = &[
            &id,
            &bytes(&invite.hash),
            &i64::from(invite.uses),
            &number(invite.expires.0),
            &i64::from(invite.created.0),
            &invite.note,
        ];
        line.execute(INSERT, parameters).await?;
        Ok(true)
    }
}

/// An invitation that is to be forgotten.
struct RevokeInvite(RightId);

impl Change for RevokeInvite {
    type Outcome = bool;

    async fn run(&self, line: &Line) -> core::result::Result<bool, Failure> {
        const REVOKE: &str = "DELETE FROM invite WHERE id = $1 RETURNING uses";
        let row = line.row(REVOKE, &[&self.0.0.as_slice()]).await?;
        row.map_or(Ok(false), |row| Ok(number_in(&row, 0)? > 0))
    }
}

impl Rights for Postgres {
    async fn add_right(
        &self,
        account: AccountId,
        id: RightId,
        right: KnockRight,
        limit: usize,
        now: RelayTime,
    ) -> Result<Added> {
        self.pool.change(AddRight { account, id, right, limit, now }).await
    }

    async fn right(
        &self,
        account: AccountId,
        id: RightId,
        now: RelayTime,
    ) -> Result<Option<KnockRight>> {
        const FIND: &str = "SELECT kind, hash, may_fetch, knocks, expires FROM knock_right \
             WHERE acct = $1 AND id = $2 AND expires > $3";
        let (account, id) = (account.as_bytes().as_slice(), id.0.as_slice());
        let row = self.pool.read_row(FIND, &[&account, &id, &number(now.0)]).await?;
        let right = row.map(|row| right_in(&row, 0)).transpose();
        right.map_err(Failure::outcome)
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: RelayTime,
    ) -> Result<Vec<(RightId, KnockRight)>> {
        const LIST: &str = "SELECT id, kind, hash, may_fetch, knocks, expires FROM knock_right \
             WHERE acct = $1 AND kind = $2 AND expires > $3 ORDER BY id";
        let account = account.as_bytes().as_slice();
        let token = column_of(RightKind::Token);
        let rows = self.pool.read(LIST, &[&account, &token, &number(now.0)]).await?;
        Ok(legible(&rows, |row| Ok((RightId(id_in(row, 0)?), right_in(row, 1)?))))
    }

    async fn revoke_token(&self, account: AccountId, id: RightId) -> Result<bool> {
        self.pool.change(RevokeToken { account, id }).await
    }

    async fn add_invite(
        &self,
        id: RightId,
        invite: StoredInvite,
        limit: usize,
        now: RelayTime,
    ) -> Result<bool> {
        self.pool.change(AddInvite { id, invite, limit, now }).await
    }

    async fn invites(&self, now: RelayTime) -> Result<Vec<(RightId, StoredInvite)>> {
        const LIST: &str = "SELECT id, hash, uses, expires, created, note FROM invite \
             WHERE uses > 0 AND expires > $1 ORDER BY id";
        let rows = self.pool.read(LIST, &[&number(now.0)]).await?;
        Ok(legible(&rows, invite_in))
    }

    async fn revoke_invite(&self, id: RightId) -> Result<bool> {
        self.pool.change(RevokeInvite(id)).await
    }
}
