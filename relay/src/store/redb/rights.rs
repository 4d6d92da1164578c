//! Tickets, tokens and invitations in the embedded store.

use msg_protocol::id::AccountId;

use super::{
    Redb,
    accounts::account_row,
    batch::Batch,
    rows::{InviteRow, RightRow},
    table::{Snapshot, Table, View, key},
    upkeep::{Expiring, expiry_key},
};
use crate::store::{
    RelayTime, Result, Rights,
    right::{Added, KnockRight, RightId, RightKind, StoredInvite},
};

/// Bytes that a right takes, roughly.
const RIGHT_BYTES: usize = 512;

pub(super) fn right_key(account: AccountId, id: RightId) -> Vec<u8> {
    key(&[account.as_bytes(), &id.0])
}

fn id_of(key: &[u8]) -> Option<RightId> {
    key.last_chunk::<32>().map(|id| RightId(*id))
}

/// What the row says.
pub(super) fn right_of(row: &RightRow) -> KnockRight {
    KnockRight {
        kind: if row.token { RightKind::Token } else { RightKind::Ticket },
        hash: row.hash,
        fetch: row.fetch,
        knocks: row.knocks,
        expires: RelayTime(row.expires),
    }
}

pub(super) fn invite_of(row: InviteRow) -> StoredInvite {
    StoredInvite {
        hash: row.hash,
        uses: row.uses,
        expires: RelayTime(row.expires),
        created: row.created,
        note: row.note,
    }
}

/// The row of a right by which no envelope has come yet.
pub(super) fn right_row(right: &KnockRight) -> RightRow {
    RightRow {
        token: right.kind == RightKind::Token,
        hash: right.hash,
        fetch: right.fetch,
        knocks: right.knocks,
        expires: right.expires.0,
        last: 0,
    }
}

pub(super) fn invite_row(invite: &StoredInvite) -> InviteRow {
    InviteRow {
        hash: invite.hash,
        uses: invite.uses,
        expires: invite.expires.0,
        created: invite.created,
        note: invite.note.clone(),
    }
}

/// Removes a right.
pub(super) fn remove_right(
    batch: &mut Batch<'_>,
    account: AccountId,
    id: RightId,
    expires: RelayTime,
) -> Result<bool> {
    batch.remove(Table::Expiry, &expiry_key(expires, Expiring::Right { account, id }))?;
    batch.remove(Table::Rights, &right_key(account, id))
}

/// Removes an invitation.
pub(super) fn remove_invite(
    batch: &mut Batch<'_>,
    id: RightId,
    expires: RelayTime,
) -> Result<bool> {
    batch.remove(Table::Expiry, &expiry_key(expires, Expiring::Invite { id }))?;
    batch.remove(Table::Invites, &id.0)
}

fn add(
    batch: &mut Batch<'_>,
    account: AccountId,
    id: RightId,
    right: &KnockRight,
    limit: usize,
    now: RelayTime,
) -> Result<Added> {
    if account_row(batch, account)?.is_none() {
        return Ok(Added::NotFound);
    }
    let token = right.kind == RightKind::Token;
    let prefix = account.as_bytes();
    let mut of_kind = Vec::new();
    for (key, row) in batch.rows::<RightRow>(prefix, prefix, usize::MAX)? {
        let Some(other) = id_of(&key) else { continue };
        if row.expires <= now.0 {
            remove_right(batch, account, other, RelayTime(row.expires))?;
        } else if other == id {
            return Ok(Added::Exists);
        } else if row.token == token {
            of_kind.push((RelayTime(row.expires), other));
        }
    }
    if of_kind.len() >= limit {
        match of_kind.into_iter().min() {
            Some((expires, first)) if !token => drop(remove_right(batch, account, first, expires)?),
            _ => return Ok(Added::TooMany),
        }
    }
    batch.put(&right_key(account, id), &right_row(right))?;
    let expiry = expiry_key(right.expires, Expiring::Right { account, id });
    batch.put_stored(Table::Expiry, &expiry, &[])?;
    Ok(Added::Done)
}

