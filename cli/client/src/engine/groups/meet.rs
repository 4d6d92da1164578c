//! Members who are no contacts: their cards, looked for where the group says that
//! they live. An invitation makes us ask no relay before its owner has accepted it.

use std::collections::BTreeMap;

use msg_protocol::{
    address::Address,
    card::{Card, CardRef},
    group::{GroupChange, GroupMember},
    id::{AccountId, GroupId},
    limits::MAX_GROUP_MEMBERS,
    signed::Signed,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{join, kept, refresh::refresh, say};
use crate::{
    engine::{EngineError, account::Own, cards, contacts, inbox::News},
    rows::{GroupRow, GroupStanding, Place, Standing, contact::key as contact_key},
    step::Draft,
    store::Rows,
};

/// Seconds after which who was not found is looked for again.
const LOOK_AGAIN_S: u64 = 600;
/// People who are looked for at a time: those of one large group.
const LOOKS: usize = MAX_GROUP_MEMBERS;

/// Whose cards are to be fetched now, and where. Of the group that is named at once;
/// of those that we are in if they have just changed, or were looked at a while ago.
pub fn to_meet(
    draft: &Draft<'_>,
    own: &Own,
    at_once: Option<GroupId>,
    fresh: &[GroupId],
    now: UnixSeconds,
) -> Result<Vec<(AccountId, Place)>, EngineError> {
    let mut found: BTreeMap<AccountId, Place> = BTreeMap::new();
    for (group, mut row) in kept::all(draft)? {
        let is_due = fresh.contains(&group) || now.0.abs_diff(row.looked.0) >= LOOK_AGAIN_S;
        let is_meant = at_once == Some(group)
            || (row.standing == GroupStanding::Joined && at_once.is_none() && is_due);
        if !is_meant {
            continue;
        }
        let missing = missing(draft, own, group, &row)?;
        if !missing.is_empty() {
            row.looked = now;
            kept::save(draft, group, &row);
        }
        found.extend(missing);
    }
    Ok(found.into_iter().take(LOOKS).collect())
}

fn missing(
    rows: &(impl Rows + ?Sized),
    own: &Own,
    group: GroupId,
    row: &GroupRow,
) -> Result<Vec<(AccountId, Place)>, EngineError> {
    let mut wanted: Vec<AccountId> = row.joined.iter().chain(&row.unproven).copied().collect();
    // Who has signed with an earlier card than the one that is held.
    let mut earlier: Vec<AccountId> = Vec::new();
    for account in &row.unproven {
        let stored = kept::statement(rows, group, *account)?;
        if let Some(said) = stored.and_then(|stored| stored.signed.peek_unverified().ok()) {
            earlier.extend(lacks(rows, *account, &said.card)?.then_some(*account));
        }
    }
    let mut places: BTreeMap<AccountId, Place> = BTreeMap::new();
    for hash in kept::chain(row).chain(row.unchecked.iter().copied()) {
        if row.unchecked.is_empty() {
            break;
        }
        let stored = kept::commit(rows, group, hash)?;
        let Some(said) = stored.and_then(|stored| stored.signed.peek_unverified().ok()) else {
            continue;
        };
        wanted.push(said.author);
        if row.unchecked.contains(&hash) && lacks(rows, said.author, &said.card)? {
            earlier.push(said.author);
        }
        // Once we are in, nobody but its members says where somebody lives.
        let counts = row.settled.contains(&hash) || row.noted.contains(&hash);
        if counts || row.standing != GroupStanding::Joined {
            places.extend(said.changes.iter().filter_map(place));
        }
    }
    let members = row.state().into_iter().flat_map(|state| state.members.iter());
    places.extend(members.map(of_member));
    wanted.sort_unstable();
    wanted.dedup();
    let mut missing = Vec::new();
    for account in wanted.into_iter().filter(|account| *account != own.id()) {
        let is_there = contacts::with(rows, account)?.is_some_and(|row| row.place.is_some())
            && !earlier.contains(&account);
        let place = places.remove(&account).filter(|_| !is_there);
        missing.extend(place.map(|place| (account, place)));
    }
    Ok(missing)
}

/// Whether a card of somebody is not here though a later one is.
fn lacks(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
    named: &CardRef,
) -> Result<bool, EngineError> {
    let Some(row) = contacts::with(rows, account)? else { return Ok(false) };
    let is_earlier = named.version < cards::held(&row)?.version;
    Ok(is_earlier && cards::named(&row, named)?.is_none())
}

fn of_member(member: &GroupMember) -> (AccountId, Place) {
    (member.account(), Place { address: member.address.clone(), pin: member.pin })
}

fn place(change: &GroupChange) -> Option<(AccountId, Place)> {
    let (identity, address, pin) = match change {
        GroupChange::CreateGroup(create) => (&create.identity, &create.address, create.pin),
        GroupChange::AddMember(add) => (&add.identity, &add.address, add.pin),
        _ => return None,
    };
    Some((AccountId::of(identity), Place { address: address.clone(), pin }))
}

/// Where a member of a group that we are in lives, by what the group says.
pub fn address_of(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
) -> Result<Option<Address>, EngineError> {
    for (_, row) in kept::all(rows)? {
        let state = row.state().filter(|_| row.standing == GroupStanding::Joined);
        if let Some(member) = state.and_then(|state| state.member(account)) {
            return Ok(Some(member.address.clone()));
        }
    }
    Ok(None)
}

/// Takes the cards, oldest first, that were found where a group says that people live.
/// Who is known already keeps the card that is held, and gets those before it.
pub fn met<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    found: Vec<(AccountId, Place, Vec<Signed<Card>>)>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    for (account, place, cards) in found {
        keep(draft, account, place, cards, now)?;
    }
    recheck(draft, own, now, rng)
}

fn keep(
    draft: &Draft<'_>,
    account: AccountId,
    place: Place,
    found: Vec<Signed<Card>>,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let Some((card, former)) = cards::line(found) else { return Ok(()) };
    if card.account() != account || card.name != place.address.name {
        return Ok(());
    }
    let mut contact = match contacts::with(draft, account)? {
        Some(contact) => contact,
        None => contacts::fellow(place.address.to_string(), &card, now),
    };
    if contact.place.is_none() {
        contact.place = Some(place);
        if contact.standing == Standing::Request && contact.claim.is_none() {
            contact.standing = Standing::Removed;
        }
    }
    if contact.card == *card.as_signed() && contact.former.len() < former.len() {
        contact.former = former;
    }
    draft.write(&contact_key(account), &contact);
    Ok(())
}

/// Decides again what waited for a card.
pub fn recheck<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    let mut news = Vec::new();
    for (group, mut row) in kept::all(draft)? {
        news.extend(refresh(draft, own, group, &mut row, now, rng)?.0);
        join::greet(draft, own, group, &mut row, now, rng)?;
        if row.standing == GroupStanding::Joined {
            say::catch_up(draft, group, &mut row, now)?;
        }
        kept::save(draft, group, &row);
    }
    Ok(news)
}
