//! One process owns the embedded store: there are no other nodes.

use msg_protocol::address::Pin;

use super::Redb;
use crate::{
    quota::{TooOften, bucket::Rate},
    store::{Nodes, Result, StoreError, Word, nodes::BucketKey},
};

impl Nodes for Redb {
    fn shared(&self) -> bool {
        false
    }

    fn tell(&self, _: Word) {}

    async fn take_shared(
        &self,
        _: BucketKey,
        _: Rate,
        _: u64,
    ) -> Result<core::result::Result<(), TooOften>> {
        Err(StoreError::Unsupported)
    }

    async fn pin(&self, own: Pin) -> Result<Pin> {
        Ok(own)
    }
}
