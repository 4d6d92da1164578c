//! Files to everybody in a group: one upload, and its key sealed to each.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use msg_protocol::request::Request;
use msg_tests::{
    msg::Person,
    relay::{Answer, Liar, Lie},
};

use super::{MSG, folder, id, random_file, relay, run_in, sha256, wait_for};

/// Counts pieces.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Lie for Counted {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        if matches!(request, Request::PutBlobChunk(_)) {
            self.0.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        None
    }
}

/// Alice, bob and carol, in `#ops`.
fn ops(liar: &Liar) -> [Person; 3] {
    let people =
        ["alice", "bob", "carol"].map(|name| Person::registered_at(MSG, name, liar.link()));
    let [alice, bob, carol] = &people;
    for other in [bob, carol] {
        alice.done(&["add-contact", &other.name]);
        other.done(&["add-contact", "alice"]);
    }
    alice.done(&["recv"]);
    alice.done(&["group", "create", "ops", "bob", "carol"]);
    for other in [bob, carol] {
        other.done(&["group", "accept", "ops"]);
    }
    // Everybody hears who has joined.
    for _ in 0..3 {
        for person in &people {
            person.done(&["recv"]);
        }
    }
    people
}

#[test]
fn a_file_for_a_group_is_uploaded_once_and_goes_on_after_a_kill() {
    let relay = relay();
    let liar = Liar::before(relay.endpoint());
    let [alice, bob, carol] = ops(&liar);
    let counted = Counted::default();
    liar.lies(counted.clone());
    let from = folder();
    let length = 16 << 20;
    let film = random_file(&from.path().join("film.mkv"), length);
    let words = ["send", "-g", "ops", "--file", film.to_str().unwrap()];
    let mut sending = alice.start(&words);
    wait_for(&mut sending, "a part went by", || counted.0.load(Ordering::SeqCst) > 50);
    sending.kill().unwrap();
    sending.wait().unwrap();
    let sent = alice.json(&words);
    assert_eq!(sent.len(), 2, "{sent:?}");
    for row in &sent {
        assert_eq!((row["level"].as_str(), row["group"].as_str()), (Some("relay"), Some("#ops")));
    }
    let pieces = counted.0.load(Ordering::SeqCst);
    let least = length / 65_536;
    assert!(pieces >= least && pieces < least + least / 4, "{pieces} pieces");
    for person in [&bob, &carol] {
        let lines = person.json(&["recv"]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((&lines[0]["group"], &lines[0]["kind"]), (&"#ops".into(), &"file".into()));
        let to = folder();
        let done = run_in(person, to.path(), &["get", id(&lines[0])]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(sha256(&to.path().join("film.mkv")), sha256(&film));
    }
    let text = "long ".repeat(20_000);
    assert_eq!(alice.pipe(&["send", "#ops"], text.as_bytes()).code, Some(0));
    for person in [&bob, &carol] {
        assert_eq!(person.read(), [text.as_str()]);
    }
}

#[test]
fn a_file_for_a_group_in_which_nobody_is_leaves_nothing_behind() {
    let relay = relay();
    let liar = Liar::before(relay.endpoint());
    let alice = Person::registered_at(MSG, "alice", liar.link());
    for words in [["send", "#ops", "--file", "-"], ["send", "#alone", "--file", "-"]] {
        alice.run(&["group", "create", "alone"]);
        let done = alice.pipe(&words, b"data");
        assert_eq!(done.code, Some(1), "{}", done.stderr);
        assert_eq!(alice.json(&["outbox"]).len(), 0);
        let shelf = alice.home().join("msg/default/files");
        assert_eq!(super::names(&shelf), [""; 0]);
    }
}
