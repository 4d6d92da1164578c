//! Many commands at once.

use std::{thread, time::Duration};

use msg_tests::msg::Done;
use rustix::process::{Pid, Signal, kill_process};

use super::{friends, relay};

#[test]
fn a_hundred_sends_at_once_all_succeed_and_arrive_once() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let follower = bob.start(&["recv", "--follow", "--json"]);
    let running: Vec<_> =
        (0..100).map(|number| alice.start(&["send", "bob", &format!("m{number}")])).collect();
    for child in running {
        let done = Done::of(child.wait_with_output().unwrap());
        assert_eq!(done.code, Some(0), "{}", done.stderr);
    }
    let mut got = Vec::new();
    for _ in 0..100 {
        thread::sleep(Duration::from_millis(100));
        got = bob.json(&["history", "-n", "200"]);
        if got.len() >= 100 {
            break;
        }
    }
    kill_process(Pid::from_child(&follower), Signal::TERM).unwrap();
    let shown = Done::of(follower.wait_with_output().unwrap());
    let mut bodies: Vec<String> = shown
        .lines()
        .iter()
        .filter_map(|line| line.get("body")?.as_str().map(str::to_owned))
        .chain(bob.read())
        .collect();
    bodies.sort();
    let mut expected: Vec<String> = (0..100).map(|number| format!("m{number}")).collect();
    expected.sort();
    assert_eq!(bodies, expected, "{} in the history; {}", got.len(), shown.stderr);
}
