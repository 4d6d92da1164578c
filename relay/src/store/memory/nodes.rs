//! Nodes on one store in memory: handles that hear of each other.

use std::sync::{Arc, Weak};

use msg_protocol::address::Pin;
use tokio::time::Instant;

use super::Memory;
use crate::{
    quota::{TooOften, bucket::Rate},
    store::{Nodes, Result, Wake, Word, nodes::BucketKey},
};

impl Memory {
    /// The same store, as another node has it: in the same epoch, with the same
    /// secret.
    #[must_use]
    pub fn node(&self, wake: Arc<dyn Wake>) -> Self {
        Self { epoch: self.epoch, wake, state: Arc::clone(&self.state) }.joined()
    }

    /// From now on the handle's node hears the others.
    pub(super) fn joined(self) -> Self {
        let others = self.others();
        let nodes = others.iter().chain([&self.wake]).map(Arc::downgrade).collect();
        self.state().nodes = nodes;
        self
    }

    fn others(&self) -> Vec<Arc<dyn Wake>> {
        let all = self.state().nodes.iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
        all.into_iter().filter(|node| !Arc::ptr_eq(node, &self.wake)).collect()
    }
}

impl Nodes for Memory {
    fn shared(&self) -> bool {
        !self.others().is_empty()
    }

    fn tell(&self, word: Word) {
        for node in self.others() {
            node.hear(word.clone());
        }
    }

    async fn take_shared(
        &self,
        bucket: BucketKey,
        rate: Rate,
        amount: u64,
    ) -> Result<core::result::Result<(), TooOften>> {
        let mut state = self.change();
        let now_ns = state.buckets_since.get_or_insert_with(Instant::now).elapsed().as_nanos();
        let now_ns = u64::try_from(now_ns).unwrap_or(u64::MAX);
        let full_at = state.buckets.get(&bucket).copied().unwrap_or(0);
        match rate.take(full_at, amount, now_ns) {
            Ok(full_at) => {
                state.buckets.retain(|_, full_at| *full_at > now_ns);
                state.buckets.insert(bucket, full_at);
                Ok(Ok(()))
            }
            Err(too_often) => Ok(Err(too_often)),
        }
    }

    async fn pin(&self, own: Pin) -> Result<Pin> {
        Ok(*self.change().pin.get_or_insert(own))
    }
}
