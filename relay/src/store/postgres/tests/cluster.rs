//! Three servers, one of which takes what is written while the others follow:
//! what is acknowledged is never lost, whatever dies, and what may be lost is
//! never acknowledged.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use msg_postgres_rig::{Cluster, Stop, are_there};
use tokio::{
    task::{JoinSet, block_in_place},
    time::{sleep, timeout},
};

use super::{Asleep, blobs, options};
use crate::store::{
    Accounts as _, Mailboxes as _, StoreError, Upkeep as _, Wake,
    account::Creation,
    conformance::{
        self, Engine,
        laboratory::{BOB, NOW, by_door, envelope},
    },
    mailbox::Appended,
    postgres::{Options, Postgres},
};
use crate::test_folder::Folder;

/// In which a cluster finds together again, on a busy machine.
const PATIENT: Duration = Duration::from_secs(90);

async fn open(cluster: &Cluster, blobs: &Folder) -> Arc<Postgres> {
    let options = Options { allow_single_node: false, ..options(cluster.dsn(), blobs) };
    Arc::new(Postgres::open(options, Arc::new(Asleep)).await.unwrap())
}

async fn with_bob(cluster: &Cluster, blobs: &Folder) -> Arc<Postgres> {
    let store = open(cluster, blobs).await;
    assert_eq!(store.create_account(BOB.registration(), NOW).await, Ok(Creation::Created));
    store
}

