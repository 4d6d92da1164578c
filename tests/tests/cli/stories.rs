//! What a new user types, and what scripts rely on.

use msg_tests::msg::Person;
use serde_json::Value;

use super::{MSG, friends, relay, unattended::locked};

#[test]
fn five_lines_that_a_new_user_types() {
    let relay = relay();
    let link = relay.link().to_secret_text();
    let [alice, bob] = ["alice", "bob"].map(|name| Person::new(MSG, name));
    for person in [&alice, &bob] {
        person.done(&["register", &person.name, "--relay", &link, "--unattended"]);
    }
    alice.done(&["add-contact", "bob"]);
    bob.done(&["add-contact", "alice"]);
    alice.done(&["send", "bob", "hello"]);
    let df = "Filesystem Size\n/dev/sda1   40G\n";
    assert_eq!(alice.pipe(&["send", "bob"], df.as_bytes()).code, Some(0));
    let shown = bob.done(&["recv"]);
    assert!(shown.contains("alice") && shown.contains("hello"), "{shown}");
    assert!(shown.contains("/dev/sda1   40G"), "{shown}");
    assert_eq!(bob.read(), [""; 0], "once");
}

#[test]
fn a_pipe_is_one_message_byte_for_byte() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let bytes: Vec<u8> = (0..=255).chain(0..=255).collect();
    assert_eq!(alice.pipe(&["send", "bob"], &bytes).code, Some(0));
    let done = bob.run(&["recv", "-n", "1", "--raw"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(done.stdout, bytes);
    assert_eq!(alice.pipe(&["send", "bob"], b"").code, Some(2), "nothing to send");
    assert_eq!(alice.pipe(&["send", "bob", "--allow-empty"], b"").code, Some(0));
}

#[test]
fn lines_are_messages_of_their_own() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let lines: Vec<String> = (0..500).map(|number| format!("line {number}")).collect();
    let done = alice.pipe(&["send", "bob", "--lines"], (lines.join("\n") + "\n").as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(bob.read(), lines);
}

#[test]
fn taking_one_leaves_the_rest() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    for text in ["one", "two", "three"] {
        alice.done(&["send", "bob", text]);
    }
    let first = bob.json(&["recv", "-n", "1"]);
    assert_eq!(bodies(&first), ["one"]);
    assert_eq!(bob.read(), ["two", "three"]);
}

#[test]
fn a_relay_that_is_away_gives_4_and_keeps_the_message_for_the_next_command() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    relay.kill();
    let done = alice.run(&["send", "bob", "later"]);
    assert_eq!(done.code, Some(4), "{}", done.stderr);
    assert!(done.stderr.contains("hint:"), "{}", done.stderr);
    let address = &relay.link().relay;
    for words in [&["send", "bob", "later still"][..], &["recv"], &["status"], &["ping", "bob"]] {
        let said = alice.run(words).stderr;
        assert!(said.contains(&format!("cannot connect to {address}: ")), "{words:?}: {said}");
    }
    relay.restart();
    alice.done(&["outbox", "retry"]);
    assert_eq!(bob.read(), ["later", "later still"]);
}

#[test]
fn a_locked_account_without_a_terminal_gives_6_at_once() {
    let relay = relay();
    let (person, password) = locked(&relay);
    let refused = person.run(&["recv"]);
    assert_eq!(refused.code, Some(6), "{}", refused.stderr);
    let mut with = person.command(&["whoami"]);
    let done = with.env("MSG_PASSWORD_FILE", &password).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::write(&password, "something else\n").unwrap();
    let mut wrong = person.command(&["whoami"]);
    let done = wrong.env("MSG_PASSWORD_FILE", &password).output().unwrap();
    assert_eq!(done.status.code(), Some(6), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn strangers_wait_for_a_word() {
    let relay = relay();
    let [alice, bob] = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    alice.done(&["add-contact", "bob"]);
    alice.done(&["send", "bob", "it is me"]);
    assert_eq!(bob.read(), [""; 0]);
    let requests = bob.done(&["requests"]);
    assert!(requests.contains("alice"), "{requests}");
    bob.done(&["accept", "alice"]);
    assert_eq!(bob.read(), ["it is me"]);
}

#[test]
fn unknown_people_and_wrong_words_are_named() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    let nobody = alice.run(&["send", "zoe", "hello"]);
    assert_eq!(nobody.code, Some(1), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("zoe"), "{}", nobody.stderr);
    let some = alice.run(&["send", "bob,zoe", "hello"]);
    assert_eq!(some.code, Some(5), "{}", some.stderr);
    assert_eq!(alice.run(&["sendd", "bob"]).code, Some(2));
    let no_account = Person::new(MSG, "nobody").run(&["recv"]);
    assert_eq!(no_account.code, Some(1), "{}", no_account.stderr);
    assert!(no_account.stderr.contains("msg register"), "{}", no_account.stderr);
}

#[test]
fn what_others_wrote_does_nothing_to_a_terminal_and_passes_exactly_through_a_pipe() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let hostile = "\u{1b}[2J\u{202e}gnp.exe\u{200b}\r\nbob: a forged line\u{7}\u{0}\u{9b}1m";
    alice.pipe(&["send", "bob"], hostile.as_bytes());
    let shown = bob.done(&["recv", "--peek"]);
    for harmful in ['\u{1b}', '\u{202e}', '\u{200b}', '\r', '\u{7}', '\u{0}', '\u{9b}'] {
        assert!(!shown.contains(harmful), "{harmful:?} in {shown:?}");
    }
    assert!(!shown.lines().any(|line| line.starts_with("bob: a forged line")), "{shown}");
    assert_eq!(bob.read(), [hostile]);
}

#[test]
fn a_shell_offers_the_names_of_contacts() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    alice.done(&["rename", "bob", "bobby"]);
    let offered = |words: &[&str]| {
        let words = [&["--", "msg"], words].concat();
        let mut asked = alice.command(&words);
        asked.env("MSG_COMPLETE", "fish");
        String::from_utf8(asked.output().unwrap().stdout).unwrap()
    };
    assert_eq!(offered(&["send", "b"]).trim(), "bobby");
    assert_eq!(offered(&["send", "x,b"]).trim(), "x,bobby");
    assert!(offered(&["verify", ""]).contains("bobby"));
    assert_eq!(offered(&["--home", "/nowhere", "send", "b"]).trim(), "");
    assert!(offered(&["del"]).contains("delete-account"));
    assert!(alice.done(&["completions", "zsh"]).contains("compdef"));
}

fn bodies(lines: &[Value]) -> Vec<String> {
    lines.iter().filter_map(|line| line.get("body")?.as_str().map(str::to_owned)).collect()
}
