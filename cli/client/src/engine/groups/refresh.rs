//! What is here of a group is checked and decided, and what follows from that is
//! done: for us, for those who have gone, for commits that were displaced.

use core::cmp::Reverse;
use std::collections::BTreeSet;

use msg_protocol::{
    card::{Card, CardRef},
    group::{GroupCommit, GroupState, Role},
    id::{AccountId, GroupId},
    signed::{Signed, Verified},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    chain::{self, Decided},
    changes, hear, join,
    kept::{self, links},
    notices, propose,
};
use crate::{
    engine::{EngineError, account::Own, cards, contacts, inbox::News, outbox},
    rows::{
        CommitRow, GroupRow, GroupStanding, Tip,
        contact::key as contact_key,
        group::{commit_key, statement_key},
    },
    step::Draft,
    store::Table,
};

/// States that a group is known to have had.
pub(super) const MAX_STATES: usize = 64;
/// Commits that may wait for others, or be displaced, at a time.
pub(super) const MAX_WINDOW: usize = 128;
/// Commits that are not settled yet, also if they make up the group: many can apply
/// together.
pub(super) const MAX_UNSETTLED: usize = 1_024;
/// Commits before those. Only of rivals that applied together there can be more: then
/// the first are forgotten, and the group is passed on to nobody new.
pub(super) const MAX_SETTLED: usize = 4_096;

/// Keeps a commit that came, if it is new and not too late, and there is room for it.
pub(super) fn admit(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    signed: Signed<GroupCommit>,
    now: UnixSeconds,
) {
    let Ok(said) = signed.peek_unverified() else { return };
    let hash = signed.hash();
    let is_known = kept::chain(row).chain(row.unchecked.iter().copied()).any(|one| one == hash);
    let is_full = row.window.len() + row.unchecked.len() >= MAX_UNSETTLED;
    if said.group != group || is_known || is_full || !changes::has_room(&said) {
        return;
    }
    if row.base.as_ref().is_some_and(|base| said.epoch <= base.state.epoch) {
        row.late = row.late.saturating_add(1);
        return;
    }
    draft.write(&commit_key(group, hash), &CommitRow { signed, came: now });
    row.unchecked.push(hash);
}

/// Checks and decides; gives what there is to tell, and whether commits are missing.
pub(super) fn refresh<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(Vec<News>, bool), EngineError> {
    check(draft, own, group, row)?;
    let before = row.state().cloned();
    if !begin(draft, group, row)? {
        bound(draft, group, row, None)?;
        return Ok((Vec::new(), row.unchecked.is_empty()));
    }
    let Some(base) = row.base.clone() else { return Ok((Vec::new(), true)) };
    let mut decided = chain::decide(&base, &links(draft, group, &row.window)?);
    note_states(draft, group, row, &decided)?;
    propose::again(draft, own, group, row, &mut decided, now, rng)?;
    settle(draft, group, row, &decided, now)?;
    row.tip = Some(decided.tip.clone());
    bound(draft, group, row, Some(&decided))?;
    let at = (before.as_ref(), row.standing == GroupStanding::Joined);
    let mut news = notices::decided(draft, own, group, row, at, &decided, now)?;
    if before.as_ref() != row.state() {
        news.push(News::Group(group));
        let is_whole = decided.waiting.is_empty() && row.unchecked.is_empty();
        changed(draft, own, group, row, (before.as_ref(), is_whole))?;
    }
    news.extend(join::prove(draft, own, group, row, now, rng)?);
    news.extend(hear::release(draft, group, row, now, rng)?);
    Ok((news, !decided.waiting.is_empty()))
}

