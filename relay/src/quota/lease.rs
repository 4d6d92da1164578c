//! Buckets that hold across nodes: a node takes some out of the bucket that all
//! share, and spends that by itself.
//!
//! Nobody is granted more than has been taken. What a node has left over it keeps:
//! so often as there are nodes, a bucket's burst may be a sixteenth larger.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Deed, TooOften, Who, bucket::Rate, make_room};
use crate::store::{Nodes, StoreError, nodes::BucketKey};

/// The part of a burst that is taken ahead.
const PART: u64 = 16;
/// Milliseconds in which the store is not asked again for what it has refused.
const ASKS_AGAIN_MS: u64 = 1_000;

/// What this node has taken ahead.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<BucketKey, Arc<Lease>>>,
}

/// Whoever takes more waits for whoever is taking more.
type Lease = tokio::sync::Mutex<Held>;

/// What is left of a bucket's lease.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    left: u64,
    refused: Option<Refused>,
}

/// The store has refused that much, then.
#[derive(Debug, Clone, Copy)]
struct Refused {
    amount: u64,
    at_ms: u64,
    too_often: TooOften,
}

/// What names a bucket for all nodes; `None` if it is each node's own.
pub(super) fn key(deed: Deed, who: Who) -> Option<BucketKey> {
    let device = match who {
        Who::Everybody => None,
        Who::Device(device) => Some(device),
        Who::Source(_) | Who::SourceToDevice(..) => return None,
    };
    Some(BucketKey::new(deed.number(), device))
}

impl Leases {
    /// Takes `amount` out of a bucket of all nodes, or says when it will be there.
    /// At most `most` buckets are remembered.
    pub(super) async fn take(
        &self,
        store: &impl Nodes,
        bucket: BucketKey,
        rate: Rate,
        amount: u64,
        most: u64,
        now_ms: u64,
    ) -> Result<Result<(), TooOften>, StoreError> {
        let lease = self.lease(bucket, most);
        let mut held = lease.lock().await;
        if held.left < amount {
            if let Some(too_often) = held.refused(amount, now_ms) {
                return Ok(Err(too_often));
            }
            match lease_more(store, bucket, rate, amount - held.left).await? {
                Ok(more) => held.left = held.left.saturating_add(more),
                Err(too_often) => {
                    held.refused = Some(Refused { amount, at_ms: now_ms, too_often });
                    return Ok(Err(too_often));
                }
            }
        }
        held.left = held.left.saturating_sub(amount);
        held.refused = None;
        Ok(Ok(()))
    }

    fn lease(&self, bucket: BucketKey, most: u64) -> Arc<Lease> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = held.get(&bucket) {
            return Arc::clone(lease);
        }
        // What is left of a lease that is forgotten is lost.
        make_room(&mut held, most, |lease| lease.try_lock().is_ok_and(|held| held.left == 0));
        Arc::clone(held.entry(bucket).or_default())
    }

    /// How many buckets are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Held {
    fn refused(&self, amount: u64, now_ms: u64) -> Option<TooOften> {
        let refused = self.refused?;
        let is_fresh = now_ms.saturating_sub(refused.at_ms) < ASKS_AGAIN_MS;
        (is_fresh && amount >= refused.amount).then_some(refused.too_often)
    }
}

/// Takes so much or more from the store, and gives what it took.
async fn lease_more(
    store: &impl Nodes,
    bucket: BucketKey,
    rate: Rate,
    amount: u64,
) -> Result<Result<u64, TooOften>, StoreError> {
    let part = (rate.burst / PART).max(amount);
    let taken = store.take_shared(bucket, rate, part).await?;
    match taken {
        Ok(()) => Ok(Ok(part)),
        Err(_) if part > amount => {
            Ok(store.take_shared(bucket, rate, amount).await?.map(|()| amount))
        }
        Err(too_often) => Ok(Err(too_often)),
    }
}

#[cfg(test)]
mod tests;
