//! The file system is shut down under commands at work on both sides, as when the
//! power goes.

use std::{thread, time::Duration};

use msg_tests::{
    ext4::Ext4,
    msg::{Person, befriend},
    seed,
    soak::{self, Row},
};
use tempfile::TempDir;

use super::{
    MSG,
    pair::{Pair, Watched, killed},
};

const CYCLES: u64 = 2;
/// Commands end that are not killed, however busy the machine is.
const GRACE: Duration = Duration::from_millis(20);

#[test]
fn clients_whose_disk_goes_have_written_all_that_they_confirmed() {
    let base = soak::base(42);
    let Some((disk, mut row)) = Ext4::under(Row::begin("client-shutdowns", base)) else { return };
    let mut rng = seed::rng(base);
    let relay = Watched::new();
    let people = ["alice", "bob"].map(|name| {
        let person = Person::living_in(TempDir::new_in(disk.path()).unwrap(), MSG, name);
        person.register_at(relay.link());
        person
    });
    befriend(&people);
    let mut pair = Pair::of(&people);
    for cycle in 0..soak::times(CYCLES) {
        row.run(base);
        let text = format!("s{cycle}");
        let trigger = disk.trigger();
        let both = [pair.alice.start(&["send", "bob", &text]), pair.bob.start(&["recv", "--json"])];
        pair.pause(&mut rng);
        trigger.pull();
        thread::sleep(GRACE);
        // They may fail as they like, but for a panic.
        let [sent, received] = both.map(killed);
        if sent.code == Some(0) {
            pair.confirmed.push(text);
        }
        pair.shown.take(&received);
        disk.mount_again();
        // Now and then while both are well.
        if cycle % 4 == 3 {
            pair.catch_up();
        }
    }
    pair.has_all();
    pair.goes_on();
    row.holds(&relay.found(&pair, format!("{} envelopes", relay.nonces.count())));
}
