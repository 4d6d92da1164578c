//! Blobs between two places that fail by themselves.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::*;
use crate::store::{
    Accounts as _, Upkeep as _,
    account::Changed,
    conformance::laboratory::{BOB, CAROL, LATER, NOW, blob_id, chunk},
    postgres::{
        Options,
        tests::{Asleep, in_database::InDatabase},
    },
};

impl InDatabase {
    /// A store in which Bob has an account.
    async fn with_bob(&self) -> Postgres {
        let store = self.node().await.unwrap();
        store.create_account(BOB.registration(), NOW).await.unwrap();
        store
    }

    fn value(&self, statement: &str) -> String {
        self.session().value(statement).unwrap()
    }

    /// Lets the time pass for which what was emptied waits.
    fn let_it_be_due(&self) {
        self.value("WITH due AS (UPDATE blob SET due = now() WHERE going RETURNING 1) SELECT count(*) FROM due");
    }

    fn rows(&self) -> String {
        self.value("SELECT (SELECT count(*) FROM blob) || ' ' || (SELECT count(*) FROM chunk)")
    }

    /// Objects, finished or not, but for the one that says whose they are.
    fn objects(&self) -> usize {
        files_below(self.blobs.path()) - 1
    }

    /// Sweeps until nothing is left to do.
    async fn sweep_to_the_end(&self, store: &Postgres, now: RelayTime) {
        for _ in 0..3 {
            store.sweep(now).await.unwrap();
            self.let_it_be_due();
        }
    }
}

fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

