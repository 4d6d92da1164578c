//! `search` and `export`: what is kept is found, and can be taken elsewhere.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use super::{field, friends, relay};

#[test]
fn messages_are_found_by_words_in_them() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    for text in ["Backup of db1 FAILED", "backup of db2 is done", "lunch?"] {
        alice.done(&["send", "bob", text]);
    }
    bob.done(&["recv"]);
    let bodies = |lines: Vec<Value>| -> Vec<String> {
        lines.iter().map(|line| field(line, "body").to_owned()).collect()
    };
    let both = ["Backup of db1 FAILED", "backup of db2 is done"];
    assert_eq!(bodies(bob.json(&["search", "backup"])), both);
    assert_eq!(bodies(bob.json(&["search", "failed", "backup"])), both[..1]);
    assert_eq!(bodies(bob.json(&["search", "backup", "-n", "1"])), both[1..]);
    assert_eq!(bodies(alice.json(&["search", "lunch", "--with", "bob"])), ["lunch?"]);
    assert_eq!(bodies(bob.json(&["search", "nothing like it"])), [""; 0]);
}

#[test]
fn all_that_is_kept_can_be_taken_elsewhere() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let lines: Vec<String> = (0..600).map(|number| format!("line {number}")).collect();
    let done = alice.pipe(&["send", "bob", "--lines"], (lines.join("\n") + "\n").as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    alice.pipe(&["send", "bob"], b"\xff\x00bytes\n");
    bob.done(&["recv"]);
    bob.done(&["send", "alice", "From me\nto you"]);

    let history = bob.json(&["history", "-n", "10000"]);
    let exported = bob.run(&["export"]).lines();
    assert_eq!(exported, history, "line by line what history says");
    assert_eq!(exported.len(), 602);
    assert_eq!(field(&exported[600], "body_base64"), "/wBieXRlcwo=");

    let path = bob.home().join("archive.mbox");
    let file = path.to_str().unwrap();
    bob.done(&["export", "alice", "--format", "mbox", "-o", file]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mbox = fs::read_to_string(&path).unwrap();
    let mails = mbox.lines().filter(|line| line.starts_with("From ")).count();
    assert_eq!(mails, 602);
    assert!(mbox.contains("\n>From me\nto you\n"), "no text begins a mail");
    let again = bob.run(&["export", "-o", file]);
    assert_eq!(again.code, Some(1), "a file that is there is left as it is");
    assert_eq!(fs::read_to_string(&path).unwrap(), mbox);
}
