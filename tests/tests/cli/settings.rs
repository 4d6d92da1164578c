//! What the owner chooses decides.

use std::time::{Duration, Instant};

use msg_tests::msg::Person;

use super::{MSG, friends, relay};

/// Seconds that are longer than any receipt waits.
const LATER_S: i64 = 120;
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn settings_are_kept_shown_and_taken_back() {
    let relay = relay();
    let alice = Person::registered(MSG, "alice", &relay);
    let shown = alice.done(&["config"]);
    assert!(shown.contains("trust.policy  first-use"), "{shown}");
    alice.done(&["config", "trust.policy", "verified-only"]);
    let one = alice.json(&["config", "trust.policy"]);
    assert_eq!(one[0]["value"], "verified-only");
    assert_eq!(one[0]["is_default"], false);
    alice.done(&["config", "trust.policy", "--reset"]);
    assert_eq!(alice.json(&["config", "trust.policy"])[0]["is_default"], true);
    let wrong = alice.run(&["config", "accept", "some"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("none, listed, all"), "{}", wrong.stderr);
    assert_eq!(alice.run(&["config", "colour"]).code, Some(2));
}

#[test]
fn under_the_strict_policy_a_message_waits_until_its_recipient_is_verified() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    alice.done(&["config", "trust.policy", "verified-only"]);
    let held = alice.run(&["send", "bob", "for your eyes"]);
    assert_eq!(held.code, Some(3), "{}", held.stderr);
    assert!(held.stderr.contains("msg verify bob"), "{}", held.stderr);
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), [""; 0], "held");
    let fingerprint = bob.json(&["whoami"])[0]["fingerprint"].as_str().unwrap().to_owned();
    alice.done(&["verify", "bob", "--expect", &fingerprint]);
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), ["for your eyes"]);
}

#[test]
fn a_bot_lets_in_whom_its_owner_has_named() {
    let relay = relay();
    let [bot, alice, bob] =
        ["bot", "alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    let list = alice.json(&["whoami"])[0]["fingerprint"].as_str().unwrap().to_owned();
    bot.done(&["config", "accept", "listed"]);
    bot.done(&["config", "accept.list", &list]);
    for person in [&alice, &bob] {
        person.done(&["add-contact", "bot"]);
        person.done(&["send", "bot", &person.name]);
    }
    assert_eq!(bot.read(), ["alice"]);
    let requests = bot.done(&["requests"]);
    assert!(requests.contains("bob") && !requests.contains("alice"), "{requests}");
    bot.done(&["config", "accept", "all"]);
    bob.done(&["send", "bot", "again"]);
    assert_eq!(bot.read(), ["bob", "again"]);
}

#[test]
fn an_address_on_the_list_counts_when_its_owner_was_found_there() {
    let relay = relay();
    let [bot, alice] = ["bot", "alice"].map(|name| Person::registered(MSG, name, &relay));
    let address = alice.json(&["whoami"])[0]["address"].as_str().unwrap().to_owned();
    bot.done(&["config", "accept", "listed"]);
    bot.done(&["config", "accept.list", &address]);
    alice.done(&["add-contact", "bot"]);
    alice.done(&["send", "bot", "it is me"]);
    assert_eq!(bot.read(), ["it is me"]);
}

#[test]
fn who_tells_nobody_of_reading_does_not() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    bob.done(&["config", "receipts", "none"]);
    let mut waiting = alice.start(&["send", "bob", "seen?", "--wait", "read", "--timeout", "4s"]);
    let (mut got, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    while got.is_empty() {
        assert!(Instant::now() < deadline, "nothing comes");
        got = bob.read();
    }
    assert_eq!(got, ["seen?"]);
    assert_eq!(waiting.wait().unwrap().code(), Some(9));
    bob.run_at(LATER_S, &["status"]);
    alice.done(&["recv"]);
    assert_eq!(alice.json(&["history"])[0]["level"], "delivered", "that it came, and no more");
}

#[test]
fn recipients_apart_all_get_it() {
    let relay = relay();
    let [alice, bob, carol] =
        ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    for other in [&bob, &carol] {
        alice.done(&["add-contact", &other.name]);
        other.done(&["add-contact", "alice"]);
    }
    alice.done(&["recv"]);
    alice.done(&["send", "bob,carol", "both", "--spread"]);
    assert_eq!(bob.read(), ["both"]);
    assert_eq!(carol.read(), ["both"]);
}