async fn put_all(store: &Postgres, blob: u8, pieces: u64) {
    let length = pieces * CHUNK_BYTES;
    for index in 0..u32::try_from(pieces).unwrap() {
        assert_eq!(store.put_chunk(chunk(BOB, blob, length, index)).await, Ok(ChunkKept::Done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forgotten_leaves_no_objects() {
    let Some(ground) = InDatabase::found() else { return };
    let store = ground.with_bob().await;
    put_all(&store, 1, 3).await;
    put_all(&store, 2, 2).await;
    assert_eq!((ground.objects(), ground.rows().as_str()), (5, "2 5"));

    assert_eq!(store.delete_blob(BOB.id(), blob_id(1)).await, Ok(true));
    assert_eq!(ground.rows(), "2 2", "it is going");
    ground.sweep_to_the_end(&store, NOW).await;
    assert_eq!((ground.objects(), ground.rows().as_str()), (2, "1 2"));

    ground.sweep_to_the_end(&store, LATER).await;
    assert_eq!((ground.objects(), ground.rows().as_str()), (0, "0 0"));
    assert_eq!(ground.value("SELECT blob_bytes_held FROM account"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_leaves_no_objects() {
    let Some(ground) = InDatabase::found() else { return };
    let store = ground.with_bob().await;
    put_all(&store, 1, 3).await;
    assert_eq!(store.delete_account(BOB.id(), None).await, Ok(Changed::Done));
    assert_eq!(store.chunk(blob_id(1), 0, NOW).await, Ok(None));
    store.create_account(CAROL.registration(), NOW).await.unwrap();
    assert_eq!(store.put_chunk(chunk(CAROL, 1, 100, 0)).await, Ok(ChunkKept::Done));
    ground.sweep_to_the_end(&store, NOW).await;
    assert_eq!((ground.objects(), ground.rows().as_str()), (1, "1 1"), "only what came again");
    assert!(store.chunk(blob_id(1), 0, NOW).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_came_after_its_blob_was_forgotten_goes_too() {
    let Some(ground) = InDatabase::found() else { return };
    let store = ground.with_bob().await;
    put_all(&store, 1, 1).await;
    let place = ground.value("SELECT encode(place, 'hex') FROM blob");
    let place: [u8; 32] =
        data_encoding::HEXLOWER.decode(place.as_bytes()).unwrap().try_into().unwrap();
    store.delete_blob(BOB.id(), blob_id(1)).await.unwrap();
    store.sweep(NOW).await.unwrap();
    assert_eq!((ground.objects(), ground.rows().as_str()), (0, "1 0"), "its row waits");
    // It comes again, while a node was about to put another piece of what went.
    put_all(&store, 1, 1).await;
    store.objects.put(place, 1, [1; 32], vec![1]).await.unwrap();
    let piece = put::Keep { blob: blob_id(1).0, place, piece: 1, sha256: [1; 32], bytes: 1 };
    assert_eq!(store.pool.change(piece).await, Ok(false), "and finds it forgotten");
    assert_eq!((ground.objects(), ground.rows().as_str()), (2, "2 1"));
    store.sweep(NOW).await.unwrap();
    assert_eq!(ground.rows(), "2 1", "it still waits");
    ground.let_it_be_due();
    store.sweep(NOW).await.unwrap();
    assert_eq!((ground.objects(), ground.rows().as_str()), (1, "1 1"));
    assert!(store.chunk(blob_id(1), 0, NOW).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piece_that_is_damaged_or_lost_is_missing_until_it_comes_again() {
    let Some(ground) = InDatabase::found() else { return };
    let store = ground.with_bob().await;
    put_all(&store, 1, 3).await;
    let pieces = pieces_below(ground.blobs.path());
    fs::write(&pieces[0], b"another").unwrap();
    fs::remove_file(&pieces[1]).unwrap();
    for index in [0, 1] {
        assert_eq!(store.chunk(blob_id(1), index, NOW).await, Ok(None));
    }
    assert!(store.chunk(blob_id(1), 2, NOW).await.unwrap().is_some());
    let state = store.blob(BOB.id(), blob_id(1), 9, NOW).await.unwrap().unwrap();
    assert_eq!(state.missing, [ChunkRange { first: 0, count: 2 }]);
    assert_eq!(ground.value("SELECT damaged FROM relay"), "2");
    put_all(&store, 1, 3).await;
    for index in 0..3 {
        assert!(store.chunk(blob_id(1), index, NOW).await.unwrap().is_some());
    }
}

/// The files of pieces, in their order.
fn pieces_below(folder: &Path) -> Vec<PathBuf> {
    let mut pieces = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(within) = folders.pop() {
        for path in fs::read_dir(&within).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if within != folder {
                pieces.push(path);
            }
        }
    }
    pieces.sort();
    pieces
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_gone_has_lost_nothing() {
    let Some(ground) = InDatabase::found() else { return };
    let store = ground.with_bob().await;
    put_all(&store, 1, 2).await;
    let aside = ground.blobs.path().with_extension("aside");
    fs::rename(ground.blobs.path(), &aside).unwrap();
    assert_eq!(store.chunk(blob_id(1), 0, NOW).await, Err(StoreError::Unavailable));
    let put = store.put_chunk(chunk(BOB, 2, 100, 0)).await;
    assert_eq!(put, Err(StoreError::Unavailable));
    store.delete_blob(BOB.id(), blob_id(2)).await.unwrap();
    store.sweep(NOW).await.unwrap();
    fs::rename(&aside, ground.blobs.path()).unwrap();
    assert!(store.chunk(blob_id(1), 0, NOW).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_stores_folder_is_refused() {
    let (Some(one), Some(other)) = (InDatabase::found(), InDatabase::found()) else { return };
    drop(one.node().await.unwrap());
    let options = Options { blobs: one.options().blobs, ..other.options() };
    let refused = Postgres::open(options, Arc::new(Asleep)).await.err().unwrap();
    assert!(refused.to_string().contains("not where this store keeps its blobs"), "{refused}");
    drop(other.node().await.unwrap());
    drop(one.node().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_put_forget_and_sweep_at_once() {
    let Some(ground) = InDatabase::found() else { return };
    let stores = [Arc::new(ground.with_bob().await), Arc::new(ground.node().await.unwrap())];
    let mut acts = tokio::task::JoinSet::new();
    for number in 0..4_usize {
        let store = Arc::clone(&stores[number % 2]);
        acts.spawn(async move {
            for round in 0..12_u32 {
                match (number, round % 3) {
                    (0 | 1, _) => {
                        let new = chunk(BOB, 1, 4 * CHUNK_BYTES, round % 4);
                        let kept = store.put_chunk(new).await;
                        assert!(matches!(kept, Ok(ChunkKept::Done) | Err(StoreError::Unavailable)));
                    }
                    (2, _) => drop(store.delete_blob(BOB.id(), blob_id(1)).await.unwrap()),
                    _ => drop(store.sweep(NOW).await.unwrap()),
                }
                // Whatever has a row can be read.
                for index in 0..4 {
                    store.chunk(blob_id(1), index, NOW).await.unwrap();
                }
            }
        });
    }
    acts.join_all().await;
    assert_eq!(ground.value("SELECT damaged FROM relay"), "0");
    stores[0].delete_blob(BOB.id(), blob_id(1)).await.unwrap();
    ground.sweep_to_the_end(&stores[1], NOW).await;
    assert_eq!((ground.objects(), ground.rows().as_str()), (0, "0 0"));
    assert_eq!(ground.value("SELECT blob_bytes_held FROM account"), "0");
}

/// What names the ground of a process that is killed.
#[cfg(feature = "fail-points")]
const CHILD: [&str; 3] = ["MSG_TEST_DSN", "MSG_TEST_BLOBS", "MSG_FAIL_POINT"];

/// Not a test by itself: what a process does until its fail point.
#[cfg(feature = "fail-points")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_until_it_is_killed() {
    let [Ok(dsn), Ok(blobs), Ok(_)] = CHILD.map(std::env::var) else { return };
    let options = Options { allow_single_node: true, ..Options::new(dsn, blobs) };
    let store = Postgres::open(options, Arc::new(Asleep)).await.unwrap();
    put_all(&store, 1, 2).await;
    store.delete_blob(BOB.id(), blob_id(1)).await.unwrap();
    store.sweep(NOW).await.unwrap();
}

#[cfg(feature = "fail-points")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_killed_between_two_steps_leaves_what_the_next_sweep_ends() {
    for point in ["blob-made:1", "object-put:1", "object-put:2", "objects-removed:1"] {
        let Some(ground) = InDatabase::found() else { return };
        let store = ground.with_bob().await;
        let values = [ground.database.dsn(), ground.options().blobs, point.to_owned()];
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::postgres::blobs::tests::acts_until_it_is_killed"])
            .envs(CHILD.into_iter().zip(values))
            .output()
            .unwrap();
        assert_eq!(child.status.code(), Some(137), "{point}: {child:?}");
        // What was answered for is there, and the rest can be done again.
        for index in 0..2 {
            store.chunk(blob_id(1), index, NOW).await.unwrap();
        }
        assert_eq!(ground.value("SELECT damaged FROM relay"), "0", "{point}");
        put_all(&store, 1, 2).await;
        for index in 0..2 {
            assert!(store.chunk(blob_id(1), index, NOW).await.unwrap().is_some(), "{point}");
        }
        store.delete_blob(BOB.id(), blob_id(1)).await.unwrap();
        ground.sweep_to_the_end(&store, NOW).await;
        assert_eq!((ground.objects(), ground.rows().as_str()), (0, "0 0"), "{point}");
        assert_eq!(ground.value("SELECT blob_bytes_held FROM account"), "0", "{point}");
    }
}
