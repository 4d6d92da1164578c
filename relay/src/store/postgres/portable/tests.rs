//! Moves into a database and out of it, and who is kept away meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use msg_postgres_rig::{Database, are_there};

use super::*;
use crate::{
    store::{
        Accounts as _, Blobs as _, Mailboxes as _, Maintenance as _, Records as _, Wake,
        conformance::{
            self, Engine,
            laboratory::{BOB, CAROL, MANY, NOW, by_door, chunk, record_id},
        },
        memory::Memory,
        portable::{TransferError, transfer},
        postgres::{Options, tests::Asleep},
    },
    test_folder::Folder,
};

/// An empty database, and a folder for the pieces of blobs.
struct InDatabase {
    database: Database,
    blobs: Folder,
}

impl InDatabase {
    fn options(&self) -> Options {
        let blobs = format!("file://{}", self.blobs.path().display());
        let options = Options::new(self.database.dsn(), blobs);
        // On a machine that may be busy.
        let (figures_good_for, patience) = (Duration::ZERO, Duration::from_secs(30));
        Options { allow_single_node: true, figures_good_for, patience, ..options }
    }

    async fn node(&self) -> core::result::Result<Postgres, OpenError> {
        Postgres::open(self.options(), Arc::new(Asleep)).await
    }

    async fn mover(&self) -> core::result::Result<Postgres, OpenError> {
        Postgres::open_to_move(self.options(), Arc::new(Asleep)).await
    }
}

impl Engine for InDatabase {
    type Store = Postgres;

    fn is_there() -> bool {
        are_there()
    }

    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let blobs = Folder::new(&format!("postgres-portable-{number}"));
        Self { database: Database::fresh(), blobs }
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Postgres {
        Postgres::open(self.options(), wake).await.unwrap()
    }

    async fn open_to_move(&self, wake: Arc<dyn Wake>) -> Postgres {
        Postgres::open_to_move(self.options(), wake).await.unwrap()
    }
}

conformance::portable_suite!(InDatabase);

fn memory() -> Memory {
    Memory::new(Arc::new(Asleep)).unwrap()
}

#[tokio::test]
async fn nodes_and_moves_keep_each_other_away() {
    if !are_there() {
        return;
    }
    let place = InDatabase::fresh();
    let node = place.node().await.unwrap();
    let refused = place.mover().await.err().unwrap();
    assert!(matches!(refused, OpenError::Running), "{refused}");
    drop(node);
    let mover = place.mover().await.unwrap();
    let refused = place.node().await.err().unwrap();
    assert!(matches!(refused, OpenError::Moving), "{refused}");
    assert!(matches!(place.mover().await.err(), Some(OpenError::Running)));

    let source = memory();
    source.create_account(BOB.registration(), NOW).await.unwrap();
    let page = source.export(None, PageLimits { items: 1, bytes: 1 }).await.unwrap();
    let progress = Progress { source: [1; 32], mark: page.end, items: 1 };
    mover.import(page.items, progress).await.unwrap();
    drop(mover);
    // The server may not know yet that the move has gone.
    let refused = loop {
        match place.node().await.err().unwrap() {
            OpenError::Moving => sleep(Duration::from_millis(50)).await,
            refused => break refused,
        }
    };
    assert!(matches!(refused, OpenError::Arriving), "{refused}");
    assert!(refused.hint().unwrap().contains("msg-relay migrate"), "{refused}");
}

#[tokio::test]
async fn what_is_damaged_in_the_database_is_named_and_left_behind_if_asked() {
    if !are_there() {
        return;
    }
    let place = InDatabase::fresh();
    let node = place.node().await.unwrap();
    for person in [BOB, CAROL] {
        node.create_account(person.registration(), NOW).await.unwrap();
        node.put_record(person.id(), record_id(1), 0, vec![1; 9], MANY).await.unwrap();
        node.put_chunk(chunk(person, person.0, 70_000, 1)).await.unwrap();
        for number in 0..3 {
            node.append(by_door(person.mailbox(0), number)).await.unwrap();
        }
    }
    drop(node);
    let server = place.database.server();
    let mut session = server.session(server.primary(), place.database.name()).unwrap();
    let bob = format!("decode('{}', 'hex')", BOB.id());
    session
        .query(&format!(
            "UPDATE device SET credential = 'x' WHERE acct = {bob}; \
             UPDATE envelope SET head = 'x' WHERE ctid = (SELECT e.ctid FROM envelope e \
             JOIN mailbox m ON m.id = e.mbx WHERE m.acct <> {bob} ORDER BY seq LIMIT 1);"
        ))
        .unwrap();

    let (source, to) = (place.mover().await.unwrap(), memory());
    let refused = transfer(&source, &to, false, PageLimits::USUAL, |_| ()).await;
    let Err(TransferError::Damaged { count, named }) = refused else { panic!("{refused:?}") };
    // The device with its three envelopes, and one of the other's.
    assert_eq!((count, named.len()), (5, 5));
    assert_eq!(named[0].kind, Kind::Device);
    let moved = transfer(&source, &to, true, PageLimits::USUAL, |_| ()).await.unwrap().total;
    assert_eq!((moved.damaged, moved.count(Kind::Envelope)), (5, 2));
    assert_eq!((moved.count(Kind::Record), moved.count(Kind::Chunk)), (2, 2));
    assert_eq!(to.waiting(CAROL.mailbox(0)).await.unwrap().envelopes, 2);
    assert_eq!(to.check().await.unwrap().faults, [""; 0]);
    assert_eq!(session.value("SELECT damaged FROM relay").unwrap(), "0", "nothing is mended");
}
