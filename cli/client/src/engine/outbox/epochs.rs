//! Relays that have begun again: what they had taken may be gone with their disk.

use msg_protocol::{
    address::RelayAddress,
    id::{AccountId, RelayEpoch},
    time::UnixSeconds,
};

use super::{EngineError, all};
use crate::{
    engine::contacts,
    rows::{EpochsRow, OutboxRow, OutboxState, Place, Read as _, account::key},
    step::Draft,
    store::Rows,
};

/// Relays whose epoch is known: those that were heard of last.
const MAX_RELAYS: usize = 256;

/// A relay is in this epoch. If it was in another, what it had taken and nobody has
/// confirmed waits again, sealed as it is: a relay that has it still takes it for
/// what it is. Gives the people whom that concerns.
pub fn relay_is_in(
    draft: &Draft<'_>,
    relay: &RelayAddress,
    epoch: RelayEpoch,
    now: UnixSeconds,
) -> Result<Vec<AccountId>, EngineError> {
    let mut row: EpochsRow = draft.row(key::EPOCHS)?.unwrap_or_default();
    let known = row.known.iter().position(|(address, _)| address == relay);
    let before = known.map(|index| row.known.remove(index).1);
    if before == Some(epoch) {
        return Ok(Vec::new());
    }
    let more = (row.known.len() + 1).saturating_sub(MAX_RELAYS);
    row.known.drain(..more);
    row.known.push((relay.clone(), epoch));
    draft.write(key::EPOCHS, &row);
    if before.is_none() {
        return Ok(Vec::new());
    }
    let mut concerned = Vec::new();
    for (number, mut row) in all(draft)? {
        let OutboxState::Deposited(sealing) = &row.state else { continue };
        if place(draft, &row)?.is_none_or(|place| place.address.relay != *relay) {
            continue;
        }
        row.state = OutboxState::Sealed(sealing.clone());
        (row.tries, row.next_try) = (0, now);
        draft.write(&number.to_be_bytes(), &row);
        concerned.push(row.account);
    }
    concerned.sort_unstable();
    concerned.dedup();
    Ok(concerned)
}

/// Where there is something that nobody has confirmed.
pub fn unconfirmed_at(rows: &(impl Rows + ?Sized)) -> Result<Vec<Place>, EngineError> {
    let mut places: Vec<Place> = Vec::new();
    for (_, row) in all(rows)? {
        if !matches!(row.state, OutboxState::Deposited(_)) {
            continue;
        }
        let found = place(rows, &row)?;
        let is_new = |found: &Place| {
            !places
                .iter()
                .any(|known| known.address.relay == found.address.relay && known.pin == found.pin)
        };
        places.extend(found.filter(is_new));
    }
    Ok(places)
}

fn place(rows: &(impl Rows + ?Sized), row: &OutboxRow) -> Result<Option<Place>, EngineError> {
    Ok(contacts::with(rows, row.account)?.and_then(|contact| contact.place))
}
