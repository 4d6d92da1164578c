//! This device's prekeys: made, published, replaced.
//!
//! Private halves are durable before the public ones leave. Whether those have
//! reached the relay is not known for sure after a crash: then they are made known
//! once more.

use msg_crypto::{
    limits::ONE_TIME_REFILL_BELOW,
    prekey::{OwnPrekeys, Upload},
};
use msg_protocol::{
    bounded::List, id::RelayEpoch, limits::MAX_PAIRS_PER_REQUEST, prekey::OneTimePair,
    request::PublishPrekeys, signed::Signed, time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{EngineError, account, account::Own};
use crate::{
    rows::account::key,
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Days after which all one-time pairs are replaced.
const REPLACE_DAYS: u32 = 30;

/// Loads the private halves.
pub fn load(rows: &(impl Rows + ?Sized)) -> Result<OwnPrekeys, EngineError> {
    let value = rows.value(Table::Prekeys, key::PREKEYS)?;
    let value = value.ok_or(StoreError::Damaged(Table::Prekeys))?;
    Ok(OwnPrekeys::restore(&value)?)
}

/// Keeps them.
pub fn keep(draft: &Draft<'_>, prekeys: &OwnPrekeys) {
    draft.put(Table::Prekeys, key::PREKEYS, prekeys.archive().as_bytes().to_vec());
}

/// What is to be published now that the relay is in this epoch and has so many
/// pairs left: nothing, most of the time.
pub fn maintain<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    epoch: RelayEpoch,
    at_relay: u16,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<PublishPrekeys>, EngineError> {
    let mut state = account::relay(draft)?;
    let replaces = state.keyed != Some(epoch) || now.is_days_after(state.replaced, REPLACE_DAYS);
    let is_due = now.is_days_after(state.maintained, 1)
        || usize::from(at_relay) < ONE_TIME_REFILL_BELOW
        || state.unpublished;
    if !replaces && !is_due {
        return Ok(Vec::new());
    }
    let own = Own::load(draft)?;
    let mut prekeys = load(draft)?;
    let left = if replaces { usize::MAX } else { usize::from(at_relay) };
    let mut upload = prekeys.maintain(&own.device, left, now, rng);
    if state.unpublished || replaces {
        let current = prekeys.current(&own.device);
        (upload.signed, upload.last_resort) = (current.signed, current.last_resort);
    }
    if replaces {
        upload.one_time = prekeys.replace_one_time(&own.device, now, rng);
        state.replaced = now;
    }
    state.maintained = now;
    state.unpublished = !upload.is_empty();
    draft.write(key::RELAY, &state);
    keep(draft, &prekeys);
    Ok(if upload.is_empty() { Vec::new() } else { requests(upload, replaces) })
}

/// All that was to be published is at the relay, in that epoch.
pub fn published(draft: &Draft<'_>, epoch: RelayEpoch) -> Result<(), EngineError> {
    Ok(account::change_relay(draft, |state| {
        state.unpublished = false;
        state.keyed = Some(epoch);
    })?)
}

/// As many requests as it takes; the first removes what is to be replaced.
fn requests(upload: Upload, replaces: bool) -> Vec<PublishPrekeys> {
    let Upload { signed, last_resort, one_time } = upload;
    let pairs = |some: &[Signed<OneTimePair>]| {
        List::<_, MAX_PAIRS_PER_REQUEST>::new(some.to_vec()).unwrap_or_else(|_| List::empty())
    };
    let mut chunks = one_time.chunks(MAX_PAIRS_PER_REQUEST);
    let first = chunks.next().map_or_else(List::empty, pairs);
    let mut requests =
        vec![PublishPrekeys { signed, last_resort, one_time: first, replace: replaces }];
    requests.extend(chunks.map(|some| PublishPrekeys {
        signed: None,
        last_resort: None,
        one_time: pairs(some),
        replace: false,
    }));
    requests
}
