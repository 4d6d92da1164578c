//! The embedded engine under test: one suite with all engines, and what only an
//! engine on a disk can suffer.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use msg_protocol::id::MailboxId;

use super::{Options, Redb};
use crate::{
    store::{
        Wake,
        conformance::{self, Engine},
    },
    test_folder::Folder,
};

/// Nobody wants to know.
pub(super) struct Asleep;

impl Wake for Asleep {
    fn wake(&self, _: MailboxId) {}
}

/// Small, and without a floor: a test's disk may be nearly full.
pub(super) const OPTIONS: Options = Options {
    cache_bytes: 4 * 1024 * 1024,
    floor_bytes: 0,
    floor_percent: 0,
    ballast_bytes: 0,
    store_bytes: 0,
};

/// A folder of its own.
pub(super) fn folder() -> Folder {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Folder::new(&format!("redb-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

struct OnDisk(Folder);

impl Engine for OnDisk {
    type Store = Redb;

    fn fresh() -> Self {
        Self(folder())
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Redb {
        Redb::open(self.0.path(), OPTIONS, wake).unwrap()
    }
}

conformance::suite!(OnDisk);
conformance::durable_suite!(OnDisk);
