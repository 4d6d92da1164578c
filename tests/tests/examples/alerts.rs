//! `alerts`: three ways in which machines tell a group, each with two members.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    process::Command,
};

use msg_tests::{msg::Person, relay::RelayProcess};
use serde_json::json;

use super::{MSG, Running, acquaint, command, example, gather, relay, run};

/// A machine in `#ops` with two people.
fn ops(relay: &RelayProcess) -> [Person; 3] {
    let people = ["web1", "alice", "bob"].map(|name| Person::registered(MSG, name, relay));
    let [web1, alice, bob] = &people;
    acquaint(web1, &[alice, bob]);
    gather(web1, &[alice, bob], "ops");
    people
}

/// Puts a program before others of its name for somebody.
fn instead(of: &Person, name: &str, lines: &str) {
    super::path(of);
    let path = of.home().join("tools").join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_disk_that_fills_up_is_told_once_to_everybody() {
    let relay = relay();
    let [web1, alice, bob] = ops(&relay);
    instead(
        &web1,
        "df",
        "cat <<'END'\n\
        Filesystem 1024-blocks Used Available Capacity Mounted on\n\
        /dev/vda1 100000 50000 50000 50% /\n\
        /dev/vdb1 100000 97000 3072 97% /srv/with blanks $(touch hacked)\nEND",
    );
    instead(&web1, "uname", "echo web1");
    for _ in 0..2 {
        let done = run(&web1, "alerts/disk-check", &["#ops"]);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    }
    for person in [&alice, &bob] {
        let told = person.read();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("web1: /srv/with blanks"), "{told:?}");
        assert!(told[0].contains("is 97% full, 3 MiB are left"), "{told:?}");
    }
    run(&web1, "alerts/disk-check", &["#ops", "40"]);
    assert!(alice.read()[0].contains("web1: / is 50% full"));
    assert_eq!(run(&web1, "alerts/disk-check", &["#ops", "98"]).code, Some(0));
    assert_eq!(bob.read().len(), 1, "of one disk more, and of none");
    assert_eq!(run(&web1, "alerts/disk-check", &["#ops", "most"]).code, Some(2));
    assert_eq!(run(&web1, "alerts/disk-check", &[]).code, Some(2));
    assert_eq!(run(&web1, "alerts/disk-check", &["#nobody", "40"]).code, Some(1));
    fs::remove_file(web1.home().join("tools/df")).unwrap();
    let real = run(&web1, "alerts/disk-check", &["#ops", "0", "/"]);
    assert_eq!(real.code, Some(0), "{}", real.stderr);
    assert!(alice.read()[0].contains(" / is "), "the real df");
}

#[test]
fn a_unit_that_fails_is_told_to_everybody_with_its_last_lines() {
    let relay = relay();
    let [web1, alice, bob] = ops(&relay);
    instead(&web1, "systemctl", "echo \"asked $*\"; echo 'disk on fire'; exit 3");
    let unit = fs::read_to_string(example("alerts/msg-failed@.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words = start.replace("/usr/local/lib/msg-alerts", example("alerts").to_str().unwrap());
    let words = words.replace("%i", "nightly@x.service").replace('\'', "");
    let words: Vec<&str> = words.split(' ').collect();
    let done = command(&web1, words[0].as_ref(), &words[1..]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for person in [&alice, &bob] {
        let told = person.read().remove(0);
        assert!(told.contains(": nightly@x.service has failed\n"), "{told}");
        assert!(told.contains("--lines=20 -- nightly@x.service\ndisk on fire\n"), "{told}");
    }
}

/// What systemd itself would refuse.
#[test]
fn the_unit_is_one_that_systemd_takes() {
    let unit = fs::read_to_string(example("alerts/msg-failed@.service")).unwrap();
    let lines = unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut section = "";
    for line in lines {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
            continue;
        }
        let (key, value) = line.split_once('=').expect("a setting");
        assert!(key.chars().all(char::is_alphanumeric) && !value.is_empty(), "{line}");
        assert!(["Unit", "Service"].contains(&section), "{line}");
    }
    let folder = tempfile::tempdir().unwrap();
    let here = unit.replace("/usr/local/lib/msg-alerts", example("alerts").to_str().unwrap());
    let path = folder.path().join("msg-failed@try.service");
    fs::write(&path, here).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output();
    if let Ok(done) = verified {
        let said = String::from_utf8_lossy(&done.stderr);
        let ours: Vec<_> = said.lines().filter(|line| line.contains("msg-failed")).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
}

/// Posts to the receiver; what it answers.
fn post(to: &str, kind: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {to}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // It may have answered, and gone, before it has read all.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn notification(name: &str) -> Vec<u8> {
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"x\"}", "status": "firing",
        "receiver": "ops", "alerts": [
            {"status": "firing", "labels": {"alertname": name, "instance": "db1:9100", "severity": "page"},
             "annotations": {"summary": "no room\nbob │ all is well"}, "startsAt": "2026-01-01T00:00:00Z"},
            {"status": "resolved", "labels": {"alertname": "Slow"}, "annotations": {}}
        ]
    })
    .to_string()
    .into_bytes()
}

#[test]
fn what_alertmanager_says_is_told_once_to_everybody() {
    let mut relay = relay();
    let [web1, alice, bob] = ops(&relay);
    let program = example("alerts/alertmanager.py");
    let receiver = command(&web1, &program, &["#ops", "--port", "0"]);
    let receiver = Running::start(receiver, &web1.home().join("receiver"));
    receiver.says("/\n");
    let said = receiver.said();
    let to = said.trim().strip_prefix("listening on http://").unwrap().trim_end_matches('/');
    assert!(to.starts_with("127.0.0.1:"), "on loopback alone");
    for _ in 0..2 {
        let answer = post(to, "application/json", &notification("DiskFull"));
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}{}", receiver.said());
    }
    let expected =
        "FIRING: DiskFull on db1:9100 (page): no room bob │ all is well\nresolved: Slow\n";
    for person in [&alice, &bob] {
        assert_eq!(person.read(), [expected], "once, each alert on its line");
    }
    for (kind, body, code) in [
        ("text/plain", notification("Forged"), "415"),
        ("application/json", b"{".to_vec(), "400"),
        ("application/json", b"[]".to_vec(), "400"),
        ("application/json", b"{\"alerts\": [1]}".to_vec(), "400"),
        ("application/json", b"{\"alerts\": []}".to_vec(), "400"),
        ("application/json", "[".repeat(200_000).into_bytes(), "400"),
        ("application/json", vec![b' '; 1024 * 1024 + 1], "413"),
    ] {
        let answer = post(to, kind, &body);
        let shown: String = String::from_utf8_lossy(&body).chars().take(40).collect();
        assert!(answer.starts_with(&format!("HTTP/1.0 {code}")), "{shown}: {answer}");
    }
    // Kept while the relay is away.
    relay.kill();
    let answer = post(to, "application/json", &notification("RelayGone"));
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}{}", receiver.said());
    relay.restart();
    web1.done(&["outbox", "retry"]);
    for person in [&alice, &bob] {
        assert!(person.read()[0].starts_with("FIRING: RelayGone"));
    }
    // What msg cannot take, Alertmanager keeps.
    web1.done(&["group", "promote", "ops", "alice"]);
    web1.done(&["group", "leave", "ops"]);
    let answer = post(to, "application/json", &notification("NobodyHears"));
    assert!(answer.starts_with("HTTP/1.0 503"), "{answer}");
}
