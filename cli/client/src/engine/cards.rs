//! Cards that a relay shows of somebody, against the card that we hold.

use msg_protocol::{
    card::{Card, Succession, SuccessionError},
    id::AccountId,
    signed::{Signed, Verified},
    time::UnixSeconds,
};

use super::{EngineError, contacts, outbox};
use crate::{
    rows::{Alarm, ContactRow, contact::key},
    step::Draft,
};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The card that we hold.
    Same,
    /// A later one, which we hold now.
    Newer,
    /// Cards between are missing: fetch from this version on.
    Gap(u32),
    /// Nobody, or another identity, lives there now: nothing is sent.
    Changed,
    /// An older card, or another of the same version: nothing is sent.
    WentBack,
}

/// The card that we hold, checked anew.
pub fn held(row: &ContactRow) -> Result<Verified<Card>, EngineError> {
    Ok(row.card.clone().verify_by_own_identity()?)
}

/// Takes what a relay shows of a contact, oldest first.
pub fn shown(
    draft: &Draft<'_>,
    id: AccountId,
    cards: Vec<Signed<Card>>,
    now: UnixSeconds,
) -> Result<Shown, EngineError> {
    let row = contacts::with(draft, id)?.filter(|_| !cards.is_empty());
    let Some(mut row) = row else { return Ok(Shown::Same) };
    let mut card = held(&row)?;
    let before = card.version;
    let mut outcome = Shown::Same;
    for offered in cards {
        let Ok(offered) = offered.verify_by_own_identity() else {
            outcome = Shown::WentBack;
            row.alarm = Some(Alarm::CardWentBack);
            break;
        };
        if offered.version < card.version && offered.version < before {
            // An earlier one of a list that goes on to ours, or the relay's newest.
            outcome = Shown::WentBack;
            continue;
        }
        match card.admits(&offered) {
            Ok(Succession::Same) => {
                outcome = if card.version > before { Shown::Newer } else { Shown::Same }
            }
            Ok(Succession::Next) => {
                card = offered;
                outcome = Shown::Newer;
            }
            Err(SuccessionError::Gap { held, .. }) => return Ok(Shown::Gap(held)),
            Err(SuccessionError::ForeignIdentity) => {
                row.alarm = Some(Alarm::Changed(Box::new(offered.into_signed())));
                outcome = Shown::Changed;
                break;
            }
            Err(_) => {
                outcome = Shown::WentBack;
                break;
            }
        }
    }
    match outcome {
        Shown::WentBack => row.alarm = Some(Alarm::CardWentBack),
        // The pinned identity is there, with nothing older than what is held.
        Shown::Same | Shown::Newer => row.alarm = None,
        Shown::Gap(_) | Shown::Changed => {}
    }
    row.card_checked = now;
    row.card = card.as_signed().clone();
    draft.write(&key(id), &row);
    if outcome == Shown::Newer {
        outbox::readdress(draft, id, &row, now)?;
    }
    Ok(outcome)
}
