//! Several relays, and those that are not who they should be.

use msg_tests::{msg::Person, relay::RelayProcess};

use super::{MSG, invited, relay};

#[test]
fn people_at_two_relays_write_to_each_other() {
    let relays = [relay(), relay()];
    let [alice, bob] = people(&relays);
    befriend(&relays, [&alice, &bob]);
    for number in 0..5 {
        alice.done(&["send", "bob", &format!("a {number}")]);
        bob.done(&["send", "alice", &format!("b {number}")]);
    }
    assert_eq!(bob.read(), ["a 0", "a 1", "a 2", "a 3", "a 4"]);
    assert_eq!(alice.read(), ["b 0", "b 1", "b 2", "b 3", "b 4"]);
}

#[test]
fn only_those_at_a_relay_that_is_away_are_not_reached() {
    let mut relays = [relay(), relay()];
    let [alice, bob] = people(&relays);
    befriend(&relays, [&alice, &bob]);
    let carol = Person::registered(MSG, "carol", &relays[0]);
    alice.done(&["add-contact", "carol"]);
    carol.done(&["add-contact", "alice"]);
    alice.done(&["recv"]);
    relays[1].kill();
    let rows = alice.run(&["send", "bob,carol", "to both", "--json"]);
    assert_eq!(rows.code, Some(5), "{}", rows.text());
    let levels: Vec<_> = rows.lines().iter().map(|row| row["level"].clone()).collect();
    assert_eq!(levels, ["queued", "relay"]);
    assert_eq!(rows.lines()[0]["error"]["code"], 4, "{}", rows.text());
    assert_eq!(carol.read(), ["to both"]);
    relays[1].restart();
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), ["to both"]);
}

#[test]
fn another_key_at_the_relays_address_gives_3_and_nothing_leaves() {
    let mut relay = relay();
    let [alice, bob] = super::friends(&relay);
    assert!(relay.stop().success());
    let aside = relay.data().with_extension("key");
    let key = relay.data().join("tls-key.pem");
    std::fs::rename(&key, &aside).unwrap();
    std::fs::remove_file(relay.data().join("tls-cert.pem")).unwrap();
    let honest = relay.link().pin.unwrap();
    relay.restart();
    let other = relay.link().pin.unwrap();
    assert_ne!(other, honest);
    for words in [&["send", "bob", "held"][..], &["recv"], &["status"]] {
        let done = alice.run(words);
        assert_eq!(done.code, Some(3), "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains(&other.to_string()), "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains("hint: "), "{words:?}: {}", done.stderr);
    }
    assert!(relay.stop().success());
    std::fs::rename(&aside, &key).unwrap();
    std::fs::remove_file(relay.data().join("tls-cert.pem")).unwrap();
    relay.restart();
    assert_eq!(relay.link().pin, Some(honest));
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), ["held"]);
}

#[test]
fn an_unknown_key_without_a_pin_stops_and_is_shown() {
    let relay = relay();
    let person = Person::new(MSG, "alice");
    let address = relay.link().relay.to_string();
    let done = person.run(&["register", "alice", "--relay", &address, "--unattended"]);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    let pin = relay.link().pin.unwrap().to_string();
    assert!(done.stderr.contains(&pin), "{}", done.stderr);
    assert!(done.stderr.contains("hint: "), "{}", done.stderr);
    assert!(!person.home().join("msg/default/store.redb").exists(), "nothing was made");
    person.done(&["register", "alice", "--relay", &relay.link().to_secret_text(), "--unattended"]);
}

#[test]
fn an_invitation_is_asked_for_and_good_once() {
    let relay = invited();
    let link = relay.link().to_secret_text();
    let without = link.split("&invite=").next().unwrap();
    let person = Person::new(MSG, "alice");
    let refused = person.run(&["register", "alice", "--relay", without, "--unattended"]);
    assert_eq!(refused.code, Some(8), "{}", refused.stderr);
    let words = ["register", "alice", "--relay", "-", "--unattended"];
    let done = person.pipe(&words, format!("{link}\n").as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let second = Person::new(MSG, "bob");
    let refused = second.run(&["register", "bob", "--relay", &link, "--unattended"]);
    assert_eq!(refused.code, Some(8), "{}", refused.stderr);
    assert!(refused.stderr.contains("error: "), "{}", refused.stderr);
}

fn people(relays: &[RelayProcess; 2]) -> [Person; 2] {
    [Person::registered(MSG, "alice", &relays[0]), Person::registered(MSG, "bob", &relays[1])]
}

/// Both add the other by address, with the key of the other's relay.
fn befriend(relays: &[RelayProcess; 2], [alice, bob]: [&Person; 2]) {
    for (who, other, relay) in [(alice, bob, &relays[1]), (bob, alice, &relays[0])] {
        let address = format!("{}@{}", other.name, relay.link().relay);
        let pin = relay.link().pin.unwrap().to_string();
        who.done(&["add-contact", &address, "--pin", &pin, "--as", &other.name]);
    }
    alice.done(&["recv"]);
    bob.done(&["recv"]);
}
