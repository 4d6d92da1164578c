//! Transfers that are killed go on where they were, on either side.

use std::{
    fs,
    path::Path,
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use msg_protocol::request::Request;
use msg_tests::{
    memory::{most_resident_kib, watched},
    msg::{Person, friends_at},
    relay::{Answer, Liar, Lie},
    soak::{self, Found, Row},
};

use super::{
    MSG, folder, friends, id, names, random_file, received, relay, run_in, seeded_file, sha256,
    wait_for,
};

const LENGTH: usize = 64 << 20;
/// The same where there is time.
const LENGTH_IN_SOAK: usize = 1 << 30;
/// Most memory that either side may ever have had: less than the file.
const MAX_RESIDENT_KIB: u64 = 64 * 1_024;

/// Bytes of all that lies on somebody's shelf.
fn shelved(person: &Person) -> u64 {
    let folder = person.home().join("msg/default/files");
    let sizes = names(&folder).into_iter().filter_map(|name| fs::metadata(folder.join(name)).ok());
    sizes.map(|metadata| metadata.len()).sum()
}

/// Bytes of the relay's store, which holds what was uploaded.
fn stored(data: &Path) -> u64 {
    let sizes = names(data).into_iter().filter_map(|name| fs::metadata(data.join(name)).ok());
    sizes.map(|metadata| metadata.len()).sum()
}

/// Counts the pieces that go by, and takes its time with each.
#[derive(Clone, Default)]
struct Counted {
    put: Arc<AtomicUsize>,
    fetched: Arc<AtomicUsize>,
}

impl Lie for Counted {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        let counter = match request {
            Request::PutBlobChunk(_) => &self.put,
            Request::FetchBlob(_) => &self.fetched,
            _ => return None,
        };
        counter.fetch_add(1, Ordering::SeqCst);
        // So that a kill meets a transfer, however fast the machine is.
        thread::sleep(Duration::from_millis(2));
        None
    }
}

/// Kills words when so many pieces have gone by; gives the most memory they had.
fn killed(mut child: Child, counter: &AtomicUsize, pieces: usize) -> u64 {
    let enough = counter.load(Ordering::SeqCst) + pieces;
    let (id, mut most) = (child.id(), 0);
    wait_for(&mut child, "a part went by", || {
        most = most_resident_kib(id).unwrap_or(0).max(most);
        counter.load(Ordering::SeqCst) >= enough
    });
    child.kill().unwrap();
    child.wait().unwrap();
    most
}

#[test]
fn a_transfer_killed_twice_on_each_side_arrives_with_the_same_hash_in_little_memory() {
    let length = if soak::is_on() { LENGTH_IN_SOAK } else { LENGTH };
    let base = soak::base(length as u64);
    let mut row = Row::begin("transfers", base);
    row.run(base);
    // Of its payload, at least.
    let pieces = length / 65_536;
    let relay = relay();
    let liar = Liar::before(relay.endpoint());
    let [alice, bob] = friends_at(MSG, liar.link(), ["alice", "bob"]);
    let counted = Counted::default();
    liar.lies(counted.clone());
    let (from, to) = (folder(), folder());
    let film = seeded_file(&from.path().join("film.mkv"), length, base);
    let words = ["send", "bob", "--file", film.to_str().unwrap(), "--json"];
    let mut most_sending = 0;
    for _ in 0..2 {
        most_sending = killed(alice.start(&words), &counted.put, pieces / 5).max(most_sending);
    }
    let waiting = alice.json(&["outbox"]);
    assert_eq!(waiting.len(), 1, "both commands began one message: {waiting:?}");
    let (done, most) = watched(alice.start(&words));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let (sent, most_sending) = (done.lines(), most_sending.max(most));
    assert_eq!((sent[0]["level"].as_str(), &sent[0]["id"]), (Some("relay"), &waiting[0]["id"]));
    assert_eq!(shelved(&alice), 0, "what the relay has needs no room here");
    let put = counted.put.load(Ordering::SeqCst);
    assert!(put < pieces + pieces / 5, "{put} pieces of {pieces} were sent");

    let message = received(&bob);
    assert_eq!(message["file"]["name"], "film.mkv");
    let get = || bob.command(&["get", id(&message)]).current_dir(to.path()).spawn().unwrap();
    let mut most_getting = 0;
    for _ in 0..2 {
        most_getting = killed(get(), &counted.fetched, pieces / 5).max(most_getting);
        assert_eq!(names(to.path()), [""; 0], "nothing is named before all of it is there");
        assert!(shelved(&bob) > 0, "what was fetched stays");
    }
    let (done, most) = watched(get());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let most_getting = most_getting.max(most);
    let fetched = counted.fetched.load(Ordering::SeqCst);
    assert!(fetched < pieces + pieces / 5, "{fetched} pieces of {pieces} were fetched");
    assert_eq!(names(to.path()), ["film.mkv"]);
    assert_eq!(sha256(&to.path().join("film.mkv")), sha256(&film));
    assert_eq!(shelved(&bob), 0);
    let most_serving = most_resident_kib(relay.id()).unwrap();
    for most in [most_sending, most_getting] {
        assert!(most < MAX_RESIDENT_KIB, "{most_sending} KiB to send, {most_getting} KiB to get");
    }
    assert_eq!(relay.panics(), 0);
    row.holds(&Found {
        acknowledged: 1,
        lost: Some(0),
        panics: Some(relay.panics()),
        note: format!(
            "{length} bytes: {put} pieces put, {fetched} fetched; at most {most_sending} KiB to send, \
             {most_getting} KiB to get, {most_serving} KiB for the relay"
        ),
        ..Found::default()
    });
}

#[test]
fn a_file_sent_while_the_relay_is_away_leaves_with_a_later_command() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    let from = folder();
    let file = random_file(&from.path().join("a.bin"), 200_000);
    relay.kill();
    let done = alice.run(&["send", "bob", "--file", file.to_str().unwrap()]);
    assert_eq!(done.code, Some(4), "{}", done.stderr);
    fs::remove_file(&file).unwrap();
    relay.restart();
    alice.done(&["outbox", "retry"]);
    let message = received(&bob);
    assert_eq!(message["file"]["bytes"], 200_000);
    let done = run_in(&bob, from.path(), &["get", id(&message)]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(fs::metadata(file).unwrap().len(), 200_000, "as it was when it was sent");
}

#[test]
fn a_relay_that_is_restarted_during_an_upload_loses_nothing() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    let from = folder();
    let film = random_file(&from.path().join("film.mkv"), LENGTH);
    let empty = stored(&relay.data());
    let mut sending = alice.start(&["send", "bob", "--file", film.to_str().unwrap()]);
    let enough = empty + LENGTH as u64 / 5;
    wait_for(&mut sending, "a part was uploaded", || stored(&relay.data()) > enough);
    relay.kill();
    relay.restart();
    assert!(sending.wait().unwrap().success(), "it went on by itself");
    let message = received(&bob);
    let to = folder();
    assert_eq!(run_in(&bob, to.path(), &["get", id(&message)]).code, Some(0));
    assert_eq!(sha256(&to.path().join("film.mkv")), sha256(&film));
}
