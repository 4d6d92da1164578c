//! Transfers that are killed go on where they were, on either side.

use std::{fs, path::Path};

use msg_tests::msg::Person;
use rustix::process::{Pid, Signal, kill_process};

use super::{folder, friends, id, names, random_file, received, relay, run_in, sha256, wait_for};

const LENGTH: usize = 64 << 20;

/// Bytes of all that lies on somebody's shelf.
fn shelved(person: &Person) -> u64 {
    let folder = person.home().join("msg/files");
    let sizes = names(&folder).into_iter().filter_map(|name| fs::metadata(folder.join(name)).ok());
    sizes.map(|metadata| metadata.len()).sum()
}

/// Bytes of the relay's store, which holds what was uploaded.
fn stored(data: &Path) -> u64 {
    let sizes = names(data).into_iter().filter_map(|name| fs::metadata(data.join(name)).ok());
    sizes.map(|metadata| metadata.len()).sum()
}

#[test]
fn a_transfer_killed_twice_on_each_side_arrives_with_the_same_hash() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let (from, to) = (folder(), folder());
    let film = random_file(&from.path().join("film.mkv"), LENGTH);
    let words = ["send", "bob", "--file", film.to_str().unwrap()];
    let empty = stored(&relay.data());
    for part in [1, 2] {
        let mut sending = alice.start(&words);
        let enough = empty + part * (LENGTH as u64 / 5);
        wait_for(&mut sending, "a part was uploaded", || stored(&relay.data()) > enough);
        sending.kill().unwrap();
        sending.wait().unwrap();
    }
    let waiting = alice.json(&["outbox"]);
    assert_eq!(waiting.len(), 1, "both commands began one message: {waiting:?}");
    let sent = alice.json(&words);
    assert_eq!((sent[0]["level"].as_str(), &sent[0]["id"]), (Some("relay"), &waiting[0]["id"]));
    assert_eq!(shelved(&alice), 0, "what the relay has needs no room here");

    let message = received(&bob);
    assert_eq!(message["file"]["name"], "film.mkv");
    let words = ["get", id(&message)];
    let mut least = 0;
    for part in [1, 2] {
        let mut getting = bob.command(&words).current_dir(to.path()).spawn().unwrap();
        let enough = part * (LENGTH as u64 / 5);
        wait_for(&mut getting, "a part was fetched", || shelved(&bob) > enough.max(least));
        kill_process(Pid::from_child(&getting), Signal::KILL).unwrap();
        getting.wait().unwrap();
        assert!(shelved(&bob) >= least, "what was fetched is not thrown away");
        least = shelved(&bob);
        let named = names(to.path()).into_iter().filter(|name| !name.starts_with(".msg-"));
        assert_eq!(named.count(), 0, "nothing has a name before all of it is there");
    }
    let done = run_in(&bob, to.path(), &words);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(names(to.path()), ["film.mkv"]);
    assert_eq!(sha256(&to.path().join("film.mkv")), sha256(&film));
    assert_eq!(shelved(&bob), 0);
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
