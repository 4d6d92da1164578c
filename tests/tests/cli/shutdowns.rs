//! The file system is shut down under commands at work on both sides, as when the
//! power goes.

use std::{
    thread,
    time::{Duration, Instant},
};

use msg_tests::{
    ext4::Ext4,
    msg::{Done, Person, befriend},
    nonces::Nonces,
    relay::Liar,
    seed,
    shown::Shown,
    soak::{self, Found, Row},
};
use rand_core::Rng as _;
use tempfile::TempDir;

use super::{MSG, relay};

const CYCLES: u64 = 2;
/// Commands end that are not killed, however busy the machine is.
const GRACE: Duration = Duration::from_millis(20);

/// With what a command may end whose disk has gone.
fn may_end(done: &Done) {
    let broken = done.code != Some(101) && !done.stderr.contains("panicked");
    assert!(broken, "{:?}: {}", done.code, done.stderr);
}

#[test]
fn clients_whose_disk_goes_have_written_all_that_they_confirmed() {
    let base = soak::base(42);
    let mut row = Row::begin("client-shutdowns", base);
    let disk = match Ext4::new() {
        Ok(disk) => disk,
        Err(why) => {
            eprintln!("skipped: {why}");
            return row.skipped(&why);
        }
    };
    let mut rng = seed::rng(base);
    let relay = relay();
    let (liar, nonces) = (Liar::before(relay.endpoint()), Nonces::default());
    liar.lies(nonces.clone());
    let people = ["alice", "bob"].map(|name| {
        let person = Person::living_in(TempDir::new_in(disk.path()).unwrap(), MSG, name);
        person.register_at(liar.link());
        person
    });
    befriend(&people);
    let [alice, bob] = &people;
    let (mut confirmed, mut shown) = (Vec::new(), Shown::default());
    let begin = Instant::now();
    alice.done(&["send", "bob", "whole"]);
    shown.take(&bob.run(&["recv", "--json"]));
    let longest = begin.elapsed().mul_f64(0.6);
    for cycle in 0..soak::times(CYCLES) {
        row.run(base);
        let text = format!("s{cycle}");
        let trigger = disk.trigger();
        let sending = alice.start(&["send", "bob", &text]);
        let receiving = bob.start(&["recv", "--json"]);
        thread::sleep(longest.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX)));
        trigger.pull();
        thread::sleep(GRACE);
        let mut ended = Vec::new();
        for mut child in [sending, receiving] {
            let _ = child.kill();
            ended.push(Done::of(child.wait_with_output().unwrap()));
        }
        ended.iter().for_each(may_end);
        if ended[0].code == Some(0) {
            confirmed.push(text);
        }
        shown.take(&ended[1]);
        disk.mount_again();
        // Now and then while both are well.
        if cycle % 4 == 3 {
            alice.done(&["outbox", "retry"]);
            shown.take(&bob.run(&["recv", "--json"]));
        }
    }
    alice.done(&["outbox", "retry"]);
    shown.take(&bob.run(&["recv", "--json"]));
    for text in &confirmed {
        assert!(shown.bodies.contains(text), "{text} was confirmed and never shown");
    }
    alice.done(&["send", "bob", "and on it goes"]);
    bob.done(&["send", "alice", "both ways"]);
    assert_eq!(bob.read(), ["and on it goes"]);
    assert_eq!(alice.read(), ["both ways"]);
    assert_eq!((nonces.reused(), relay.panics()), (0, 0));
    row.holds(&Found {
        acknowledged: confirmed.len() as u64,
        lost: Some(0),
        twice: Some(0),
        keys_reused: Some(nonces.reused()),
        panics: Some(relay.panics()),
        note: format!("{} envelopes", nonces.count()),
    });
}
