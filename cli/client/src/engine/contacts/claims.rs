//! Where strangers say that they live: a claim, until their card has been seen there.

use msg_protocol::{card::Card, id::AccountId, signed::Signed, time::UnixSeconds};
use rand_core::CryptoRng;

use super::{all, connect, with};
use crate::{
    engine::{EngineError, account::Own, inbox},
    rows::{Alarm, ContactRow, Place, Standing, contact::key},
    step::Draft,
};

/// Accepts a request: hands over our door, and confirms what has come so far.
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
    found: Option<Signed<Card>>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Claimed, EngineError> {
    let Some(mut row) = with(draft, id)? else { return Ok(Claimed::False) };
    let Some(claim) = row.claim.take() else { return Ok(Claimed::True) };
    let card = found.and_then(|card| card.verify_by_own_identity().ok());
    let is_theirs =
        card.as_ref().is_some_and(|card| card.account() == id && card.name == claim.address.name);
    if !is_theirs {
        draft.write(&key(id), &row);
        return Ok(Claimed::False);
    }
    let place = Place { address: claim.address, pin: claim.pin };
    let former = all(draft)?.into_iter().find(|(other, other_row)| {
        let lives_there = other_row.place.as_ref().map(|place| &place.address);
        *other != id && lives_there == Some(&place.address) && other_row.is_accepted()
    });
    row.place = Some(place);
    row.door = claim.door.or(row.door);
    if let Some((other, mut other_row)) = former {
        // An alarm that is there may be on somebody's screen: it stays the same.
        if !matches!(other_row.alarm, Some(Alarm::Changed(_))) {
            other_row.alarm = Some(Alarm::Changed(Box::new(row.card.clone())));
            draft.write(&key(other), &other_row);
        }
        row.standing = Standing::Request;
        draft.write(&key(id), &row);
        return Ok(Claimed::InPlaceOf(other));
    }
    if row.is_accepted() {
        accept(draft, own, id, &mut row, now, rng)?;
    }
    draft.write(&key(id), &row);
    Ok(Claimed::True)
}
