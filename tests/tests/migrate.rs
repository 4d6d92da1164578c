//! A relay's store on its way between the data folder and a database: the real
//! programs, with people whose messages wait meanwhile.

#![cfg(test)]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use msg_postgres_rig::{Database, are_there};
use msg_tests::{
    msg::{Done, Person, befriend},
    relay::{RelayBuilder, RelayProcess},
};
use serde_json::Value;
use tempfile::TempDir;

const MSG: &str = env!("CARGO_BIN_EXE_msg");
const RELAY: &str = env!("CARGO_BIN_EXE_relay");
/// Bytes of a file whose pieces are several pages of a move.
const FILE_BYTES: usize = 9 * 1024 * 1024;

/// A database, and a folder for the pieces of files.
struct Place {
    database: Database,
    blobs: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { database: Database::fresh(), blobs: TempDir::new().unwrap() }
    }

    /// What a relay is configured with that keeps its store here.
    fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("MSG_RELAY_STORE", "postgres".to_owned()),
            ("MSG_RELAY_POSTGRES_DSN", self.database.dsn()),
            ("MSG_RELAY_POSTGRES_ALLOW_SINGLE_NODE", "true".to_owned()),
            ("MSG_RELAY_BLOBS", format!("file://{}/blobs", self.blobs.path().display())),
        ]
    }
}

/// Moves the store of that folder; with `killed`, until so many pages are there.
fn migrate(data: &Path, place: &Place, to: &str, killed: Option<u32>) -> Done {
    let mut command = Command::new(RELAY);
    command.args(["migrate", "--to", to, "--json", "--data"]).arg(data);
    command.envs(place.variables()).stdin(Stdio::null());
    command.env("MSG_RELAY_LIMITS_FLOOR_BYTES", "1MiB").env("MSG_RELAY_LIMITS_FLOOR_PERCENT", "0");
    if let Some(pages) = killed {
        command.env("MSG_FAIL_POINT", format!("page-moved:{pages}"));
    }
    Done::of(command.output().unwrap())
}

/// A move that must end well; what it reports.
#[track_caller]
fn migrated(data: &Path, place: &Place, to: &str) -> (Value, String) {
    let done = migrate(data, place, to, None);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    (done.lines().remove(0), done.stderr)
}

#[track_caller]
fn refused(done: &Done, code: &str) {
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert_eq!(done.lines()[0]["code"], code, "{}", done.stderr);
    assert!(done.stderr.contains("hint: "), "{}", done.stderr);
}

/// How the relay is started from now on.
fn configure(relay: &mut RelayProcess, place: Option<&Place>) {
    let of_place = place.map(Place::variables);
    let none =
        ["MSG_RELAY_POSTGRES_DSN", "MSG_RELAY_POSTGRES_ALLOW_SINGLE_NODE", "MSG_RELAY_BLOBS"];
    let none = none.map(|key| (key, String::new()));
    let folder = none.into_iter().chain([("MSG_RELAY_STORE", "redb".to_owned())]);
    let variables = of_place.map_or_else(|| folder.collect(), Vec::from);
    for (key, value) in variables {
        let builder = relay.builder().clone();
        *relay.builder() = builder.env(key, value);
    }
}

fn random_file(path: &Path) -> Vec<u8> {
    let bytes: Vec<u8> = (0..FILE_BYTES).map(|_| rand::random()).collect();
    fs::write(path, &bytes).unwrap();
    bytes
}

/// All that is unread, read now: the bodies in order, and the ids of files.
fn unread(person: &Person) -> (Vec<String>, Vec<String>) {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for line in person.json(&["recv"]) {
        match line["kind"].as_str() {
            Some("file") => files.push(line["id"].as_str().unwrap().to_owned()),
            _ => texts.extend(line["body"].as_str().map(str::to_owned)),
        }
    }
    texts.sort();
    (texts, files)
}

/// Lets the three be in `#ops`.
fn gather([alice, bob, carol]: &[Person; 3]) {
    alice.done(&["group", "create", "ops", "bob", "carol"]);
    bob.done(&["group", "accept", "ops"]);
    carol.done(&["group", "accept", "ops"]);
    for person in [alice, bob, carol, alice, bob, carol] {
        person.done(&["recv"]);
    }
}

/// Each adds the other.
fn acquaint(one: &Person, other: &Person) {
    one.done(&["add-contact", &other.name]);
    other.done(&["add-contact", &one.name]);
    one.done(&["recv"]);
    other.done(&["recv"]);
}