fn add_invite(
    batch: &mut Batch<'_>,
    id: RightId,
    invite: &StoredInvite,
    limit: usize,
    now: RelayTime,
) -> Result<bool> {
    let mut there = 0;
    for (key, row) in batch.rows::<InviteRow>(&[], &[], usize::MAX)? {
        let Some(other) = id_of(&key) else { continue };
        if row.uses == 0 || row.expires <= now.0 {
            remove_invite(batch, other, RelayTime(row.expires))?;
        } else if other == id {
            return Ok(true);
        } else {
            there += 1;
        }
    }
    if there >= limit {
        return Ok(false);
    }
    batch.put(&id.0, &invite_row(invite))?;
    let expiry = expiry_key(invite.expires, Expiring::Invite { id });
    batch.put_stored(Table::Expiry, &expiry, &[])?;
    Ok(true)
}

/// An account's rights that have not expired.
pub(super) fn rights_of(
    view: &impl View,
    account: AccountId,
    now: RelayTime,
) -> Result<Vec<(RightId, KnockRight)>> {
    let prefix = account.as_bytes();
    let rows = view.rows::<RightRow>(prefix, prefix, usize::MAX)?;
    let good = rows.iter().filter(|(_, row)| row.expires > now.0);
    Ok(good.filter_map(|(key, row)| Some((id_of(key)?, right_of(row)))).collect())
}

impl Rights for Redb {
    async fn add_right(
        &self,
        account: AccountId,
        id: RightId,
        right: KnockRight,
        limit: usize,
        now: RelayTime,
    ) -> Result<Added> {
        self.engine.take_room(RIGHT_BYTES as u64)?;
        self.engine
            .change(false, RIGHT_BYTES, move |batch| add(batch, account, id, &right, limit, now))
            .await
    }

    async fn right(
        &self,
        account: AccountId,
        id: RightId,
        now: RelayTime,
    ) -> Result<Option<KnockRight>> {
        let find = |view: &Snapshot| view.row::<RightRow>(&right_key(account, id));
        let row = self.engine.read(find).await?;
        Ok(row.filter(|row| row.expires > now.0).map(|row| right_of(&row)))
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: RelayTime,
    ) -> Result<Vec<(RightId, KnockRight)>> {
        let mut rights = self.engine.read(|view| rights_of(view, account, now)).await?;
        rights.retain(|(_, right)| right.kind == RightKind::Token);
        Ok(rights)
    }

    async fn revoke_token(&self, account: AccountId, id: RightId) -> Result<bool> {
        let revoke =
            move |batch: &mut Batch<'_>| match batch.row::<RightRow>(&right_key(account, id))? {
                Some(row) if row.token => remove_right(batch, account, id, RelayTime(row.expires)),
                _ => Ok(false),
            };
        self.engine.change(true, 0, revoke).await
    }

    async fn add_invite(
        &self,
        id: RightId,
        invite: StoredInvite,
        limit: usize,
        now: RelayTime,
    ) -> Result<bool> {
        self.engine.take_room(RIGHT_BYTES as u64)?;
        self.engine
            .change(false, RIGHT_BYTES, move |batch| add_invite(batch, id, &invite, limit, now))
            .await
    }

    async fn invites(&self, now: RelayTime) -> Result<Vec<(RightId, StoredInvite)>> {
        let rows = self.engine.read(|view| view.rows::<InviteRow>(&[], &[], usize::MAX)).await?;
        let good = rows.into_iter().filter(|(_, row)| row.uses > 0 && row.expires > now.0);
        Ok(good.filter_map(|(key, row)| Some((id_of(&key)?, invite_of(row)))).collect())
    }

    async fn revoke_invite(&self, id: RightId) -> Result<bool> {
        let revoke = move |batch: &mut Batch<'_>| {
            let Some(row) = batch.row::<InviteRow>(&id.0)? else { return Ok(false) };
            remove_invite(batch, id, RelayTime(row.expires))?;
            Ok(row.uses > 0)
        };
        self.engine.change(true, 0, revoke).await
    }
}
