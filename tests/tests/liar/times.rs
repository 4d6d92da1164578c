//! Lies about what time it is, and about what was before.

use std::{fs, process::Command};

use msg_protocol::{id::RelayEpoch, request::Request, response::Response, version::Welcome};
use msg_tests::{
    msg::Person,
    place::copy_folder,
    relay::{Answer, Lie},
};
use tempfile::TempDir;

use crate::scene::{LATER_S, Scene};

const TEN_YEARS_S: i64 = 3_650 * 86_400;

#[test]
fn a_false_time_changes_nothing() {
    /// Has a clock that is off.
    struct Off(i64);

    impl Lie for Off {
        fn welcome(&mut self, welcome: &mut Welcome) {
            welcome.time.0 = welcome.time.0.saturating_add_signed(self.0);
        }

        fn say(&mut self, _: &Request, answer: &mut Answer) {
            if let Ok(Response::Ticket(ticket)) = answer {
                ticket.expires.0 = ticket.expires.0.saturating_add_signed(self.0);
            }
        }
    }

    let scene = Scene::new();
    for (round, off_s) in [TEN_YEARS_S, -TEN_YEARS_S, i64::MAX, i64::MIN].into_iter().enumerate() {
        scene.liar.lies(Off(off_s));
        let [one, other] = ["one", "other"].map(|name| scene.person(&format!("{name}{round}")));
        // Rights that have ended before they are bought are of no use. That is all.
        one.run(&["add-contact", &other.name]);
        other.run(&["add-contact", &one.name]);
        scene.liar.is_honest();
        for person in [&one, &other, &one] {
            person.done(&["status"]);
        }
        scene.liar.lies(Off(off_s));
        one.done(&["send", &other.name, "now"]);
        let came = other.json(&["recv"]);
        assert_eq!(came.len(), 1);
        assert_eq!(came[0]["body"], "now");
        let year = |field: &str| came[0][field].as_str().unwrap()[..4].to_owned();
        assert_eq!(year("stored_at"), this_year());
        assert_eq!(year("sent_at"), this_year());
        let doctor = one.json(&["doctor"]);
        let relay = doctor.iter().find(|row| row["what"] == "relay").unwrap();
        assert_eq!(relay["state"], "notice", "{relay}");
    }
}

fn this_year() -> String {
    let output = Command::new("date").args(["-u", "+%Y"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Says that nothing has been restored.
struct SameEpoch(Option<RelayEpoch>);

impl Lie for SameEpoch {
    fn welcome(&mut self, welcome: &mut Welcome) {
        welcome.epoch = *self.0.get_or_insert(welcome.epoch);
    }
}

#[test]
fn a_relay_that_is_rolled_back_repeats_nothing_and_loses_nothing() {
    rolled_back(&mut Scene::new());
}

#[test]
fn a_relay_that_hides_that_it_is_rolled_back_repeats_nothing_and_loses_nothing() {
    let mut scene = Scene::new();
    scene.liar.lies(SameEpoch(None));
    rolled_back(&mut scene);
}

fn rolled_back(scene: &mut Scene) {
    let [alice, bob] = scene.friends(["alice", "bob"]);
    alice.done(&["send", "bob", "before"]);
    let aside = TempDir::new().unwrap();
    assert!(scene.relay.stop().success());
    copy_folder(&scene.relay.data(), aside.path());
    scene.relay.restart();

    assert_eq!(bob.read(), ["before"]);
    let read: Vec<String> = (0..5).map(|number| format!("read {number}")).collect();
    for text in &read {
        alice.done(&["send", "bob", text]);
    }
    assert_eq!(bob.read(), read);
    bob.done(&["send", "alice", "back"]);
    alice.done(&["send", "bob", "lost"]);

    scene.relay.kill();
    fs::remove_dir_all(scene.relay.data()).unwrap();
    copy_folder(aside.path(), &scene.relay.data());
    scene.relay.restart();
    assert_eq!(bob.read(), [""; 0], "nothing twice");
    let mut later = vec!["lost".to_owned()];
    for number in 0..3 {
        let text = format!("later {number}");
        alice.done(&["send", "bob", &text]);
        later.push(text);
    }
    let mut shown = bob.read();
    for (person, other) in [(&alice, &bob), (&bob, &alice)] {
        person.run_at(LATER_S, &["status"]);
        other.run_at(LATER_S, &["status"]);
    }
    shown.extend(bob.read());
    shown.sort();
    later.sort();
    assert_eq!(shown, later);
    assert_eq!(alice.read(), ["back"]);
}

#[test]
fn a_false_count_of_sign_ins_loses_nothing() {
    /// Says that somebody else has signed in with this device.
    struct Counts(u64);

    impl Lie for Counts {
        fn say(&mut self, _: &Request, answer: &mut Answer) {
            if let Ok(Response::SignedIn(signed_in)) = answer {
                signed_in.counter = self.0;
            }
        }
    }

    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    for count in [0, 1 << 40, 0, u64::MAX, 5] {
        let exchange = |person: &Person, other: &Person| {
            let text = format!("at {count} to {}", other.name);
            person.done(&["send", &other.name, &text]);
            text
        };
        scene.liar.lies(Counts(count));
        let (there, back) = (exchange(&alice, &bob), exchange(&bob, &alice));
        let (mut at_bob, mut at_alice) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            at_bob.extend(bob.read());
            at_alice.extend(alice.read());
        }
        scene.liar.is_honest();
        for _ in 0..3 {
            at_bob.extend(bob.read());
            at_alice.extend(alice.read());
        }
        assert_eq!((at_bob, at_alice), (vec![there], vec![back]));
    }
}