/// The first commit, once it is here and checked.
fn begin(draft: &Draft<'_>, group: GroupId, row: &mut GroupRow) -> Result<bool, EngineError> {
    if row.base.is_some() {
        return Ok(true);
    }
    for link in links(draft, group, &row.window)? {
        if let Ok(state) = changes::begin(&link.commit) {
            row.window.retain(|hash| *hash != link.hash);
            row.settled.push(link.hash);
            row.base = Some(Tip { commit: link.hash, state });
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks at signatures, of those commits whose author's card is here.
fn check(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
) -> Result<(), EngineError> {
    for hash in std::mem::take(&mut row.unchecked) {
        let Some(stored) = kept::commit(draft, group, hash)? else { continue };
        let Ok(said) = stored.signed.peek_unverified() else { continue };
        match card(draft, own, said.author, &said.card)? {
            None => row.unchecked.push(hash),
            Some(card) if stored.signed.clone().verify_by_author(&card).is_ok() => {
                row.window.push(hash);
            }
            Some(_) => draft.remove(Table::Commits, &commit_key(group, hash)),
        }
    }
    Ok(())
}

/// The card of somebody that they have signed with, if it is here: not always their
/// newest.
pub(super) fn card(
    draft: &Draft<'_>,
    own: &Own,
    account: AccountId,
    named: &CardRef,
) -> Result<Option<Verified<Card>>, EngineError> {
    if account == own.id() {
        let all = own.row.cards.iter().map(|card| card.clone().verify_by_own_identity());
        return Ok(all.flatten().find(|card| card.reference() == *named));
    }
    match contacts::with(draft, account)? {
        Some(row) => cards::named(&row, named),
        None => Ok(None),
    }
}

/// Members may be at any of these states when they write.
fn note_states(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    decided: &Decided,
) -> Result<(), EngineError> {
    let base = row.base.iter().map(|base| base.state.hash());
    let mut states: Vec<_> = base.collect();
    states.extend(decided.chain.iter().map(|applied| applied.tip.state.hash()));
    let lost: Vec<_> = decided.displaced.iter().copied().collect();
    states.extend(links(draft, group, &lost)?.iter().map(|link| link.commit.state));
    for state in states {
        if !row.states.contains(&state) {
            row.states.push(state);
        }
    }
    let more = row.states.len().saturating_sub(MAX_STATES);
    row.states.drain(..more);
    Ok(())
}

/// What nothing can change any more goes behind the base.
fn settle(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    decided: &Decided,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let mut came = std::collections::BTreeMap::new();
    for hash in decided.chain.iter().flat_map(|applied| &applied.commits) {
        came.extend(kept::commit(draft, group, *hash)?.map(|stored| (*hash, stored.came)));
    }
    let when = |hash| came.get(&hash).copied().unwrap_or(now);
    let count = chain::settled(&decided.chain, when, now);
    let Some(last) = decided.chain.get(..count).and_then(<[_]>::last) else { return Ok(()) };
    let old: Vec<_> =
        decided.chain.iter().take(count).flat_map(|one| one.commits.clone()).collect();
    row.base = Some(last.tip.clone());
    row.window.retain(|hash| !old.contains(hash));
    row.settled.extend(old);
    let more = row.settled.len().saturating_sub(MAX_SETTLED);
    for hash in row.settled.drain(..more) {
        draft.remove(Table::Commits, &commit_key(group, hash));
    }
    // What does not go on from there never will.
    let left = chain::decide(&last.tip, &links(draft, group, &row.window)?);
    for hash in decided.displaced.intersection(&left.waiting) {
        row.window.retain(|one| one != hash);
        draft.remove(Table::Commits, &commit_key(group, *hash));
    }
    for hash in decided.refused.keys() {
        row.window.retain(|one| one != hash);
        draft.remove(Table::Commits, &commit_key(group, *hash));
    }
    row.proposed.retain(|hash| row.window.contains(hash));
    Ok(())
}

/// Of more commits than may wait those go that matter least, however many somebody
/// sends: what makes up the group stays, and of what leads on from it the latest.
fn bound(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    decided: Option<&Decided>,
) -> Result<(), EngineError> {
    let count = row.window.len() + row.unchecked.len();
    let more = count.saturating_sub(MAX_WINDOW);
    if more == 0 {
        return Ok(());
    }
    let chain: BTreeSet<_> = decided
        .iter()
        .flat_map(|decided| decided.chain.iter().flat_map(|one| one.commits.iter().copied()))
        .collect();
    let idle: Vec<_> = row.window.iter().chain(&row.unchecked).copied().collect();
    let mut ranked = Vec::new();
    for (place, link) in links(draft, group, &idle)?.iter().enumerate() {
        if chain.contains(&link.hash) || row.proposed.contains(&link.hash) {
            continue;
        }
        let is_refused = decided.is_some_and(|decided| decided.refused.contains_key(&link.hash));
        let is_rival = decided.is_some_and(|decided| decided.displaced.contains(&link.hash));
        let leads_on = decided.is_some_and(|decided| {
            let Tip { commit, state } = &decided.tip;
            let author = state.member(link.commit.author);
            link.commit.previous == *commit && author.is_some_and(|one| one.role == Role::Admin)
        });
        // Early ones are the way to later ones; of those that lead on the newest stays.
        let rank = match (is_refused, leads_on, is_rival) {
            (true, ..) => (0, Reverse(link.commit.epoch), place),
            (_, true, _) => (3, Reverse(0), place),
            (_, _, true) => (2, Reverse(link.commit.epoch), place),
            _ => (1, Reverse(link.commit.epoch), place),
        };
        ranked.push((rank, link.hash));
    }
    ranked.sort_unstable();
    for (_, hash) in ranked.into_iter().take(more) {
        row.window.retain(|one| *one != hash);
        row.unchecked.retain(|one| *one != hash);
        draft.remove(Table::Commits, &commit_key(group, hash));
    }
    Ok(())
}

/// What another state means for us and for those who are not in it any more.
fn changed(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    (before, is_whole): (Option<&GroupState>, bool),
) -> Result<(), EngineError> {
    let Some(state) = row.state().cloned() else { return Ok(()) };
    let members: BTreeSet<AccountId> =
        state.members.iter().map(msg_protocol::group::GroupMember::account).collect();
    if before.is_none_or(|before| before.name != state.name) {
        row.name = kept::free_name(draft, group, &state.name)?;
    }
    // Whoever is asked in by a commit that cannot be checked yet is not in it so far.
    let was_in = before.is_some_and(|before| before.member(own.id()).is_some());
    if !members.contains(&own.id()) && (was_in || is_whole) {
        row.standing = GroupStanding::Gone;
    }
    let is_gone = row.standing == GroupStanding::Gone;
    let gone: Vec<AccountId> = row
        .joined
        .iter()
        .filter(|account| is_gone || !members.contains(account))
        .copied()
        .collect();
    row.joined.retain(|account| !gone.contains(account));
    row.unproven.retain(|account| members.contains(account));
    row.guests.retain(|account| members.contains(account));
    row.promised.retain(|(account, _)| members.contains(account));
    row.unsent.retain(|(account, _)| !gone.contains(account));
    kept::save(draft, group, row);
    for account in gone {
        draft.remove(Table::Statements, &statement_key(group, account));
        part(draft, account)?;
        silence(draft, group, account)?;
    }
    Ok(())
}

/// Somebody has left a group with us: perhaps the last.
fn part(draft: &Draft<'_>, account: AccountId) -> Result<(), EngineError> {
    let Some(mut contact) = contacts::with(draft, account)? else { return Ok(()) };
    let is_in = |row: &GroupRow| row.standing == GroupStanding::Joined && row.has_joined(account);
    contact.is_fellow = kept::all(draft)?.iter().any(|(_, row)| is_in(row));
    draft.write(&contact_key(account), &contact);
    Ok(())
}

/// What was to be said in the group to who is not in it any more is not said.
fn silence(draft: &Draft<'_>, group: GroupId, account: AccountId) -> Result<(), EngineError> {
    for (number, row) in outbox::all(draft)? {
        let is_meant = row.account == account
            && row.group.as_ref().is_some_and(|context| context.group == group);
        if is_meant {
            outbox::cancel(draft, number, &row)?;
        }
    }
    Ok(())
}
