//! The store in memory passes the suite that it is the measure of.

use std::sync::{Arc, Mutex};

use msg_protocol::id::MailboxId;

use super::Memory;
use crate::store::{
    Maintenance as _, StoreError, Upkeep as _, Wake, Word,
    conformance::{self, Engine, Shared},
};

/// The place of a store is the first one that was opened there.
struct InMemory(Mutex<Option<Memory>>);

impl Engine for InMemory {
    type Store = Memory;

    fn fresh() -> Self {
        Self(Mutex::default())
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Memory {
        let mut place = self.0.lock().unwrap();
        let first = place.get_or_insert_with(|| Memory::new(wake.clone()).unwrap());
        first.restarted(wake).unwrap()
    }
}

impl Shared for InMemory {
    async fn join(&self, wake: Arc<dyn Wake>) -> Memory {
        let mut place = self.0.lock().unwrap();
        place.get_or_insert_with(|| Memory::new(wake.clone()).unwrap()).node(wake)
    }
}

conformance::suite!(InMemory);
conformance::durable_suite!(InMemory);
conformance::owned_suite!(InMemory);
conformance::shared_suite!(InMemory);
conformance::portable_suite!(InMemory);

#[tokio::test]
async fn what_needs_files_is_unsupported() {
    let (one, other) = (Memory::new(quiet()).unwrap(), Memory::new(quiet()).unwrap());
    assert_eq!(one.back_up("nowhere".into()).await, Err(StoreError::Unsupported));
    assert_eq!(one.compact().await, Err(StoreError::Unsupported));
    assert_ne!(one.epoch(), other.epoch());
    assert_ne!(one.secret(), other.secret());
}

fn quiet() -> Arc<dyn Wake> {
    struct Quiet;
    impl Wake for Quiet {
        fn wake(&self, _: MailboxId) {}
        fn hear(&self, _: Word) {}
        fn here(&self) -> Vec<MailboxId> {
            Vec::new()
        }
    }
    Arc::new(Quiet)
}
