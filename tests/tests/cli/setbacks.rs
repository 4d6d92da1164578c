//! What was once true again: a client's store copied back from yesterday, and a
//! relay restored from a backup.

use std::{fs, process::Command};

use msg_tests::{
    msg::{Done, Person, befriend},
    place::copy_folder,
    relay::RelayProcess,
};
use tempfile::TempDir;

use super::{MSG, friends, relay};

const RELAY: &str = env!("CARGO_BIN_EXE_relay");

/// What somebody was told is on its way, and what the other one has been shown.
#[derive(Default)]
struct Ledger {
    sent: Vec<String>,
    shown: Vec<String>,
}

impl Ledger {
    fn send(&mut self, from: &Person, to: &Person, text: String) {
        from.done(&["send", &to.name, &text]);
        self.sent.push(text);
    }

    fn read(&mut self, reader: &Person) {
        self.shown.extend(reader.read());
    }

    /// Everything that was sent was shown, once.
    #[track_caller]
    fn settle(mut self) {
        self.sent.sort();
        self.shown.sort();
        assert_eq!(self.shown, self.sent);
    }
}

pub(super) fn set_back(person: &Person, copied: &TempDir) {
    let home = person.home().join("msg");
    fs::remove_dir_all(&home).unwrap();
    copy_folder(&copied.path().join("msg"), &home);
}

pub(super) fn copied(person: &Person) -> TempDir {
    let aside = TempDir::with_prefix("msg-yesterday-").unwrap();
    copy_folder(&person.home().join("msg"), &aside.path().join("msg"));
    aside
}

/// Commands that run anyway: what is due goes out, what has come is taken in.
fn settle(people: [&Person; 2]) {
    for _ in 0..3 {
        for person in people {
            person.done(&["status"]);
            person.done(&["outbox", "retry"]);
        }
    }
}

#[test]
fn a_store_copied_back_from_yesterday_heals_and_loses_nothing_that_was_confirmed() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let (mut to_bob, mut to_alice) = (Ledger::default(), Ledger::default());
    for number in 0..3 {
        to_bob.send(&alice, &bob, format!("a {number}"));
        to_alice.send(&bob, &alice, format!("b {number}"));
        to_bob.read(&bob);
        to_alice.read(&alice);
    }
    let yesterday = copied(&alice);
    for number in 3..13 {
        to_bob.send(&alice, &bob, format!("a {number}"));
        to_alice.send(&bob, &alice, format!("b {number}"));
        to_bob.read(&bob);
        to_alice.read(&alice);
    }
    // On their way to both when it happens.
    to_bob.send(&alice, &bob, "a on its way".to_owned());
    to_alice.send(&bob, &alice, "b on its way".to_owned());

    set_back(&alice, &yesterday);
    to_bob.send(&alice, &bob, "sent before it was noticed".to_owned());
    to_alice.send(&bob, &alice, "to a store that has gone".to_owned());
    settle([&alice, &bob]);
    for number in 13..16 {
        to_bob.send(&alice, &bob, format!("a {number}"));
        to_alice.send(&bob, &alice, format!("b {number}"));
        to_bob.read(&bob);
        to_alice.read(&alice);
    }
    settle([&alice, &bob]);
    to_bob.read(&bob);
    to_alice.read(&alice);
    to_bob.settle();
    // The copy knows nothing of what came after it: it may be told so once more.
    to_alice.shown.sort();
    to_alice.shown.dedup();
    to_alice.settle();
    let copies = |person: &Person| {
        let found = person.json(&["doctor"]);
        found.iter().any(|finding| finding["what"] == "copies")
    };
    assert!(copies(&alice), "it was noticed, and is said");
    assert!(!copies(&bob), "to nobody else");
}

