//! Groups as people and scripts meet them: the real programs, real relays.

#![cfg(test)]

use msg_tests::{
    msg::{Person, befriend},
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

/// What was said in the group, without what was done to it.
fn said(person: &Person) -> Vec<Value> {
    let mut lines = person.json(&["history", "#ops"]);
    lines.retain(|line| line["type"] == "message");
    lines
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
    let id = said(alice).remove(0)["id"].as_str().unwrap().to_owned();
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
    let status = bob.done(&["status"]);
    assert!(status.contains("#ops: msg group accept ops"), "{status}");
    let told = bob.done(&["recv"]);
    assert!(told.contains("#ops  alice asks you in; msg group accept ops"), "{told}");
    bob.done(&["group", "decline", "ops"]);
    assert_eq!(bob.json(&["status"])[0]["invitations"], serde_json::json!([]));
    let again = bob.run(&["group", "accept", "ops"]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("hint: msg group list"), "{}", again.stderr);
    alice.done(&["recv"]);
    assert_eq!(joined(&alice), ["alice"]);
    let members = alice.json(&["group", "info", "ops"]).remove(0)["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    let nobody = alice.run(&["send", "#nosuch", "hi"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("no group"), "{}", nobody.stderr);
}

#[test]
fn who_has_joined_leaves_by_that_word_alone() {
    let relay = relay();
    let people = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    ops(&people, [&relay; 2]);
    let [_, bob] = &people;
    for word in ["accept", "decline"] {
        let done = bob.run(&["group", word, "ops"]);
        assert_eq!(done.code, Some(1), "{word}: {}", done.stderr);
        assert!(done.stderr.contains("you are in #ops already"), "{word}: {}", done.stderr);
    }
    assert_eq!(joined(bob), ["alice", "bob"]);
    let [alice, _] = &people;
    for (words, said) in [
        (["group", "add", "ops", "bob"].as_slice(), "bob is in #ops already"),
        (&["group", "promote", "ops", "zoe"], "zoe is not in #ops"),
        (&["group", "create", "ops"], "a group is called #ops already"),
        (&["group", "create", "my ops"], "no group can be called #my ops"),
    ] {
        let done = alice.run(words);
        assert!(done.stderr.contains(said), "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains("hint: "), "{words:?}: {}", done.stderr);
    }
    bob.done(&["group", "leave", "ops"]);
    assert_eq!(joined(bob), ["alice"]);
}

#[test]
fn a_newcomer_is_sent_what_was_said_if_the_adder_wishes_it() {
    let relay = relay();
    let [alice, bob, carol] =
        ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    let people = [alice, bob];
    ops(&people, [&relay; 2]);
    let [alice, bob] = &people;
    alice.done(&["send", "#ops", "one"]);
    bob.done(&["send", "#ops", "two"]);
    assert_eq!(alice.read(), ["two"]);
    alice.done(&["send", "#ops", "three"]);
    carol.done(&["add-contact", "alice"]);
    alice.done(&["add-contact", "carol"]);
    carol.done(&["recv"]);
    alice.done(&["group", "add", "ops", "carol", "--history", "2"]);
    carol.done(&["group", "accept", "ops"]);
    alice.done(&["recv"]);
    let shown = carol.done(&["recv", "--peek"]);
    assert!(shown.contains("#ops alice │ two"), "{shown}");
    assert!(shown.contains("(said by bob@") && shown.contains("passed on)"), "{shown}");
    let given = carol.json(&["recv", "--exec", "cat"]);
    assert!(given.is_empty(), "a program is given nothing that was passed on: {given:?}");
    let kept = said(&carol);
    let bodies: Vec<_> = kept.iter().map(|one| one["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["two", "three"]);
    assert!(kept.iter().all(|one| one["replayed"] == true && one["with"] == "alice"));
    assert!(kept[0]["original"]["author"].as_str().unwrap().starts_with("bob@"));
    assert_eq!(kept[1]["original"]["author"], "alice");
    assert_eq!(carol.json(&["search", "three"]).len(), 1);
    let said = said(alice);
    assert_eq!(kept[1]["original"]["id"], said[2]["id"]);
    assert_eq!(kept[1]["original"]["sent_at"], said[2]["sent_at"]);
}

#[test]
fn what_is_done_to_a_group_message_goes_to_all_of_it() {
    let relay = relay();
    let people = ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    ops(&people, [&relay; 3]);
    let [alice, bob, carol] = &people;
    bob.done(&["send", "#ops", "disk of web1 is full"]);
    bob.done(&["send", "alice", "between us"]);
    let shown = carol.json(&["recv", "--from", "#ops"]).remove(0);
    assert_eq!(alice.json(&["recv", "--from", "#ops", "--peek"]).len(), 1);
    assert_eq!(alice.read().len(), 2);
    let id = shown["id"].as_str().unwrap();
    let rows = carol.json(&["react", id, "\u{1f440}"]);
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["group"] == "#ops" && row["level"] == "relay"), "{rows:?}");
    let rows = bob.json(&["edit", id, "disk of web2 is full"]);
    assert!(rows.iter().all(|row| row["group"] == "#ops"), "{rows:?}");
    alice.done(&["recv"]);
    let kept = said(alice).remove(0);
    assert_eq!(kept["body"], "disk of web2 is full");
    assert_eq!(kept["reactions"][0]["sign"], "\u{1f440}");
    // A bot answers everybody, and an answer of anybody ends a question.
    let rows = carol.json(&["recv", "--from", "#ops", "--peek"]);
    assert!(rows.iter().all(|row| row["group"] == "#ops"), "{rows:?}");
    carol.done(&["recv"]);
    alice.done(&["send", "#ops", "who is there?"]);
    carol.done(&["recv", "--from", "#ops", "--reply", "--exec", "sh", "-c", "echo $MSG_GROUP"]);
    for person in [alice, bob] {
        let all = person.json(&["recv"]);
        let answer = all.iter().find(|row| row["body"] == "#ops\n").expect("an answer");
        assert_eq!(answer["group"], "#ops");
        assert!(answer["reply_to"].is_string());
    }
    for words in [vec!["search", "web2"], vec!["export", "#ops"]] {
        let rows = alice.json(&words);
        assert!(!rows.is_empty() && rows.iter().all(|row| row["group"] == "#ops"), "{rows:?}");
    }
    let mut asking = bob.command(&["ask", "#ops", "go on?", "--timeout", "60s"]);
    let asking = asking.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let question = loop {
        let rows = carol.json(&["recv", "--timeout", "60s"]);
        if let Some(row) = rows.iter().find(|row| row["body"] == "go on?") {
            break row["id"].as_str().unwrap().to_owned();
        }
    };
    carol.done(&["reply", &question, "yes"]);
    let done = asking.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "yes\n");
}

#[test]
fn what_is_done_to_a_group_is_told_to_its_members() {
    let relay = relay();
    let people = ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    ops(&people, [&relay; 3]);
    let [alice, bob, carol] = &people;
    alice.done(&["group", "promote", "ops", "bob"]);
    bob.done(&["recv"]);
    let told = carol.json(&["recv"]);
    assert!(told.iter().any(|line| line["happened"] == "promoted" && line["by"] == "alice"));
    let shown = carol.done(&["history", "#ops"]);
    assert!(shown.contains("alice has made bob@"), "{shown}");
    alice.done(&["group", "rename", "ops", "night"]);
    let line = bob.json(&["recv"]).remove(0);
    assert_eq!((line["type"].as_str(), line["name"].as_str()), (Some("group_news"), Some("night")));
}

#[test]
fn who_is_let_in_unasked_is_not_told_to_accept() {
    let relay = relay();
    let people = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    people[1].done(&["config", "groups", "contacts"]);
    befriend(&people);
    let [alice, bob] = &people;
    alice.done(&["group", "create", "ops", "bob"]);
    let told = bob.done(&["recv"]);
    assert!(told.contains("#ops  alice has asked you in"), "{told}");
    assert!(!told.contains("accept"), "{told}");
    assert!(!bob.done(&["history"]).contains("accept"));
    assert_eq!(joined(bob), ["alice", "bob"]);
}

#[test]
fn a_group_is_made_with_all_who_are_named_or_not_at_all() {
    let relay = relay();
    let people = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    befriend(&people);
    let [alice, _] = &people;
    let refused = alice.run(&["group", "create", "ops", "bob", "nobody"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(alice.json(&["group", "list"]).is_empty());
    alice.done(&["group", "create", "ops", "bob"]);
    assert_eq!(alice.json(&["group", "list"]).len(), 1);
}

#[test]
fn who_removes_themselves_leaves_and_the_last_admin_does_neither() {
    let relay = relay();
    let people = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    ops(&people, [&relay; 2]);
    let [alice, bob] = &people;
    let own = format!("alice@{}", relay.link().relay);
    for name in ["alice", own.as_str()] {
        let refused = alice.run(&["group", "remove", "ops", name]);
        assert_eq!(refused.code, Some(1), "{name}");
        assert!(refused.stderr.contains("last admin"), "{name}: {}", refused.stderr);
    }
    bob.done(&["group", "remove", "ops", "bob"]);
    alice.done(&["recv"]);
    assert_eq!(joined(alice), ["alice"]);
}
