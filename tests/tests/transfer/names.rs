//! Names that mean harm, and names that are taken.

use std::fs;

use super::{folder, friends, id, names, received, relay, run_in};

#[test]
fn a_hostile_name_stays_in_the_folder_and_is_shown_harmless() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    for (given, safe) in [
        ("../../../tmp/owned", "owned"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("x\u{1b}[2J\u{202e}gpj.sh", "x_[2J_gpj.sh"),
    ] {
        let name = format!("--name={given}");
        let done = alice.pipe(&["send", "bob", "--file", "-", &name], b"data");
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let to = folder();
        let line = bob.done(&["recv"]);
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line:?}");
        let message = bob.json(&["history", "-n", "1"]).remove(0);
        let done = run_in(&bob, to.path(), &["get", id(&message)]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(names(to.path()), [safe]);
    }
}

#[test]
fn nothing_is_ever_overwritten() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let to = folder();
    let path = to.path().join("report.txt");
    fs::write(&path, "mine").unwrap();
    alice.pipe(&["send", "bob", "--file", "-", "--name", "report.txt"], b"theirs");
    let message = received(&bob);
    let done = run_in(&bob, to.path(), &["get", id(&message), "-o", "report.txt"]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("there already") && done.stderr.contains("-o"), "{}", done.stderr);
    let done = run_in(&bob, to.path(), &["get", id(&message)]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.text().contains("report-1.txt"), "{}", done.text());
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(fs::read(to.path().join("report-1.txt")).unwrap(), b"theirs");
    assert_eq!(names(to.path()).len(), 2);
}