fn nothing_comes_twice(people: &[Person]) {
    for person in people {
        assert_eq!(unread(person), (Vec::new(), Vec::new()), "{}", person.name);
    }
}

#[test]
fn a_store_moves_to_a_database_and_back_while_its_people_wait() {
    if !are_there() {
        eprintln!("skipped: there is no PostgreSQL here");
        return;
    }
    let mut relay = RelayBuilder::new(RELAY).arg("--metrics").arg("off").start();
    let (data, place, files) = (relay.data(), Place::new(), TempDir::new().unwrap());
    let people = ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    let [alice, bob, carol] = &people;
    acquaint(alice, bob);
    acquaint(alice, carol);
    gather(&people);
    let path = files.path().join("report.bin");
    let bytes = random_file(&path);
    alice.done(&["send", "bob", "first"]);
    alice.done(&["send", "#ops", "to all"]);
    alice.done(&["send", "bob", "--file", path.to_str().unwrap()]);
    refused(&migrate(&data, &place, "postgres", None), "relay-runs");
    assert!(relay.stop().success());
    let late = alice.run(&["send", "bob", "late", "--queue"]);
    assert!(matches!(late.code, Some(0 | 4)), "{}", late.stderr);

    let before = fs::read(data.join("store.redb")).unwrap();
    assert_eq!(migrate(&data, &place, "postgres", Some(1)).code, Some(137));
    configure(&mut relay, Some(&place));
    assert!(relay.try_restart().is_err(), "half a store is none");
    assert!(relay.log().contains("msg-relay migrate"), "{}", relay.log());
    let (there, talk) = migrated(&data, &place, "postgres");
    assert!(talk.contains("items are there already"), "{talk}");
    assert_eq!((&there["type"], &there["counts"]["accounts"]), (&"migrated".into(), &3.into()));
    assert_eq!(there["left_behind"], 0);
    assert_eq!(fs::read(data.join("store.redb")).unwrap().len(), before.len());
    refused(&migrate(&data, &place, "postgres", None), "exists");

    relay.restart();
    refused(&migrate(&data, &place, "redb", None), "relay-runs");
    let (texts, came) = unread(bob);
    assert_eq!(texts, ["first", "to all"]);
    let got = files.path().join("got.bin");
    bob.done(&["get", &came[0], "-o", got.to_str().unwrap()]);
    assert!(fs::read(&got).unwrap() == bytes, "the file is another one");
    assert_eq!(unread(carol).0, ["to all"]);
    alice.done(&["outbox", "retry"]);
    assert_eq!(unread(bob), (vec!["late".to_owned()], Vec::new()));
    bob.done(&["send", "#ops", "all is here"]);
    assert_eq!(
        (unread(alice).0, unread(carol).0),
        (vec!["all is here".into()], vec!["all is here".into()])
    );
    let dave = Person::registered_at(MSG, "dave", relay.link());
    befriend(&[dave, Person::registered_at(MSG, "erin", relay.link())]);
    carol.done(&["send", "alice", "on the way back"]);
    assert!(relay.stop().success());

    refused(&migrate(&data, &place, "redb", None), "exists");
    fs::rename(data.join("store.redb"), data.join("store.redb.old")).unwrap();
    assert_eq!(migrate(&data, &place, "redb", Some(1)).code, Some(137));
    configure(&mut relay, None);
    assert!(relay.try_restart().is_err(), "half a store is none");
    let (back, talk) = migrated(&data, &place, "redb");
    assert!(talk.contains("items are there already"), "{talk}");
    assert_eq!(back["counts"]["accounts"], 5);
    assert_ne!(back["sha256"], there["sha256"]);

    relay.restart();
    assert_eq!(unread(alice).0, ["on the way back"]);
    nothing_comes_twice(&people);
    alice.done(&["send", "#ops", "we go on"]);
    assert_eq!(
        (unread(bob).0, unread(carol).0),
        (vec!["we go on".into()], vec!["we go on".into()])
    );
    let found = Command::new(RELAY).args(["check", "--data"]).arg(&data).output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn a_move_needs_both_places_and_something_to_move() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut command = Command::new(RELAY);
    command.args(["migrate", "--to", "postgres", "--data"]).arg(&data).stdin(Stdio::null());
    let done = Done::of(command.output().unwrap());
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("postgres.dsn"), "{}", done.stderr);
    if are_there() {
        refused(&migrate(&data, &Place::new(), "postgres", None), "no-source");
    }
}
