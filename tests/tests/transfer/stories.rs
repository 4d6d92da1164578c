//! Files as people use them.

use std::fs;

use super::{folder, friends, id, names, random_file, relay, run_in, sha256};

#[test]
fn several_files_go_to_several_people_under_their_names() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let from = folder();
    let one = random_file(&from.path().join("one.bin"), 65_536);
    let two = random_file(&from.path().join("two.bin"), 0);
    let words = ["send", "bob", "--file", one.to_str().unwrap(), two.to_str().unwrap()];
    let sent = alice.json(&words);
    assert_eq!(sent.len(), 2);
    assert_eq!(
        (&sent[0]["file"]["name"], &sent[0]["file"]["days"]),
        (&"one.bin".into(), &30.into())
    );
    let to = folder();
    for (line, file) in bob.json(&["recv"]).iter().zip([&one, &two]) {
        assert_eq!(line["kind"], "file");
        let done = run_in(&bob, to.path(), &["get", id(line)]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(sha256(&to.path().join(file.file_name().unwrap())), sha256(file));
    }
    assert_eq!(names(to.path()), ["one.bin", "two.bin"]);
}

#[test]
fn an_image_is_shown_with_its_size() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0";
    alice.pipe(&["send", "bob", "--file", "-", "--name", "cat.png"], png);
    assert!(bob.done(&["recv"]).contains("[cat.png (640 x 480, 29 B): msg get "));
    let shown = bob.json(&["history", "-n", "1"]).remove(0);
    assert_eq!((&shown["file"]["width"], &shown["file"]["height"]), (&640.into(), &480.into()));
}

#[test]
fn what_cannot_be_sent_is_said_before_anything_leaves() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let from = folder();
    let there = random_file(&from.path().join("there"), 10);
    let done = alice.run(&["send", "bob", "--file", there.to_str().unwrap(), "/no/such/file"]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    let done = alice.run(&["send", "zoe", "--file", there.to_str().unwrap()]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    let done = alice.pipe(&["send", "bob", "--file", "-"], b"");
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert_eq!(bob.json(&["recv"]).len(), 0);
    assert_eq!(names(&alice.home().join("msg/default/files")), [""; 0]);
}

#[test]
fn no_plaintext_of_a_file_lies_with_the_relay_or_in_a_profile() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let secret = b"a secret that stands in no file of anybody ".repeat(4_000);
    assert_eq!(alice.pipe(&["send", "bob"], &secret).code, Some(0));
    assert_eq!(bob.run(&["recv", "--raw"]).stdout, secret);
    let needle = b"a secret that stands in no file";
    let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    for (path, bytes) in alice.files().into_iter().chain(bob.files()) {
        assert!(!holds(&bytes), "{}", path.display());
    }
    for name in names(&relay.data()) {
        let path = relay.data().join(name);
        assert!(!path.is_file() || !holds(&fs::read(&path).unwrap()), "{}", path.display());
    }
}
