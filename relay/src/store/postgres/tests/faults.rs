//! Servers that are set otherwise, hang or start anew while nodes run on them, and
//! nodes that vanish: nobody is told what is not so, and nobody waits for ever.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use msg_postgres_rig::{Cluster, Database, Stop, are_there};
use msg_protocol::{
    error::{Code, Refusal},
    id::MailboxId,
};
use tokio::{
    task::block_in_place,
    time::{sleep, timeout},
};

use super::{Asleep, blobs, options};
use crate::store::{
    Accounts as _, Mailboxes as _, Nodes as _, StoreError, Upkeep as _, Wake, Word,
    account::Creation,
    conformance::laboratory::{BOB, CAROL, NOW, by_door},
    mailbox::Appended,
    postgres::{Options, Postgres, deposit::Deposit, line::Line},
};

/// In which whatever hangs is noticed, on a busy machine.
const PATIENT: Duration = Duration::from_secs(90);

async fn open(options: Options, wake: Arc<dyn Wake>) -> Arc<Postgres> {
    let store = Arc::new(Postgres::open(options, wake).await.unwrap());
    let created = store.create_account(BOB.registration(), NOW).await;
    assert!(matches!(created, Ok(Creation::Created | Creation::Taken)), "{created:?}");
    store
}

/// Appends until it is durable.
async fn insist(store: &Postgres, number: u32) {
    let attempts = async {
        while store.append(by_door(BOB.mailbox(0), number)).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENT, attempts).await.expect("the store comes back");
}

/// Waits until it is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let looking = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENT, looking).await.expect(what);
}

/// What a node is told by its store.
#[derive(Default)]
struct Ear {
    anew: AtomicUsize,
    closed: AtomicUsize,
}

impl Wake for Ear {
    fn wake(&self, _: MailboxId) {}

    fn hear(&self, word: Word) {
        if matches!(word, Word::Close(..)) {
            self.closed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn here(&self) -> Vec<MailboxId> {
        Vec::new()
    }

    fn begin_anew(&self) {
        self.anew.fetch_add(1, Ordering::Relaxed);
    }
}

/// An operator takes the names of the standbys out while commits wait for one: the
/// server ends them without a word, as if a standby had them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_a_change_of_settings_let_go_is_not_believed() {
    const WAITING: &str =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query = 'COMMIT'";
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let blobs = blobs();
    let options =
        Options { allow_single_node: false, patience: PATIENT, ..options(cluster.dsn(), &blobs) };
    let store = open(options, Arc::new(Asleep)).await;
    for node in cluster.standbys() {
        cluster.stop(node, Stop::Immediate);
    }
    let (one, other) = (Arc::clone(&store), Arc::clone(&store));
    let append = tokio::spawn(async move { one.append(by_door(BOB.mailbox(0), 1)).await });
    let create = tokio::spawn(async move { other.create_account(CAROL.registration(), NOW).await });
    let mut session = cluster.session(cluster.primary(), "postgres").unwrap();
    until("both wait for a standby", || {
        session.query(WAITING).unwrap()[0][0].as_deref() == Some("2")
    })
    .await;
    block_in_place(|| cluster.set(cluster.primary(), "synchronous_standby_names", ""));
    assert_eq!(append.await.unwrap(), Err(StoreError::Unavailable), "no standby has it");
    assert_eq!(create.await.unwrap(), Err(StoreError::Unavailable), "no standby has it");

    block_in_place(|| {
        cluster.reset(cluster.primary(), "synchronous_standby_names");
        cluster.start(cluster.standbys()[0]);
    });
    assert_eq!(store.append(by_door(BOB.mailbox(0), 1)).await, Ok(Appended::Duplicate));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_vanishes_leaves_no_lock_behind() {
    if !are_there() {
        return;
    }
    let (database, blobs) = (Database::fresh(), blobs());
    let options = Options { patience: PATIENT, ..options(database.dsn(), &blobs) };
    let store = open(options, Arc::new(Asleep)).await;
    let vanished: Line = store.pool.dialer().dial(None).await.unwrap();
    vanished.begin().await.unwrap();
    assert_eq!(vanished.execute("UPDATE mailbox SET cnt = cnt", &[]).await, Ok(1));

    // Whoever comes meanwhile is not kept for as long as the lock is held.
    let meanwhile = store.pool.change(Deposit(by_door(BOB.mailbox(0), 1))).await;
    assert_eq!(meanwhile, Err(StoreError::Unavailable));
    insist(&store, 1).await;
    assert!(!vanished.is_good(), "the server has ended it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_hangs_is_left_when_another_takes_its_place() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let (blobs, ear) = (blobs(), Arc::new(Ear::default()));
    let options = Options { allow_single_node: false, ..options(cluster.dsn(), &blobs) };
    let store = open(options, Arc::<Ear>::clone(&ear)).await;
    insist(&store, 1).await;
    let epoch = store.epoch();
    block_in_place(|| {
        cluster.await_standbys();
        cluster.freeze(1);
        cluster.promote(2);
        cluster.follow(3);
    });
    insist(&store, 2).await;
    assert_ne!(store.epoch(), epoch, "another history");
    assert_eq!(ear.anew.load(Ordering::Relaxed), 1, "whoever is here comes again");
}

/// Whoever puts an older copy of the files in place starts the server with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_anew_has_another_epoch() {
    if !are_there() {
        return;
    }
    let mut server = Cluster::of(1).start().unwrap();
    let (blobs, ear) = (blobs(), Arc::new(Ear::default()));
    let store = open(options(server.dsn(), &blobs), Arc::<Ear>::clone(&ear)).await;
    let epoch = store.epoch();
    insist(&store, 1).await;
    assert_eq!((store.epoch(), ear.anew.load(Ordering::Relaxed)), (epoch, 0));
    block_in_place(|| {
        server.kill(1);
        server.start(1);
    });
    insist(&store, 2).await;
    assert_ne!(store.epoch(), epoch);
    until("whoever is here comes again", || ear.anew.load(Ordering::Relaxed) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_said_again_when_the_connection_was_gone() {
    const MUTE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE query LIKE 'SELECT pg_notify%' AND pid <> pg_backend_pid() \
         AND datname = current_database()";
    if !are_there() {
        return;
    }
    let (database, blobs, ear) = (Database::fresh(), blobs(), Arc::new(Ear::default()));
    let speaker = open(options(database.dsn(), &blobs), Arc::new(Asleep)).await;
    let hearer = open(options(database.dsn(), &blobs), Arc::<Ear>::clone(&ear)).await;
    let word = Word::Close(BOB.mailbox(0), Refusal::for_now(Code::SUSPENDED, 1));
    // Until the other node listens.
    until("it is heard", || {
        speaker.tell(word.clone());
        ear.closed.load(Ordering::Relaxed) > 0
    })
    .await;
    let server = database.server();
    let mut session = server.session(server.primary(), database.name()).unwrap();
    for _ in 0..3 {
        // What was said before has come by then.
        sleep(Duration::from_millis(500)).await;
        let before = ear.closed.load(Ordering::Relaxed);
        until("it speaks", || !session.query(MUTE).unwrap().is_empty()).await;
        speaker.tell(word.clone());
        until("it is heard", || ear.closed.load(Ordering::Relaxed) > before).await;
    }
    drop(hearer);
}
