//! What the relay does not take is said before anything is sent.

use std::fs::File;

use msg_tests::{
    msg,
    relay::{RelayBuilder, RelayProcess},
};

use super::{MSG, folder, names};

fn relay_with(limits: &[(&str, &str)]) -> RelayProcess {
    let builder = RelayBuilder::new(env!("CARGO_BIN_EXE_relay"));
    let with = |builder: RelayBuilder, (limit, value): &(&str, &str)| {
        builder.env(format!("MSG_RELAY_LIMITS_{limit}"), *value)
    };
    limits.iter().fold(builder, with).start()
}

#[test]
fn a_file_over_the_relays_limit_is_refused_before_it_is_read() {
    let relay = relay_with(&[("BLOB_BYTES", "1MiB")]);
    let [alice, bob] = msg::friends(MSG, &relay, ["alice", "bob"]);
    let from = folder();
    let path = from.path().join("large");
    // A file without contents: reading it all would take a while.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let done = alice.run(&["send", "bob", "--file", path.to_str().unwrap()]);
    assert_eq!(done.code, Some(8), "{}", done.stderr);
    assert!(done.stderr.contains("larger than the 1.0 MB"), "{}", done.stderr);
    let done = alice.pipe(&["send", "bob", "--file", "-"], &vec![1; 3 << 20]);
    assert_eq!(done.code, Some(8), "{}", done.stderr);
    assert_eq!(alice.json(&["outbox"]).len(), 0, "nothing of it is kept");
    assert_eq!(names(&alice.home().join("msg/default/files")), [""; 0]);
    assert_eq!(bob.json(&["recv"]).len(), 0);
}

#[test]
fn an_account_without_room_is_told_so_at_the_first_piece() {
    let relay = relay_with(&[("BLOB_BYTES", "4MiB"), ("ACCOUNT_BLOB_BYTES", "4MiB")]);
    let [alice, bob] = msg::friends(MSG, &relay, ["alice", "bob"]);
    let much = vec![1; 3 << 20];
    assert_eq!(alice.pipe(&["send", "bob", "--file", "-"], &much).code, Some(0));
    let done = alice.pipe(&["send", "bob", "--file", "-"], &much);
    assert_eq!(done.code, Some(8), "{}", done.stderr);
    assert!(done.stderr.contains("quota"), "{}", done.stderr);
    assert_eq!(names(&alice.home().join("msg/default/files")), [""; 0]);
    assert_eq!(bob.json(&["recv"]).len(), 1);
    let done = alice.pipe(&["send", "bob", "--file", "-"], b"small");
    assert_eq!(done.code, Some(0), "what fits still goes: {}", done.stderr);
}

#[test]
fn a_relay_without_files_says_so() {
    let relay = relay_with(&[("BLOB_BYTES", "0")]);
    let [alice, _bob] = msg::friends(MSG, &relay, ["alice", "bob"]);
    let done = alice.pipe(&["send", "bob", "--file", "-"], b"small");
    assert_eq!(done.code, Some(8), "{}", done.stderr);
    assert!(done.stderr.contains("takes no files"), "{}", done.stderr);
}
