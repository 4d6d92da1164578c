//! Where strangers say that they live: a claim, until their card has been seen there.
//!
//! A relay that we know already is asked by the key that we know it by, whatever
//! the claim says. One that we do not know is asked for a stranger only when the
//! owner accepts them, or has chosen to let them in: nobody else makes us dial by
//! writing to us.

use msg_protocol::{
    address::{Address, RelayAddress},
    card::Card,
    content::ContactDetails,
    id::AccountId,
    signed::Signed,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{all, connect, with};
use crate::{
    engine::{EngineError, account::Own, cards, inbox, settings},
    rows::{AccountRow, Alarm, ContactRow, Place, Standing, contact::key},
    step::Draft,
    store::{Rows, StoreError},
};

/// Seconds after which who was not found is looked for again.
const LOOK_AGAIN_S: u64 = 600;
/// People who are looked for at a time.
const LOOKS: usize = 16;

/// Why a request was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// Somebody whom we know lived at that address before.
    #[error("at the address of {0} lives another identity now")]
    InPlaceOf(String),
    /// Nobody has seen them where they say that they live.
    #[error("{0} was not found where they say that they live")]
    NotFound(String),
    /// Nothing could be decided.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Accepts a request by its owner's word, unless that would put somebody beside a
/// contact whose place they have taken.
pub fn accept_request<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), AcceptError> {
    let row = with(draft, id).map_err(EngineError::from)?;
    let mut row = row.ok_or_else(|| EngineError::NoContact(id.to_string()))?;
    if let Some(place) = &row.place {
        let holder = holder(draft, id, &place.address).map_err(EngineError::from)?;
        if let Some((_, holder)) = holder {
            return Err(AcceptError::InPlaceOf(holder.name));
        }
    } else if row.standing == Standing::Request {
        return Err(AcceptError::NotFound(row.name));
    }
    Ok(accept(draft, own, id, &mut row, now, rng)?)
}

/// Whom we know at that address, beside somebody who says that they live there.
fn holder(
    rows: &(impl Rows + ?Sized),
    beside: AccountId,
    address: &Address,
) -> Result<Option<(AccountId, ContactRow)>, StoreError> {
    Ok(all(rows)?.into_iter().find(|(other, row)| {
        let lives_there = row.place.as_ref().is_some_and(|place| place.address == *address);
        *other != beside && lives_there && (row.is_accepted() || row.alarm.is_some())
    }))
}

/// The place that somebody names, with the key by which its relay is known here;
/// and whether it is.
pub fn named_place(
    rows: &(impl Rows + ?Sized),
    own: &AccountRow,
    details: &ContactDetails,
) -> Result<(Place, bool), StoreError> {
    let known = known_place(rows, own, &details.address.relay)?;
    let pin = known.as_ref().map_or(details.pin, |place| place.pin);
    Ok((Place { address: details.address.clone(), pin }, known.is_some()))
}

/// A place at that relay: our own, or a contact's.
fn known_place(
    rows: &(impl Rows + ?Sized),
    own: &AccountRow,
    relay: &RelayAddress,
) -> Result<Option<Place>, StoreError> {
    if own.address.relay == *relay {
        return Ok(Some(Place { address: own.address.clone(), pin: own.pin }));
    }
    let people = all(rows)?.into_iter().filter(|(_, row)| row.standing != Standing::Request);
    let mut places = people.filter_map(|(_, row)| row.place);
    Ok(places.find(|place| place.address.relay == *relay))
}

/// Who is to be looked for now, and whether for their place: of those whose word has
/// just come, and those who were not found a while ago, or not with the card that
/// they speak of. None of them is looked for again too soon.
pub fn to_look_for(
    draft: &Draft<'_>,
    own: &AccountRow,
    fresh: &[AccountId],
    now: UnixSeconds,
) -> Result<Vec<(AccountId, bool)>, EngineError> {
    let settings = settings::of(draft)?;
    let mut found = Vec::new();
    for (id, mut row) in all(draft)? {
        let held = cards::held(&row)?.version;
        let has_newer = row.told_card.is_some_and(|told| told.version > held);
        if row.claim.is_none() && !has_newer {
            continue;
        }
        let is_due = now.0.abs_diff(row.card_checked.0) >= LOOK_AGAIN_S;
        if found.len() == LOOKS || !(is_due || fresh.contains(&id)) {
            continue;
        }
        if let Some(claim) = row.claim.as_ref().filter(|_| row.standing == Standing::Request)
            && !named_place(draft, own, claim)?.1
            && !settings.lets_in(&row, &claim.address)?
        {
            continue;
        }
        row.card_checked = now;
        draft.write(&key(id), &row);
        found.push((id, row.claim.is_some()));
    }
    Ok(found)
}

/// Accepts somebody: hands over our door, and confirms what has come so far.
pub fn accept<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    row: &mut ContactRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    row.standing = Standing::Added;
    connect(draft, own, id, row, now, rng)?;
    draft.write(&key(id), row);
    inbox::confirm_all(draft, id, now, rng)
}

/// What came of looking for somebody where they say that they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// They do live there.
    True,
    /// They do not, or their card cannot be checked.
    False,
    /// They do, and somebody whom we know lived there before.
    InPlaceOf(AccountId),
}

/// Takes the card that was found where somebody says that they live.
pub fn looked_for<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    place: &Place,
    found: Option<Signed<Card>>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Claimed, EngineError> {
    let Some(mut row) = with(draft, id)? else { return Ok(Claimed::False) };
    let claim = row.claim.take().filter(|claim| claim.address == place.address);
    let Some(claim) = claim else {
        // Seen there meanwhile, or somewhere else by now.
        let lives_there = row.place.as_ref() == Some(place);
        return Ok(if lives_there { Claimed::True } else { Claimed::False });
    };
    let card = found.and_then(|card| card.verify_by_own_identity().ok());
    let card = card.filter(|card| card.account() == id && card.name == place.address.name);
    let Some(card) = card else {
        draft.write(&key(id), &row);
        return Ok(Claimed::False);
    };
    row.place = Some(place.clone());
    row.door = claim.door.or(row.door);
    if let Some((other, mut holder)) = holder(draft, id, &place.address)? {
        // An alarm that is there may be on somebody's screen: it stays the same.
        if !matches!(holder.alarm, Some(Alarm::Changed(_))) {
            holder.alarm = Some(Alarm::Changed(Box::new(row.card.clone())));
            draft.write(&key(other), &holder);
        }
        row.standing = Standing::Request;
        draft.write(&key(id), &row);
        return Ok(Claimed::InPlaceOf(other));
    }
    if row.is_accepted() {
        accept(draft, own, id, &mut row, now, rng)?;
    }
    draft.write(&key(id), &row);
    cards::shown(draft, id, vec![card.into_signed()], now)?;
    settings::accept(draft, own, id, now, rng)?;
    Ok(Claimed::True)
}
