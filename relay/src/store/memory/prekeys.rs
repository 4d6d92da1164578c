//! Prekeys, in memory.

use std::collections::{BTreeMap, HashSet};

use msg_protocol::{
    id::{AccountId, DeviceId},
    limits::MAX_ONE_TIME_PAIRS,
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, PrekeyId, SignedPrekey},
    signed::{Signed, Verified},
};

use super::{DeviceRow, Holder, Memory, device_ids, is_over};
use crate::store::{
    Prekeys, RelayTime, Result,
    prekey::{NewPrekeys, PrekeyStock, Published, Taken, Taking},
    right::RightId,
};

/// What a device has published and nobody has taken.
#[derive(Default)]
pub(super) struct DevicePrekeys {
    pub(super) signed: Option<Signed<SignedPrekey>>,
    pub(super) last_resort: Option<Signed<LastResortPrekey>>,
    pub(super) pairs: BTreeMap<PrekeyId, Signed<OneTimePair>>,
    /// The first number that no pair has had yet.
    pub(super) next_pair: u64,
}

impl DevicePrekeys {
    fn publish(&mut self, new: NewPrekeys) -> Published {
        let mut pairs = self.pairs.clone();
        if new.replace {
            pairs.retain(|id, _| new.one_time.iter().any(|pair| pair.id == *id));
        }
        let mut next_pair = self.next_pair;
        for pair in new.one_time {
            next_pair = next_pair.max(u64::from(pair.id.0) + 1);
            if u64::from(pair.id.0) >= self.next_pair {
                pairs.entry(pair.id).or_insert_with(|| pair.into_signed());
            }
        }
        if pairs.len() > MAX_ONE_TIME_PAIRS {
            return Published::TooMany;
        }
        self.pairs = pairs;
        self.next_pair = next_pair;
        self.signed = new.signed.map(Verified::into_signed).or(self.signed.take());
        self.last_resort = new.last_resort.map(Verified::into_signed).or(self.last_resort.take());
        Published::Done
    }

    /// The bundle, with the pair of the lowest number if asked.
    fn take(&mut self, device: DeviceId, with_pair: bool) -> Option<Taken> {
        let (signed, last_resort) = (self.signed.clone()?, self.last_resort.clone()?);
        let pair = if with_pair { self.pairs.pop_first() } else { None };
        let one_time = pair.map(|(_, pair)| pair);
        let bundle = PrekeyBundle { device, signed, last_resort, one_time };
        Some(Taken { bundle, left: self.left() })
    }

    fn left(&self) -> u16 {
        u16::try_from(self.pairs.len()).unwrap_or(u16::MAX)
    }
}

impl Holder {
    /// Spends the fetch of a right; whether there was one.
    fn spend_fetch(&mut self, id: RightId, now: RelayTime) -> bool {
        let right = self.rights.get_mut(&id).filter(|right| !is_over(right.expires, now));
        right.is_some_and(|right| std::mem::take(&mut right.fetch))
    }
}

impl Prekeys for Memory {
    async fn publish_prekeys(
        &self,
        account: AccountId,
        device: DeviceId,
        prekeys: NewPrekeys,
    ) -> Result<Published> {
        let mut state = self.change();
        let holder = state.accounts.get_mut(&account);
        let row = holder.and_then(|holder| holder.devices.get_mut(&device));
        Ok(row.map_or(Published::NotFound, |row| row.prekeys.publish(prekeys)))
    }

    async fn take_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
        taking: Taking,
        now: RelayTime,
    ) -> Result<Option<Vec<Taken>>> {
        let mut state = self.change();
        let Some(holder) = state.accounts.get_mut(&account) else { return Ok(None) };
        let with_pairs = match taking {
            Taking::Without => false,
            Taking::Door => true,
            Taking::Right(id) => holder.spend_fetch(id, now),
        };
        let mut wanted = devices;
        if wanted.is_empty() {
            wanted = device_ids(&holder.card).collect();
        }
        let mut named = HashSet::new();
        wanted.retain(|device| named.insert(*device));
        let taken = wanted
            .into_iter()
            .filter_map(|device| holder.devices.get_mut(&device)?.prekeys.take(device, with_pairs));
        Ok(Some(taken.collect()))
    }

    async fn prekey_stock(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Option<PrekeyStock>> {
        let state = self.state();
        let row = state.accounts.get(&account).and_then(|holder| holder.devices.get(&device));
        Ok(row.map(|DeviceRow { prekeys, .. }| PrekeyStock {
            signed: prekeys.signed.clone(),
            last_resort: prekeys.last_resort.clone(),
            one_time: prekeys.left(),
        }))
    }
}
