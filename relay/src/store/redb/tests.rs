//! The embedded engine under test: one suite with all engines, and what only an
//! engine on a disk can suffer.

mod corruption;
mod files;
mod full;
mod io_errors;
mod moving;
mod power_loss;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use msg_protocol::id::MailboxId;

use super::{OpenError, Options, Redb};
use crate::{
    simulation::disk::{Disk, Socket},
    store::{
        Accounts as _, Mailboxes as _, StoreError, Wake, Word,
        account::Creation,
        conformance::{
            self, Engine,
            laboratory::{NOW, Person, envelope},
        },
    },
    test_folder::Folder,
};

/// Nobody wants to know.
pub(super) struct Asleep;

impl Wake for Asleep {
    fn wake(&self, _: MailboxId) {}

    fn hear(&self, _: Word) {}

    fn here(&self) -> Vec<MailboxId> {
        Vec::new()
    }
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

/// A store on a disk in memory, with that person's account.
async fn registered(disk: &Arc<Disk>, person: Person) -> Redb {
    let store = open(disk).unwrap();
    assert_eq!(store.create_account(person.registration(), NOW).await, Ok(Creation::Created));
    store
}

/// Opens the store on a disk in memory.
fn open(disk: &Arc<Disk>) -> Result<Redb, OpenError> {
    let medium = Arc::new(Socket(Arc::clone(disk)));
    Redb::open_medium(medium, OPTIONS, Arc::new(Asleep), "test".as_ref())
}

/// All numbers of a mailbox's envelopes, each checked byte for byte.
pub(super) async fn numbers(store: &Redb, mailbox: MailboxId) -> Result<Vec<u32>, StoreError> {
    let mut numbers = Vec::new();
    let mut after = 0;
    loop {
        let page = store.collect(mailbox, after, 100, usize::MAX, NOW).await?;
        for row in &page.rows {
            let number = u32::from_be_bytes(row.envelope.id.0[..4].try_into().unwrap());
            assert_eq!(row.envelope, envelope(mailbox, number), "other bytes than were written");
            assert!(row.sequence > after);
            after = row.sequence;
            numbers.push(number);
        }
        if !page.more {
            return Ok(numbers);
        }
    }
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

    async fn open_to_move(&self, wake: Arc<dyn Wake>) -> Redb {
        Redb::open_to_move(self.0.path(), OPTIONS, wake).unwrap()
    }
}

conformance::suite!(OnDisk);
conformance::durable_suite!(OnDisk);
conformance::owned_suite!(OnDisk);
conformance::portable_suite!(OnDisk);
