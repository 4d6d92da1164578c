//! The rig itself: servers that copy each other, lose nothing that was committed,
//! and leave nothing behind.

#![cfg(test)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use msg_postgres_rig::{
    Certificates, Cluster, Database, ROLE, Session, Stop, are_there, working_in,
};

const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than a commit takes that waits for nothing.
const LONG: Duration = Duration::from_secs(1);

fn table(cluster: &Cluster) -> Session {
    let mut session = cluster.session(cluster.primary(), ROLE).unwrap();
    session.query("CREATE TABLE IF NOT EXISTS number (n int PRIMARY KEY)").unwrap();
    session
}

fn numbers(cluster: &Cluster, node: usize) -> Vec<usize> {
    let rows = cluster.session(node, ROLE).unwrap().query("SELECT n FROM number ORDER BY n");
    rows.unwrap().into_iter().map(|row| row[0].as_ref().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_commit_waits_until_a_standby_has_it() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let mut session = table(&cluster);
    session.query("INSERT INTO number VALUES (1)").unwrap();
    cluster.await_standbys();
    for node in cluster.standbys() {
        cluster.stop(node, Stop::Fast);
    }
    let (done, is_done) = mpsc::channel();
    let writer = thread::spawn(move || {
        let result = session.query("INSERT INTO number VALUES (2)");
        done.send(result.is_ok()).unwrap();
    });
    assert_eq!(is_done.recv_timeout(LONG), Err(RecvTimeoutError::Timeout), "nobody has it");
    cluster.start(3);
    assert_eq!(is_done.recv_timeout(PATIENCE), Ok(true));
    writer.join().unwrap();
    cluster.start(2);
    cluster.await_standbys();
    for node in 1..=3 {
        assert_eq!(numbers(&cluster, node), [1, 2]);
    }
}

#[test]
fn what_was_committed_outlives_the_primary() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(3).start().unwrap();
    let mut session = table(&cluster);
    let (told, committed) = mpsc::channel();
    let writer = thread::spawn(move || {
        for n in 1_usize.. {
            if session.query(&format!("INSERT INTO number VALUES ({n})")).is_err() {
                return;
            }
            told.send(n).unwrap();
        }
    });
    while committed.recv_timeout(PATIENCE).unwrap() < 100 {}
    cluster.kill(1);
    writer.join().unwrap();
    let last = committed.iter().last().unwrap_or(100);
    let primary = cluster.fail_over();
    assert_ne!(primary, 1);
    let found = numbers(&cluster, primary);
    assert!(found.len() >= last, "{last} committed, {} found", found.len());
    assert_eq!(found, (1..=found.len()).collect::<Vec<_>>());
    // The last standby follows the new primary: else this would wait for ever.
    table(&cluster).query("INSERT INTO number VALUES (0)").unwrap();
    cluster.rejoin(1);
    cluster.await_standbys();
    assert_eq!(numbers(&cluster, 1), numbers(&cluster, primary));
    cluster.kill_all();
    (1..=3).for_each(|node| cluster.start(node));
    cluster.await_standbys();
    assert_eq!(numbers(&cluster, primary).len(), found.len() + 1);
}

#[test]
fn every_test_has_a_database_of_its_own() {
    if !are_there() {
        return;
    }
    let (one, other) = (Database::fresh(), Database::serializable());
    let open = |database: &Database| {
        Session::open(database.server().port(1), ROLE, database.name()).unwrap()
    };
    open(&one).query("CREATE TABLE number (n int)").unwrap();
    open(&other).query("CREATE TABLE number (n text)").unwrap();
    let isolation = "SHOW transaction_isolation";
    assert_eq!(open(&one).value(isolation).unwrap(), "read committed");
    assert_eq!(open(&other).value(isolation).unwrap(), "serializable");
    for (name, value) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("synchronous_standby_names", ""),
        ("data_checksums", "on"),
        ("max_connections", "300"),
    ] {
        assert_eq!(open(&one).value(&format!("SHOW {name}")).unwrap(), value, "{name}");
    }
    let (name, server) = (one.name().to_owned(), one.server());
    drop(one);
    assert!(Session::open(server.port(1), ROLE, &name).is_err());
}

#[test]
fn settings_change_while_a_server_runs_and_guards_ask_for_tls() {
    if !are_there() {
        return;
    }
    let mut cluster = Cluster::of(1).guarded(Certificates::new()).start().unwrap();
    let refused = Session::open(cluster.port(1), ROLE, ROLE).unwrap_err().to_string();
    assert!(refused.contains("no pg_hba.conf entry"), "{refused}");
    let show = |cluster: &Cluster| {
        cluster.session(1, ROLE).unwrap().value("SHOW full_page_writes").unwrap()
    };
    cluster.set(1, "full_page_writes", "off");
    assert_eq!(show(&cluster), "off");
    cluster.reset(1, "full_page_writes");
    assert_eq!(show(&cluster), "on");
}

#[test]
fn nothing_is_left_of_a_test_that_panics() {
    if !are_there() {
        return;
    }
    let mut folder = PathBuf::new();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut cluster = Cluster::of(1).start().unwrap();
        cluster.folder().clone_into(&mut folder);
        assert!(!working_in(&folder).is_empty());
        cluster.kill(1);
        cluster.start(1);
        panic!("as tests do");
    }));
    assert!(result.is_err());
    assert!(working_in(&folder).is_empty());
    await_removal(&folder);
}

#[test]
fn nothing_is_left_of_a_process_that_is_killed() {
    if !are_there() {
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_to_be_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.strip_prefix("folder ").map(PathBuf::from)).unwrap();
    assert!(!working_in(&folder).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    await_removal(&folder);
    assert!(working_in(&folder).is_empty());
}

/// A folder goes after what worked in it, a little later on a busy disk.
fn await_removal(folder: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while folder.exists() {
        assert!(Instant::now() < deadline, "{} is still there", folder.display());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "is run, and killed, by the test above"]
fn a_process_to_be_killed() {
    let database = Database::fresh();
    let folder: &Path = database.server().folder();
    assert!(fs::exists(folder).unwrap());
    println!("\nfolder {}", folder.display());
    thread::sleep(PATIENCE);
}
