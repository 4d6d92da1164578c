//! Rights that can be used up, in memory.

use msg_protocol::id::AccountId;

use super::{Memory, is_over};
use crate::store::{
    RelayTime, Result, Rights,
    right::{Added, KnockRight, RightId, RightKind, StoredInvite},
};

impl Rights for Memory {
    async fn add_right(
        &self,
        account: AccountId,
        id: RightId,
        right: KnockRight,
        limit: usize,
        now: RelayTime,
    ) -> Result<Added> {
        let mut state = self.change();
        let Some(holder) = state.accounts.get_mut(&account) else { return Ok(Added::NotFound) };
        holder.rights.retain(|_, right| !is_over(right.expires, now));
        if holder.rights.contains_key(&id) {
            return Ok(Added::Exists);
        }
        let of_kind = holder.rights.iter().filter(|(_, other)| other.kind == right.kind);
        if of_kind.clone().count() >= limit {
            let first = of_kind.map(|(id, other)| (other.expires, *id)).min();
            match (right.kind, first) {
                (RightKind::Ticket, Some((_, first))) => drop(holder.rights.remove(&first)),
                _ => return Ok(Added::TooMany),
            }
        }
        holder.rights.insert(id, right);
        Ok(Added::Done)
    }

    async fn right(
        &self,
        account: AccountId,
        id: RightId,
        now: RelayTime,
    ) -> Result<Option<KnockRight>> {
        let state = self.state();
        let right = state.accounts.get(&account).and_then(|holder| holder.rights.get(&id));
        Ok(right.filter(|right| !is_over(right.expires, now)).copied())
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: RelayTime,
    ) -> Result<Vec<(RightId, KnockRight)>> {
        let state = self.state();
        let rights = state.accounts.get(&account).into_iter().flat_map(|holder| &holder.rights);
        let tokens = rights
            .filter(|(_, right)| right.kind == RightKind::Token && !is_over(right.expires, now));
        Ok(tokens.map(|(id, right)| (*id, *right)).collect())
    }

    async fn revoke_token(&self, account: AccountId, id: RightId) -> Result<bool> {
        let mut state = self.change();
        let Some(holder) = state.accounts.get_mut(&account) else { return Ok(false) };
        let is_token = holder.rights.get(&id).is_some_and(|right| right.kind == RightKind::Token);
        Ok(is_token && holder.rights.remove(&id).is_some())
    }

    async fn add_invite(
        &self,
        id: RightId,
        invite: StoredInvite,
        limit: usize,
        now: RelayTime,
    ) -> Result<bool> {
        let mut state = self.change();
        state.invites.retain(|_, invite| invite.uses > 0 && !is_over(invite.expires, now));
        if state.invites.contains_key(&id) {
            return Ok(true);
        }
        let room = state.invites.len() < limit;
        if room {
            state.invites.insert(id, invite);
        }
        Ok(room)
    }

    async fn invites(&self, now: RelayTime) -> Result<Vec<(RightId, StoredInvite)>> {
        let state = self.state();
        let good = |invite: &StoredInvite| invite.uses > 0 && !is_over(invite.expires, now);
        let invites = state.invites.iter().filter(|(_, invite)| good(invite));
        Ok(invites.map(|(id, invite)| (*id, invite.clone())).collect())
    }

    async fn revoke_invite(&self, id: RightId) -> Result<bool> {
        Ok(self.change().invites.remove(&id).is_some_and(|invite| invite.uses > 0))
    }
}
