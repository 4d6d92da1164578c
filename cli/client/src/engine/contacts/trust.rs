//! What the owner says to an alarm.

use msg_protocol::{
    card::Card, fingerprint::Fingerprint, id::AccountId, signed::Verified, time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{accept, with};
use crate::{
    engine::{EngineError, account::Own, inbox, outbox},
    rows::{Alarm, ContactRow, Trust, contact::key},
    step::Draft,
};

/// What its owner was shown, and agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// The identity of this fingerprint, in place of the pinned one.
    Identity(Fingerprint),
    /// The card that is held, though their relay shows an older or another one.
    HeldCard,
}

/// Why an alarm stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It is not the one that was shown: something came meanwhile.
    #[error("what is wrong with {0} is not what you were shown")]
    Another(String),
    /// Nothing could be decided.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Ends an alarm as its owner has agreed to, if it is still the one that was shown.
/// An identity that has taken a contact's place gets the name here, and what waits
/// is said to it.
pub fn trust<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    agreed: Agreed,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<AccountId, TrustError> {
    let row = with(draft, id).map_err(EngineError::from)?;
    let mut row = row.ok_or_else(|| EngineError::NoContact(id.to_string()))?;
    match (row.alarm.take(), agreed) {
        (Some(Alarm::CardWentBack | Alarm::CardForked), Agreed::HeldCard) => {
            draft.write(&key(id), &row);
            Ok(id)
        }
        (Some(Alarm::Changed(card)), Agreed::Identity(fingerprint)) => {
            let card = card.verify_by_own_identity().map_err(EngineError::from)?;
            if Fingerprint::of(&card.identity) != fingerprint {
                return Err(TrustError::Another(row.name));
            }
            Ok(replace(draft, own, (id, row), &card, now, rng)?)
        }
        _ => Err(TrustError::Another(row.name)),
    }
}

fn replace<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    (id, mut row): (AccountId, ContactRow),
    card: &Verified<Card>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<AccountId, EngineError> {
    let new = card.account();
    let stranger = with(draft, new)?;
    // What the former one has sent stays theirs, and is shown under the name.
    draft.write(&key(id), &row.clone().removed(row.name.clone()));
    inbox::show_as(draft, id, new)?;
    row.card = card.as_signed().clone();
    row.trust = Trust::Unverified;
    row.door = stranger.and_then(|stranger| stranger.door);
    (row.right, row.token, row.told_door) = (None, None, 0);
    outbox::move_to(draft, id, new, &row, now)?;
    accept(draft, own, new, &mut row, now, rng)?;
    Ok(new)
}
