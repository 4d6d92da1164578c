//! Cards that a relay shows of somebody, against the card that we hold.

use msg_protocol::{
    card::{Card, CardRef, Succession, SuccessionError},
    id::AccountId,
    signed::{Signed, Verified, VerifyError},
    time::UnixSeconds,
};

use super::{EngineError, contacts, outbox};
use crate::{
    mutant::{self, Mutant},
    rows::{Alarm, ContactRow, contact::key},
    step::Draft,
};

/// Earlier cards of somebody that are kept.
pub const MAX_FORMER: usize = 32;

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

/// What the card that we hold says. It was checked before it was kept, and what is in
/// the store is ours: looking it up for each of a thousand members checks nothing.
pub fn said(row: &ContactRow) -> Result<Said, EngineError> {
    let card = row.card.peek_unverified().map_err(VerifyError::from)?;
    let reference = CardRef { version: card.version, hash: row.card.hash() };
    Ok(Said { card, reference })
}

/// What a card says that was checked when it came.
#[derive(Debug, Clone)]
pub struct Said {
    /// The card.
    pub card: Card,
    /// Its version and hash.
    pub reference: CardRef,
}

/// That one of somebody's cards, the newest or an earlier one, if it is here.
pub fn named(row: &ContactRow, wanted: &CardRef) -> Result<Option<Verified<Card>>, EngineError> {
    for card in row.former.iter().rev().chain([&row.card]) {
        if card.peek_unverified().is_ok_and(|card| card.version == wanted.version) {
            let card = card.clone().verify_by_own_identity()?;
            return Ok(Some(card).filter(|card| card.reference() == *wanted));
        }
    }
    Ok(None)
}

/// Of cards in the order of their versions the last, and those before it that lead to
/// it without a gap.
pub fn line(cards: Vec<Signed<Card>>) -> Option<(Verified<Card>, Vec<Signed<Card>>)> {
    let mut cards = cards.into_iter().rev();
    let newest = cards.next()?.verify_by_own_identity().ok()?;
    let mut former = Vec::new();
    let mut next = newest.clone();
    for card in cards.take(MAX_FORMER) {
        let Ok(card) = card.verify_by_own_identity() else { break };
        if card.admits(&next) != Ok(Succession::Next) {
            break;
        }
        former.push(card.as_signed().clone());
        next = card;
    }
    former.reverse();
    Some((newest, former))
}

/// Takes what somebody says of their own card; gives whether a newer one is to be
/// looked for. Another of the version that is held is an alarm: their relay, or who
/// has their key, shows different cards to different people.
pub fn told(row: &mut ContactRow, told: &CardRef) -> Result<bool, EngineError> {
    let held = said(row)?.reference;
    let known = row.told_card.filter(|known| known.version >= told.version);
    let is_forked = |other: &CardRef| other.version == told.version && other.hash != told.hash;
    let is_news = row.told_card != Some(*told);
    if is_news && (is_forked(&held) || known.as_ref().is_some_and(is_forked)) {
        row.told_card = Some(*told);
        if !matches!(row.alarm, Some(Alarm::Changed(_))) {
            row.alarm = Some(Alarm::CardForked);
        }
    }
    if told.version > held.version && known.is_none() {
        row.told_card = Some(*told);
    }
    Ok(told.version > held.version)
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
        if mutant::is_planted(Mutant::TrustsOldCard) && offered.version < card.version {
            (card, outcome) = (offered, Shown::Newer);
            continue;
        }
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
                row.former.push(card.as_signed().clone());
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
    let told = row.told_card.map(|told| (told.version.cmp(&card.version), told.hash));
    if outcome == Shown::Same && told.is_some_and(|(version, _)| version.is_gt()) {
        // Its owner has told us of a newer one: the relay holds it back.
        outcome = Shown::WentBack;
    }
    match outcome {
        Shown::WentBack => row.alarm = Some(Alarm::CardWentBack),
        Shown::Newer
            if told.is_some_and(|(version, hash)| version.is_eq() && hash != card.hash()) =>
        {
            row.alarm = Some(Alarm::CardForked);
        }
        // The pinned identity is there, with nothing older than what is held.
        Shown::Same | Shown::Newer => {
            row.alarm = row.alarm.take().filter(|alarm| *alarm == Alarm::CardForked);
        }
        Shown::Gap(_) | Shown::Changed => {}
    }
    let more = row.former.len().saturating_sub(MAX_FORMER);
    row.former.drain(..more);
    row.card_checked = now;
    row.card = card.as_signed().clone();
    draft.write(&key(id), &row);
    if outcome == Shown::Newer {
        outbox::readdress(draft, id, &row, now)?;
    }
    Ok(outcome)
}