/// Appends until it is durable; says how.
async fn insist(store: &Postgres, number: u32) -> Appended {
    let attempts = async {
        loop {
            match store.append(by_door(BOB.mailbox(0), number)).await {
                Ok(appended) => return appended,
                Err(error) => assert_eq!(error, StoreError::Unavailable),
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENT, attempts).await.expect("the store comes back")
}

/// The numbers of what waits, each once and in rising sequence.
async fn numbers(store: &Postgres) -> BTreeSet<u32> {
    let (mut numbers, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = store.collect(BOB.mailbox(0), after, 100, usize::MAX, NOW).await.unwrap();
        for row in page.rows {
            let number = u32::from_be_bytes(row.envelope.id.0[..4].try_into().unwrap());
            assert_eq!(row.envelope, envelope(BOB.mailbox(0), number));
            assert!(row.sequence > after);
            after = row.sequence;
            assert!(numbers.insert(number), "{number} is there twice");
        }
        if !page.more {
            return numbers;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_no_standby_has() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let blobs = blobs();
    let store = with_bob(&cluster, &blobs).await;
    assert_eq!(insist(&store, 1).await, Appended::Stored);
    for node in cluster.standbys() {
        cluster.stop(node, Stop::Immediate);
    }
    let append = |number| store.append(by_door(BOB.mailbox(0), number));
    assert_eq!(append(2).await, Err(StoreError::Unavailable), "nobody else has it");

    // A primary that starts anew shows what only its own disk has.
    let primary = cluster.primary();
    cluster.kill(primary);
    cluster.start(primary);
    let mut session = cluster.session(primary, msg_postgres_rig::ROLE).unwrap();
    let seen = session.query("SELECT count(*) FROM envelope").unwrap();
    assert_eq!(seen[0][0].as_deref(), Some("2"), "the row is there to be seen");
    for _ in 0..3 {
        assert_eq!(append(2).await, Err(StoreError::Unavailable), "and still nobody else has it");
    }
    assert_eq!(append(3).await, Err(StoreError::Unavailable));

    let standby = cluster.standbys()[0];
    cluster.start(standby);
    assert_eq!(insist(&store, 2).await, Appended::Duplicate);
    insist(&store, 3).await;
    assert_eq!(numbers(&store).await, [1, 2, 3].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_wait_no_longer_is_not_believed() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let blobs = blobs();
    let store = with_bob(&cluster, &blobs).await;
    for node in cluster.standbys() {
        cluster.stop(node, Stop::Immediate);
    }
    let asked = Arc::clone(&store);
    let append = tokio::spawn(async move { asked.append(by_door(BOB.mailbox(0), 1)).await });
    let mut session = cluster.session(cluster.primary(), "postgres").unwrap();
    let mut cancelled = 0;
    for _ in 0..600 {
        let waiting = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
             WHERE wait_event = 'SyncRep' AND query = 'COMMIT'";
        cancelled += session.query(waiting).unwrap().len();
        if append.is_finished() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(cancelled > 0, "somebody waited for a standby");
    assert_eq!(append.await.unwrap(), Err(StoreError::Unavailable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_is_there_after_a_failover() {
    const SENDERS: u32 = 12;
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let blobs = blobs();
    let (store, other) = (with_bob(&cluster, &blobs).await, open(&cluster, &blobs).await);
    let epoch = store.epoch();
    assert_eq!(other.epoch(), epoch, "one for all nodes");
    let stop = Arc::new(AtomicBool::new(false));
    let kept = Arc::new(Mutex::new(BTreeSet::new()));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let store = if sender % 2 == 0 { Arc::clone(&store) } else { Arc::clone(&other) };
        let (stop, kept) = (Arc::clone(&stop), Arc::clone(&kept));
        senders.spawn(async move {
            for number in (sender..).step_by(SENDERS as usize) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                insist(&store, number).await;
                kept.lock().unwrap().insert(number);
            }
        });
    }
    let count = || kept.lock().unwrap().len();
    let grow = async |by: usize| {
        let before = count();
        let grown = async {
            while count() < before + by {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENT, grown).await.expect("envelopes are kept");
    };
    grow(100).await;
    block_in_place(|| {
        cluster.kill(cluster.primary());
        cluster.fail_over();
    });
    grow(100).await;
    assert_ne!(store.epoch(), epoch, "another server, another history");
    stop.store(true, Ordering::Relaxed);
    senders.join_all().await;
    let there = numbers(&other).await;
    let kept = kept.lock().unwrap().clone();
    assert!(kept.is_subset(&there), "lost: {:?}", kept.difference(&there));
    assert_eq!(kept, there, "each sender insisted on each");
    let waiting = other.waiting(BOB.mailbox(0)).await.unwrap();
    assert_eq!(usize::try_from(waiting.envelopes).unwrap(), there.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_of_all_servers_loses_nothing() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let blobs = blobs();
    let store = with_bob(&cluster, &blobs).await;
    for round in 0..3 {
        let mut appends = JoinSet::new();
        for number in round * 100..round * 100 + 40 {
            let store = Arc::clone(&store);
            appends.spawn(async move { insist(&store, number).await });
        }
        block_in_place(|| {
            cluster.kill_all();
            for node in 1..=cluster.size() {
                cluster.start(node);
            }
        });
        appends.join_all().await;
    }
    let expected = (0..3).flat_map(|round| round * 100..round * 100 + 40).collect();
    assert_eq!(numbers(&store).await, expected);
}

/// A database on three servers that all tests of a process share.
struct OnThree(String, Folder);

static THREE: LazyLock<Cluster> = LazyLock::new(|| Cluster::of(3).start().unwrap());

impl Engine for OnThree {
    type Store = Postgres;

    fn is_there() -> bool {
        are_there()
    }

    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("races_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        THREE.create_database(&name);
        Self(name, blobs())
    }

    async fn open(&self, wake: Arc<dyn Wake>) -> Postgres {
        let options =
            Options { allow_single_node: false, ..options(THREE.dsn_for(&self.0), &self.1) };
        let options = Options { patience: Duration::from_secs(30), ..options };
        Postgres::open(options, wake).await.unwrap()
    }
}

conformance::cases! { OnThree;
    races:
        each_pair_goes_to_one_caller
        an_envelope_that_comes_often_is_stored_once
        a_name_goes_to_one
        the_last_knock_goes_to_one
        the_last_place_in_a_mailbox_goes_to_one
        a_reader_skips_nothing_while_others_append;
}
