//! `send --lines`: many lines, few envelopes.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use super::{field, friends, relay};

const LINES: usize = 10_000;

#[test]
fn ten_thousand_lines_arrive_once_each_and_in_few_envelopes() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let lines: Vec<String> = (0..LINES).map(|number| format!("line {number}")).collect();
    let done = alice.pipe(&["send", "bob", "--lines", "--quiet"], lines.join("\n").as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let show = Command::new(env!("CARGO_BIN_EXE_relay"))
        .args(["users", "show", "bob", "--json", "--data"])
        .arg(relay.data())
        .output()
        .unwrap();
    let said = String::from_utf8(show.stdout).unwrap();
    let held: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let envelopes = held["envelopes"].as_u64().unwrap();
    assert!(envelopes < 200, "{envelopes} envelopes");
    let received = bob.json(&["recv"]);
    let bodies: Vec<&str> = received.iter().map(|line| field(line, "body")).collect();
    assert!(bodies == lines.iter().map(String::as_str).collect::<Vec<_>>(), "each, in order");
    let ids: BTreeSet<&str> = received.iter().map(|line| field(line, "id")).collect();
    assert_eq!(ids.len(), LINES);
}
