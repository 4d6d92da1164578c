//! A small disk whose file has holes, as on a real one: it is full before the file
//! has the length that the engine gave it. What is there can be acknowledged all
//! the same, and then there is room again.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use redb::{Builder, Database, DatabaseError, StorageBackend, backends::InMemoryBackend};

use super::{Asleep, OPTIONS, Options, Redb};
use crate::store::{
    Accounts as _, Mailboxes as _, StoreError,
    conformance::laboratory::{BOB, NOW, by_door, envelope_of},
    mailbox::{Acknowledged, Appended, NewEnvelope},
    redb::{
        format,
        medium::{Medium, Space},
    },
};

const BLOCK: u64 = 4_096;
const DISK_BLOCKS: u64 = 4_096;
const BALLAST_BYTES: u64 = 2 * 1024 * 1024;
const BODY_BYTES: usize = 65_536;
/// Deposits at a time.
const IN_FLIGHT: u32 = 8;

#[derive(Debug, Default)]
struct Taken {
    blocks: BTreeSet<u64>,
    ballast: u64,
    others: u64,
}

impl Taken {
    fn free(&self) -> u64 {
        DISK_BLOCKS.saturating_sub(self.blocks.len() as u64 + self.ballast + self.others)
    }
}

/// A disk, and the file on it.
#[derive(Debug, Clone)]
struct SmallDisk {
    file: Arc<InMemoryBackend>,
    taken: Arc<Mutex<Taken>>,
}

fn no_space() -> io::Error {
    rustix::io::Errno::NOSPC.into()
}

impl StorageBackend for SmallDisk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.taken.lock().unwrap().blocks.retain(|block| block * BLOCK < len);
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        for block in offset / BLOCK..(offset + data.len() as u64).div_ceil(BLOCK) {
            let mut taken = self.taken.lock().unwrap();
            if !taken.blocks.contains(&block) && taken.free() == 0 {
                return Err(no_space());
            }
            taken.blocks.insert(block);
        }
        self.file.write(offset, data)
    }
}

impl Medium for SmallDisk {
    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        builder.create_with_backend(self.clone())
    }

    fn bytes(&self) -> u64 {
        self.taken.lock().unwrap().blocks.len() as u64 * BLOCK
    }

    fn space(&self) -> Option<Space> {
        let free = self.taken.lock().unwrap().free() * BLOCK;
        Some(Space { free, total: DISK_BLOCKS * BLOCK })
    }

    fn has_ballast(&self, _: u64) -> bool {
        self.taken.lock().unwrap().ballast > 0
    }

    fn take_ballast(&self, bytes: u64) -> io::Result<()> {
        let mut taken = self.taken.lock().unwrap();
        if taken.free() < bytes / BLOCK {
            return Err(no_space());
        }
        taken.ballast = bytes / BLOCK;
        Ok(())
    }

    fn give_up_ballast(&self) -> bool {
        core::mem::take(&mut self.taken.lock().unwrap().ballast) > 0
    }
}

impl SmallDisk {
    fn formatted() -> Self {
        let disk = Self { file: Arc::default(), taken: Arc::default() };
        format::initialise(&disk.open(&Builder::new()).unwrap()).unwrap();
        disk
    }

    /// Others take all that is left.
    fn fill_up(&self) {
        let mut taken = self.taken.lock().unwrap();
        taken.others += taken.free();
    }

    fn others_go(&self) {
        self.taken.lock().unwrap().others = 0;
    }
}

fn deposit(number: u32) -> NewEnvelope {
    let envelope = envelope_of(BOB.mailbox(0), number, BODY_BYTES);
    NewEnvelope { envelope, ..by_door(BOB.mailbox(0), number) }
}

/// Sends until the store is full; gives how many it took.
async fn fill(store: &Redb, next: &mut u32) -> usize {
    let mut stored = 0;
    loop {
        let deposits = (*next..*next + IN_FLIGHT).map(|number| store.append(deposit(number)));
        *next += IN_FLIGHT;
        for outcome in futures_util::future::join_all(deposits).await {
            match outcome {
                Ok(Appended::Stored) => stored += 1,
                Err(StoreError::Unavailable) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(StoreError::Full) => return stored,
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Tries until the store is open again, for a while.
async fn patiently<T>(mut attempt: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    for _ in 0..5_000 {
        match attempt().await {
            Err(StoreError::Unavailable) => tokio::time::sleep(Duration::from_millis(2)).await,
            outcome => return outcome.unwrap(),
        }
    }
    panic!("the store does not open again");
}

/// Has a part of what is there forgotten, and then the rest.
async fn drain(store: &Redb, part: usize) {
    let mailbox = BOB.mailbox(0);
    let rows = patiently(async || store.collect(mailbox, 0, 10_000, usize::MAX, NOW).await).await;
    let some = rows.rows.get(rows.rows.len() / 4 * part).map_or(0, |row| row.sequence);
    for which in [Acknowledged::One(some), Acknowledged::UpTo(some), Acknowledged::UpTo(u64::MAX)] {
        patiently(async || store.acknowledge(mailbox, which).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_drained_on_a_full_disk_is_room_again() {
    let disk = SmallDisk::formatted();
    let options = Options { ballast_bytes: BALLAST_BYTES, ..OPTIONS };
    let medium = Arc::new(disk.clone());
    let store = Redb::open_medium(medium, options, Arc::new(Asleep), "test".as_ref()).unwrap();
    store.create_account(BOB.registration(), NOW).await.unwrap();
    let mut next = 0;
    let first = fill(&store, &mut next).await;
    for round in 0..12 {
        if round % 3 == 0 {
            disk.fill_up();
        }
        drain(&store, round % 4).await;
        disk.others_go();
        let stored = fill(&store, &mut next).await;
        assert!(stored > first / 2, "room for {first}, then for {stored} in round {round}");
    }
}
