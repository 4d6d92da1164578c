//! Groups as people and scripts meet them: the real programs, real relays.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at its first surprise"
)]

use msg_tests::{
    msg::Person,
    relay::{RelayBuilder, RelayProcess},
};
use serde_json::Value;

/// The program.
const MSG: &str = env!("CARGO_BIN_EXE_msg");

fn relay() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start()
}

/// One knows all others, who know only that one; all are in `#ops`.
fn ops<const N: usize>(people: &[Person; N], relays: [&RelayProcess; N]) {
    let [admin, others @ ..] = people.as_slice() else { panic!("nobody") };
    let at: Vec<_> = people.iter().zip(relays).collect();
    for other in &at[1..] {
        for (who, (whom, relay)) in [(other.0, at[0]), (admin, *other)] {
            let address = format!("{}@{}", whom.name, relay.link().relay);
            let pin = relay.link().pin.unwrap().to_string();
            who.done(&["add-contact", &address, "--pin", &pin, "--as", &whom.name]);
        }
    }
    admin.done(&["recv"]);
    let names: Vec<&str> = others.iter().map(|other| other.name.as_str()).collect();
    admin.done(&[&["group", "create", "ops"], names.as_slice()].concat());
    for other in others {
        other.done(&["group", "accept", "ops"]);
    }
    // Everybody hears who has joined.
    for _ in 0..3 {
        for person in people {
            person.done(&["recv"]);
        }
    }
}

fn joined(person: &Person) -> Vec<String> {
    let group = person.json(&["group", "info", "ops"]).remove(0);
    let members = group["members"].as_array().unwrap().clone();
    let is_in = |member: &&Value| member["role"] != "invited";
    let mut names: Vec<String> = members
        .iter()
        .filter(is_in)
        .map(|member| member["address"].as_str().unwrap().split('@').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn people_who_share_only_a_group_write_to_each_other_in_it() {
    let relay = relay();
    let people = ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    ops(&people, [&relay; 3]);
    for person in &people {
        assert_eq!(joined(person), ["alice", "bob", "carol"], "{}", person.name);
    }
    let [alice, bob, carol] = &people;
    let sent = bob.json(&["send", "#ops", "lunch?"]);
    let to: Vec<_> = sent.iter().map(|row| row["level"].clone()).collect();
    assert_eq!(to, ["relay", "relay"], "{sent:?}");
    assert!(sent.iter().all(|row| row["group"] == "#ops"));
    let shown = carol.json(&["recv"]).remove(0);
    assert_eq!(shown["group"], "#ops");
    assert_eq!(shown["body"], "lunch?");
    assert!(shown["with"].as_str().unwrap().starts_with("bob@"), "no contact's name: {shown}");
    let shown = alice.done(&["recv"]);
    assert!(shown.contains("#ops bob") && shown.contains("│ lunch?"), "{shown}");
    let names: Vec<Value> = carol.json(&["contacts"]);
    assert_eq!(names.len(), 1, "bob is no contact of carol's: {names:?}");
    let id = alice.json(&["history", "#ops"]).remove(0)["id"].as_str().unwrap().to_owned();
    alice.done(&["reply", &id, "at noon"]);
    carol.done(&["send", "-g", "ops", "fine", "by", "me"]);
    assert_eq!(bob.read(), ["at noon", "fine by me"]);
    assert_eq!(carol.read(), ["at noon"]);
}

#[test]
fn members_at_a_relay_that_is_away_get_it_with_the_next_command() {
    let mut relays = [relay(), relay()];
    let alice = Person::registered(MSG, "alice", &relays[0]);
    let bob = Person::registered(MSG, "bob", &relays[1]);
    let carol = Person::registered(MSG, "carol", &relays[0]);
    let people = [alice, bob, carol];
    ops(&people, [&relays[0], &relays[1], &relays[0]]);
    let [alice, bob, carol] = &people;
    relays[1].kill();
    let done = alice.run(&["send", "#ops", "to all", "--json"]);
    assert_eq!(done.code, Some(5), "{}{}", done.text(), done.stderr);
    let rows = done.lines();
    let of = |name: &str| rows.iter().find(|row| row["to"] == name).unwrap().clone();
    assert_eq!(of("bob")["level"], "queued");
    assert_eq!(of("bob")["error"]["code"], 4);
    assert_eq!(of("carol")["level"], "relay");
    assert_eq!(carol.read(), ["to all"]);
    relays[1].restart();
    alice.done(&["send", "#ops", "and again"]);
    let mut read = Vec::new();
    for _ in 0..20 {
        alice.done(&["recv"]);
        read.extend(bob.read());
        if read.len() > 1 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    read.sort();
    assert_eq!(read, ["and again", "to all"]);
    assert_eq!(carol.read(), ["and again"], "what had arrived is not sent again");
}

#[test]
fn who_was_removed_reads_and_writes_nothing_more() {
    let relay = relay();
    let people = ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    ops(&people, [&relay; 3]);
    let [alice, bob, carol] = &people;
    alice.done(&["group", "remove", "ops", "carol"]);
    alice.done(&["send", "#ops", "without carol"]);
    assert_eq!(bob.read(), ["without carol"]);
    assert_eq!(carol.read(), [""; 0]);
    let refused = carol.run(&["send", "#ops", "let me in"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("not in it"), "{}", refused.stderr);
    assert_eq!(bob.read(), [""; 0]);
    assert_eq!(joined(bob), ["alice", "bob"]);
    let group = carol.json(&["group", "info", "ops"]).remove(0);
    assert_eq!(group["standing"], "gone");
}

#[test]
fn an_invitation_waits_for_a_word_and_can_be_declined() {
    let relay = relay();
    let [alice, bob] = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    alice.done(&["add-contact", "bob"]);
    bob.done(&["add-contact", "alice"]);
    alice.done(&["recv"]);
    alice.done(&["group", "create", "ops", "bob"]);
    let alone = alice.run(&["send", "#ops", "anybody?"]);
    assert_eq!(alone.code, Some(1), "{}", alone.stderr);
    let asked = bob.json(&["group", "list"]).remove(0);
    assert_eq!(asked["standing"], "invited");
    assert_eq!(asked["invited_by"], "alice");
    bob.done(&["group", "decline", "ops"]);
    alice.done(&["recv"]);
    assert_eq!(joined(&alice), ["alice"]);
    let members = alice.json(&["group", "info", "ops"]).remove(0)["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    let nobody = alice.run(&["send", "#nosuch", "hi"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("no group"), "{}", nobody.stderr);
}
