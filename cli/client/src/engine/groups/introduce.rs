//! Members whom an admin lets know of each other: those who were asked in at the same
//! time did not learn of each other by their invitations.
//!
//! When hundreds join at once, each is told of hundreds. So who has entered is noted,
//! and a few members are told at a time, each of all that they do not know.

use std::collections::BTreeSet;

use msg_protocol::{
    group::Role,
    id::{AccountId, GroupId},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{kept, packs, propose::tell};
use crate::{
    engine::EngineError,
    rows::{Entrant, EntrantsRow, GroupRow, GroupStanding, Read as _, group::key},
    step::Draft,
    store::Table,
};

/// Members who are told at a time.
const AT_A_TIME: usize = 32;
/// Members who are noted: who has joined before those knows everybody by now.
pub(super) const MAX_ENTRANTS: usize = 4_096;

/// Somebody has joined whom we, an admin, may have to introduce.
pub(super) fn note(
    draft: &Draft<'_>,
    own: AccountId,
    group: GroupId,
    row: &GroupRow,
    entrant: Entrant,
) -> Result<(), EngineError> {
    let member = row.state().and_then(|state| state.member(own));
    if member.is_some_and(|member| member.role == Role::Admin) {
        let mut entrants: EntrantsRow = draft.row(&key(group))?.unwrap_or_default();
        entrants.entered.push(entrant);
        if entrants.entered.len() > MAX_ENTRANTS {
            entrants.entered.remove(0);
            for other in &mut entrants.entered {
                other.told = other.told.saturating_sub(1);
            }
        }
        draft.write(&key(group), &entrants);
    }
    Ok(())
}

/// Tells some of those who have joined of the others.
pub fn post_due<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    for (at, mut entrants) in draft.all::<EntrantsRow>(&[])? {
        let group = at.try_into().ok().map(GroupId);
        let Some(group) = group else { continue };
        let row = kept::with(draft, group)?.filter(|row| row.standing == GroupStanding::Joined);
        let Some(row) = row else {
            draft.remove(Table::Entrants, &key(group));
            continue;
        };
        if tell_some(draft, group, &row, &mut entrants, now, rng)? {
            draft.write(&key(group), &entrants);
        } else if !is_awaiting(&row) {
            // Whoever is asked in from now on learns of these by the invitation.
            draft.remove(Table::Entrants, &key(group));
        }
    }
    Ok(())
}

/// Whether somebody who was asked in has not answered yet.
fn is_awaiting(row: &GroupRow) -> bool {
    let members = row.state().into_iter().flat_map(|state| state.members.iter());
    members.into_iter().any(|member| !row.has_joined(member.account()))
}

/// Gives whether there was anybody to tell.
fn tell_some<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    group: GroupId,
    row: &GroupRow,
    entrants: &mut EntrantsRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<bool, EngineError> {
    let guests: BTreeSet<AccountId> = row.guests.iter().copied().collect();
    let count = entrants.entered.len();
    let all = entrants.entered.clone();
    let mut is_any = false;
    let behind = entrants.entered.iter_mut().filter(|entrant| entrant.told < count);
    for one in behind.take(AT_A_TIME) {
        is_any = true;
        let mut statements = Vec::new();
        for other in all.iter().skip(one.told) {
            let is_ours = guests.contains(&one.account) || guests.contains(&other.account);
            let is_here = row.has_joined(other.account) && row.has_joined(one.account);
            if is_ours && is_here && one.is_unaware_of(other) {
                let stored = kept::statement(draft, group, other.account)?;
                statements.extend(stored.map(|stored| stored.signed));
            }
        }
        one.told = count;
        tell(draft, one.account, &packs::accepts(statements), now, rng)?;
    }
    Ok(is_any)
}

#[cfg(test)]
mod tests;
