//! How often whom may do what: a token bucket for each source, account or
//! device and each kind of deed, in memory, for a bounded number of them.
//!
//! When there are more than can be remembered, those that are full again are
//! forgotten first, then any: a flood of sources makes the limits milder, never
//! the relay unusable.
//!
//! On a store that nodes share, buckets of devices and of everybody together hold
//! across the nodes; those of sources are each node's own.

pub mod bucket;
mod lease;
pub mod penalty;

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use msg_protocol::id::DeviceId;

pub use self::penalty::Penalties;
use self::{bucket::Rate, lease::Leases};
use crate::{
    limits::Limits,
    source::Source,
    store::{Nodes, StoreError},
};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// A link is opened.
    Opening,
    /// A request is made.
    Request,
    /// Bytes are deposited.
    Deposit,
    /// An account is registered.
    Registration,
    /// Challenges and tickets.
    Work,
    /// One-time pairs are taken.
    Prekey,
    /// The account credential is shown.
    Credential,
}

impl Deed {
    /// What tells its buckets apart where nodes share them.
    const fn number(self) -> u8 {
        match self {
            Self::Opening => 0,
            Self::Request => 1,
            Self::Deposit => 2,
            Self::Registration => 3,
            Self::Work => 4,
            Self::Prekey => 5,
            Self::Credential => 6,
        }
    }
}

/// Who does it, or to whom it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// Everybody together.
    Everybody,
    /// One source.
    Source(Source),
    /// One device: what it does itself, or what is done to it from anywhere.
    Device(DeviceId),
    /// One source to one device.
    SourceToDevice(Source, DeviceId),
}

/// Too often; seconds after which it may go better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// How long to wait.
    pub retry_after_s: u32,
}

/// All buckets.
#[derive(Debug, Default)]
pub struct Quotas {
    buckets: Mutex<HashMap<(Deed, Who), u64>>,
    leases: Leases,
}

impl Quotas {
    /// Takes `amount` out of a bucket, or says when it will be there. `now_ms`
    /// is on a clock that only goes forward.
    pub fn take(
        &self,
        deed: Deed,
        who: Who,
        amount: u64,
        limits: &Limits,
        now_ms: u64,
    ) -> Result<(), TooOften> {
        let rate = rate(deed, who, limits);
        let now = now_ms.saturating_mul(1_000_000);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.get(&(deed, who)).copied().unwrap_or(0);
        let full_at = rate.take(full_at, amount, now)?;
        make_room(&mut buckets, limits.sources, |full_at| *full_at <= now);
        buckets.insert((deed, who), full_at);
        Ok(())
    }

    /// The same for a bucket that holds across nodes, if the store has others.
    pub async fn take_everywhere(
        &self,
        store: &impl Nodes,
        deed: Deed,
        who: Who,
        amount: u64,
        limits: &Limits,
        now_ms: u64,
    ) -> Result<Result<(), TooOften>, StoreError> {
        match lease::key(deed, who).filter(|_| store.shared()) {
            Some(bucket) => {
                let rate = rate(deed, who, limits);
                self.leases.take(store, bucket, rate, amount, limits.sources, now_ms).await
            }
            None => Ok(self.take(deed, who, amount, limits, now_ms)),
        }
    }

    /// How many buckets are remembered.
    pub fn remembered(&self) -> usize {
        let own = self.buckets.lock().unwrap_or_else(PoisonError::into_inner).len();
        own + self.leases.remembered()
    }
}

fn rate(deed: Deed, who: Who, limits: &Limits) -> Rate {
    let (burst, per_hour) = match (deed, who) {
        (Deed::Opening, _) => (limits.openings_burst, limits.openings_per_hour),
        (Deed::Request, _) => (limits.requests_burst, limits.requests_per_hour),
        (Deed::Deposit, _) => (limits.deposit_burst_bytes, limits.deposit_bytes_per_hour),
        (Deed::Registration, Who::Everybody) => {
            (limits.all_registrations_per_hour, limits.all_registrations_per_hour)
        }
        (Deed::Registration, _) => (limits.registrations_burst, limits.registrations_per_hour),
        (Deed::Work, _) => (limits.work_burst, limits.work_per_hour),
        (Deed::Prekey, Who::Device(_)) => {
            (limits.strangers_prekeys_per_hour, limits.strangers_prekeys_per_hour)
        }
        (Deed::Prekey, _) => (limits.prekeys_burst, limits.prekeys_per_hour),
        (Deed::Credential, _) => (limits.credential_burst, limits.credential_per_hour),
    };
    Rate { burst, per_hour }
}

/// Makes room for one more: those that are no longer needed go first.
fn make_room<K: Eq + Hash + Copy, V>(
    map: &mut HashMap<K, V>,
    most: u64,
    no_longer_needed: impl Fn(&V) -> bool,
) {
    let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
    if map.len() < most {
        return;
    }
    map.retain(|_, value| !no_longer_needed(value));
    // A quarter at once, so that a flood does not sweep the table at each deed.
    if map.len() >= most {
        let some: Vec<K> = map.keys().copied().take(most.div_ceil(4)).collect();
        for key in some {
            map.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u32) -> Who {
        Who::Source(Source::of(std::net::IpAddr::V4(number.into())))
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds_and_others_are_not_touched() {
        let limits =
            Limits { registrations_burst: 3, registrations_per_hour: 3, ..Limits::default() };
        let quotas = Quotas::default();
        let take = |who, now_ms| quotas.take(Deed::Registration, who, 1, &limits, now_ms);
        for _ in 0..3 {
            assert_eq!(take(source(1), 0), Ok(()));
        }
        assert_eq!(take(source(1), 0), Err(TooOften { retry_after_s: 1_200 }));
        assert_eq!(take(source(2), 0), Ok(()));
        assert!(take(source(1), 1_199_000).is_err());
        assert_eq!(take(source(1), 1_200_000), Ok(()));
        assert!(take(source(1), 1_200_000).is_err());
    }

    #[test]
    fn the_table_is_bounded_and_a_flood_of_sources_shuts_nobody_out() {
        let limits = Limits { sources: 100, ..Limits::default() };
        let quotas = Quotas::default();
        for number in 0..10_000 {
            assert_eq!(quotas.take(Deed::Opening, source(number), 1, &limits, 0), Ok(()));
            assert!(quotas.remembered() <= 100);
        }
    }
}
