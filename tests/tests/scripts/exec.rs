//! `recv --exec`: a program for each message.

use std::{fs, os::unix::fs::PermissionsExt as _};

use msg_tests::msg::{Done, Person};
use serde_json::Value;

use super::{MSG, field, friends, relay};

/// A program of somebody's, with these lines of shell.
fn program(of: &Person, lines: &str) -> String {
    let path = of.home().join("program");
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_program_gets_a_message_as_json_and_variables_and_no_shell_sees_it() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let out = bob.home().join("out");
    let lines = format!("cat >>{0}; env | grep ^MSG_ | sort >>{0}; echo $# >>{0}", out.display());
    let program = program(&bob, &lines);
    alice.done(&["send", "bob", "$(touch /tmp/never); `id` \u{1b}[2J"]);
    bob.done(&["recv", "--exec", &program, "$(id)", "--json", "a b"]);
    let said = fs::read_to_string(&out).unwrap();
    let mut lines = said.lines();
    let message: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(field(&message, "body"), "$(touch /tmp/never); `id` \u{1b}[2J");
    assert_eq!((field(&message, "with"), field(&message, "type")), ("alice", "message"));
    let id = format!("MSG_ID={}", field(&message, "id"));
    for expected in [id.as_str(), "MSG_FROM=alice", "MSG_KIND=text", "MSG_REDELIVERED=0", "3"] {
        assert!(said.lines().any(|line| line == expected), "{expected}: {said}");
    }
    assert_eq!(said.matches("touch").count(), 1, "the body is in no variable: {said}");
    assert_eq!(bob.read(), [""; 0], "exit code 0 marks it read");
}

#[test]
fn what_a_program_refuses_stays_for_the_next_time_and_holds_nothing_up() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let program = program(&bob, "body=$(cat); case $body in *poison*) exit 1;; esac");
    for text in ["one", "poison", "two"] {
        alice.done(&["send", "bob", text]);
    }
    let done = bob.run(&["recv", "--exec", &program]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("stays unread"), "{}", done.stderr);
    let left = bob.json(&["recv", "--peek"]);
    assert_eq!(left.iter().map(|line| field(line, "body")).collect::<Vec<_>>(), ["poison"]);
    // At once when its owner asks; not before its time to a program that waits.
    for _ in 0..6 {
        assert_eq!(bob.run(&["recv", "--exec", &program]).code, Some(1));
    }
    let words = ["recv", "--follow", "--timeout", "1s", "--exec", &program];
    let waiting = bob.run(&words);
    assert_eq!((waiting.code, waiting.stderr.as_str()), (Some(0), ""));
    let again = bob.json(&["recv"]);
    assert_eq!(again[0]["redelivered"], true);
}

#[test]
fn what_a_program_prints_is_the_answer_once() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let runs = bob.home().join("runs");
    let program = program(&bob, &format!("echo x >>{}; echo up 3 days", runs.display()));
    let sent = alice.json(&["send", "bob", "uptime"]);
    bob.done(&["recv", "--reply", "--exec", &program]);
    bob.done(&["send", "alice", "own messages trigger nothing"]);
    assert_eq!(bob.run(&["recv", "--reply", "--exec", &program]).code, Some(0));
    let answers = alice.json(&["recv"]);
    assert_eq!(field(&answers[0], "body"), "up 3 days\n");
    assert_eq!(field(&answers[0], "reply_to"), field(&sent[0], "id"));
    assert_eq!(answers.len(), 2);
    assert_eq!(fs::read_to_string(&runs).unwrap(), "x\n");
}

#[test]
fn a_stranger_triggers_nothing() {
    let relay = relay();
    let [_alice, bob] = friends(&relay);
    let eve = Person::registered(MSG, "eve", &relay);
    eve.done(&["add-contact", "bob"]);
    eve.run(&["send", "bob", "rm -rf /"]);
    let program = program(&bob, "exit 0");
    let runs = bob.run(&["recv", "--exec", &program, "--verbose"]);
    assert_eq!(runs.code, Some(0), "{}", runs.stderr);
    assert_eq!(bob.json(&["requests"]).len(), 1);
    bob.done(&["accept", "eve"]);
    assert_eq!(bob.read(), ["rm -rf /"], "it was kept from the program");
}

#[test]
fn no_message_is_given_to_two_programs() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let runs = bob.home().join("runs");
    let program = program(&bob, &format!("sleep 0.2; cat >>{}", runs.display()));
    for number in 0..5 {
        alice.done(&["send", "bob", &format!("order {number}")]);
    }
    let running: Vec<_> = (0..3).map(|_| bob.start(&["recv", "--exec", &program])).collect();
    for child in running {
        let done = Done::of(child.wait_with_output().unwrap());
        assert_eq!(done.code, Some(0), "{}", done.stderr);
    }
    assert_eq!(fs::read_to_string(&runs).unwrap().lines().count(), 5);
}

#[test]
fn reply_needs_a_program_and_a_program_needs_a_name() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    assert_eq!(bob.run(&["recv", "--reply"]).code, Some(2));
    assert_eq!(bob.run(&["recv", "--exec"]).code, Some(2));
    alice.done(&["send", "bob", "hi"]);
    let none = bob.run(&["recv", "--exec", "/nowhere/at/all"]);
    assert_eq!(none.code, Some(1), "{}", none.stderr);
    assert_eq!(bob.read(), ["hi"]);
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_that_it_has_started() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let children = bob.home().join("children");
    // One that does not listen, and a child that outlives it.
    let lines = format!(
        "body=$(cat); case $body in *slow*) ;; *) exit 0;; esac\n\
         trap '' TERM; sleep 600 & echo $! >>{0}; echo $$ >>{0}; wait; sleep 600",
        children.display()
    );
    let program = program(&bob, &lines);
    alice.done(&["send", "bob", "slow"]);
    alice.done(&["send", "bob", "quick"]);
    let words = ["recv", "--handler-timeout", "5s", "--reply", "--exec", &program];
    let done = bob.run(&words);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("took too long"), "{}", done.stderr);
    let started = fs::read_to_string(&children).unwrap();
    assert_eq!(started.lines().count(), 2, "{started}");
    for child in started.lines() {
        let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        let has_ended = status.is_empty() || status.contains("State:\tZ");
        assert!(has_ended, "{child} still runs: {status}");
    }
    let left = bob.json(&["recv"]);
    assert_eq!(left.iter().map(|line| field(line, "body")).collect::<Vec<_>>(), ["slow"]);
    assert_eq!(alice.read(), [""; 0], "nothing is answered");
}

#[test]
fn a_long_message_and_a_long_answer_are_whole() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let program = program(&bob, "sed 's/.*\"body\":\"\\([^\"]*\\)\".*/\\1/'");
    let text = "long ".repeat(20_000);
    assert_eq!(alice.pipe(&["send", "bob"], text.as_bytes()).code, Some(0));
    let done = bob.run(&["recv", "--reply", "--exec", &program]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(alice.read(), [text + "\n"]);
}