#[test]
fn two_machines_on_copies_of_one_store_are_noticed_and_nobody_reads_twice() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let yesterday = copied(&alice);
    for round in 0..4 {
        alice.done(&["send", "bob", &format!("first {round}")]);
        alice.done(&["status"]);
        let now = copied(&alice);
        set_back(&alice, &yesterday);
        alice.done(&["send", "bob", &format!("second {round}")]);
        alice.done(&["status"]);
        alice.done(&["outbox", "retry"]);
        set_back(&alice, &now);
    }
    alice.done(&["status"]);
    alice.done(&["outbox", "retry"]);
    let got = bob.read();
    let mut once = got.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), got.len(), "{got:?}");
    for round in 0..4 {
        assert!(got.contains(&format!("first {round}")), "{got:?}");
        assert!(got.contains(&format!("second {round}")), "{got:?}");
    }
}

fn command(word: &str, file: &TempDir, relay: &RelayProcess) {
    let mut command = Command::new(RELAY);
    command.arg(word).arg(file.path().join("backup")).arg("--data").arg(relay.data());
    let done = Done::of(command.output().unwrap());
    assert_eq!(done.code, Some(0), "{word}: {}", done.stderr);
}

#[test]
fn a_relay_restored_from_a_backup_gets_again_what_it_had_answered_for() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    alice.done(&["send", "bob", "in the backup"]);
    let aside = TempDir::with_prefix("msg-backup-").unwrap();
    command("backup", &aside, &relay);
    for number in 0..5 {
        alice.done(&["send", "bob", &format!("lost by the relay {number}")]);
    }
    assert!(relay.stop().success());
    let lost = aside.path().join("lost");
    fs::rename(relay.data(), &lost).unwrap();
    command("restore", &aside, &relay);
    // The operator has kept the relay's key.
    for file in ["tls-key.pem", "tls-cert.pem"] {
        fs::copy(lost.join(file), relay.data().join(file)).unwrap();
    }
    relay.restart();
    alice.done(&["outbox", "retry"]);
    let got = bob.read();
    let mut expected: Vec<String> = (0..5).map(|n| format!("lost by the relay {n}")).collect();
    expected.insert(0, "in the backup".to_owned());
    assert_eq!(got, expected);
    bob.done(&["send", "alice", "and back"]);
    assert_eq!(alice.read(), ["and back"]);
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), [""; 0], "once");
}

#[test]
fn a_store_copied_back_from_yesterday_has_the_contacts_of_today() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let carol = Person::registered(MSG, "carol", &relay);
    let yesterday = copied(&alice);
    let people = [alice, carol];
    befriend(&people);
    let [alice, carol] = people;
    alice.done(&["rename", "carol", "caroline"]);
    alice.done(&["recv"]);
    carol.done(&["send", "alice", "on its way"]);
    set_back(&alice, &yesterday);
    settle([&alice, &carol]);
    let contacts = alice.done(&["contacts"]);
    assert!(contacts.contains("caroline") && contacts.contains("bob"), "{contacts}");
    assert_eq!(alice.read(), ["on its way"]);
    alice.done(&["send", "caroline,bob", "to both"]);
    assert_eq!(carol.read(), ["to both"]);
    assert_eq!(bob.read(), ["to both"]);
}

#[test]
fn a_relay_that_has_lost_everything_takes_the_same_accounts_again() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    alice.done(&["send", "bob", "lost by the relay"]);
    assert!(relay.stop().success());
    for entry in fs::read_dir(relay.data()).unwrap() {
        let path = entry.unwrap().path();
        // The operator has kept the relay's key.
        if path.extension().is_none_or(|extension| extension != "pem") {
            fs::remove_file(path).unwrap();
        }
    }
    relay.restart();
    let refused = bob.run(&["recv"]);
    assert_eq!(refused.code, Some(8), "{}", refused.stderr);
    assert!(refused.stderr.contains("msg register"), "{}", refused.stderr);
    let held = alice.run(&["send", "bob", "while nobody was there"]);
    assert_eq!(held.code, Some(8), "{}", held.stderr);
    let link = relay.link().to_secret_text();
    for person in [&alice, &bob] {
        person.done(&["register", &person.name, "--relay", &link, "--unattended"]);
        let again = person.run(&["register", &person.name, "--relay", &link, "--unattended"]);
        assert_eq!(again.code, Some(1), "{}", again.stderr);
    }
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), ["lost by the relay", "while nobody was there"]);
    bob.done(&["send", "alice", "and back"]);
    assert_eq!(alice.read(), ["and back"]);
}
