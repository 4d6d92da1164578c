//! Leases on a store that counts how often it is asked.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use msg_protocol::{address::Pin, id::DeviceId};

use super::*;
use crate::{
    presence::Presence,
    store::{Result, Word, memory::Memory},
};

/// A store that counts how often it is asked.
struct Counted {
    memory: Memory,
    asked: AtomicU64,
    gone: bool,
}

impl Counted {
    fn new() -> Self {
        let memory = Memory::new(Arc::new(Presence::default())).unwrap();
        Self { memory, asked: AtomicU64::new(0), gone: false }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Nodes for Counted {
    fn shared(&self) -> bool {
        true
    }

    fn tell(&self, _: Word) {}

    async fn take_shared(
        &self,
        bucket: BucketKey,
        rate: Rate,
        amount: u64,
    ) -> Result<core::result::Result<(), TooOften>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.gone {
            return Err(StoreError::Unavailable);
        }
        self.memory.take_shared(bucket, rate, amount).await
    }

    async fn pin(&self, own: Pin) -> Result<Pin> {
        Ok(own)
    }
}

const BUCKET: BucketKey = BucketKey::new(1, Some(DeviceId([1; 16])));
const RATE: Rate = Rate { burst: 320, per_hour: 1 };

async fn take(leases: &Leases, store: &Counted, amount: u64, now_ms: u64) -> bool {
    leases.take(store, BUCKET, RATE, amount, 100, now_ms).await.unwrap().is_ok()
}

#[tokio::test]
async fn two_nodes_grant_a_burst_together_and_ask_seldom() {
    let (store, nodes) = (Counted::new(), [Leases::default(), Leases::default()]);
    let mut granted = 0;
    for number in 0..1_000 {
        granted += u64::from(take(&nodes[number % 2], &store, 1, 0).await);
    }
    assert_eq!(granted, RATE.burst);
    // Sixteen leases, and for each node what was refused, with more and with less.
    assert_eq!(store.asked(), PART + 4);
}

#[tokio::test]
async fn the_last_are_granted_one_by_one_and_a_large_amount_at_once() {
    let (store, leases) = (Counted::new(), Leases::default());
    assert!(take(&leases, &store, 310, 0).await, "more than a lease");
    assert_eq!(store.asked(), 1);
    for _ in 0..10 {
        assert!(take(&leases, &store, 1, 0).await, "there are that many left");
    }
    assert!(!take(&leases, &store, 1, 0).await);
}

#[tokio::test]
async fn what_was_refused_is_not_asked_for_again_at_once() {
    let (store, leases) = (Counted::new(), Leases::default());
    assert!(take(&leases, &store, RATE.burst, 0).await);
    assert!(!take(&leases, &store, 1, 0).await);
    let asked = store.asked();
    for _ in 0..100 {
        assert!(!take(&leases, &store, 1, 999).await);
    }
    assert_eq!(store.asked(), asked);
    assert!(!take(&leases, &store, 1, 1_000).await);
    assert!(store.asked() > asked, "it may have come back by now");
}

#[tokio::test]
async fn those_who_come_at_once_share_a_lease() {
    let (store, leases) = (Arc::new(Counted::new()), Arc::new(Leases::default()));
    let takes = (0..20).map(|_| {
        let (store, leases) = (Arc::clone(&store), Arc::clone(&leases));
        tokio::spawn(async move { take(&leases, &store, 1, 0).await })
    });
    for take in takes.collect::<Vec<_>>() {
        assert!(take.await.unwrap());
    }
    assert_eq!(store.asked(), 1);
}

#[tokio::test]
async fn a_store_out_of_reach_is_said_so_and_what_was_taken_is_still_spent() {
    let (mut store, leases) = (Counted::new(), Leases::default());
    assert!(take(&leases, &store, 1, 0).await);
    store.gone = true;
    for _ in 1..RATE.burst / PART {
        assert!(take(&leases, &store, 1, 0).await);
    }
    let answer = leases.take(&store, BUCKET, RATE, 1, 100, 0).await;
    assert_eq!(answer, Err(StoreError::Unavailable));
}

#[tokio::test]
async fn buckets_are_bounded() {
    let (store, leases) = (Counted::new(), Leases::default());
    for number in 0..1_000_u32 {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let bucket = BucketKey::new(1, Some(DeviceId(id)));
        let answer = leases.take(&store, bucket, RATE, 1, 100, 0).await;
        assert_eq!(answer, Ok(Ok(())));
        assert!(leases.remembered() <= 100);
    }
}

#[test]
fn sources_are_each_nodes_own() {
    let source = crate::source::Source::of(std::net::Ipv4Addr::LOCALHOST.into());
    assert_eq!(key(Deed::Request, Who::Source(source)), None);
    assert_eq!(key(Deed::Prekey, Who::SourceToDevice(source, DeviceId([1; 16]))), None);
    assert_ne!(key(Deed::Registration, Who::Everybody), key(Deed::Request, Who::Everybody));
    assert!(key(Deed::Request, Who::Device(DeviceId([1; 16]))).is_some());
}
