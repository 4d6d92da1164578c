//! Readers that go away, and disks that take nothing: what was not written stays
//! unread.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader},
    process::{ChildStdout, Stdio},
    thread,
    time::{Duration, Instant},
};

use msg_tests::msg::{Done, Person};
use rustix::io::ioctl_fionread;
use serde_json::Value;

use super::{friends, relay};

/// Bytes that a pipe takes from a writer before anybody reads.
const PIPE: usize = 64 * 1024;
const WAITING: usize = 2_000;

#[test]
fn a_reader_that_takes_one_line_of_two_thousand_leaves_what_its_pipe_never_took() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let sent = send_lines(&alice, WAITING);
    let mut receiving = bob.start(&["recv", "--json"]);
    // The smallest buffer: what is read ahead counts as taken.
    let mut pipe = BufReader::with_capacity(1, receiving.stdout.take().unwrap());
    let mut first = String::new();
    pipe.read_line(&mut first).unwrap();
    fill(pipe.get_ref());
    drop(pipe);
    let done = Done::of(receiving.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(done.stderr, "", "enough was read, and that is no failure");

    let rest = bob.json(&["recv"]);
    let shortest = rest.iter().map(|line| line.to_string().len()).min().unwrap();
    let taken = 2 + PIPE / shortest;
    assert!(rest.len() >= WAITING - taken, "{} are left, {taken} fit the pipe", rest.len());
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(body(&first), sent[0]);
    let rest: Vec<&str> = rest.iter().map(body).collect();
    assert_eq!(rest, sent[WAITING - rest.len()..], "in order, and without a hole");
    assert_eq!(bob.read(), [""; 0]);
}

#[test]
fn a_full_device_takes_nothing_and_nothing_is_marked() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let sent = send_lines(&alice, 10);
    for words in [&["recv"][..], &["recv", "--json"], &["recv", "--raw"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let done = Done::of(bob.command(words).stdout(full).output().unwrap());
        assert_eq!(done.code, Some(1), "{words:?}: {}", done.stderr);
        assert!(done.stderr.starts_with("error: ") || words.contains(&"--json"), "{}", done.stderr);
    }
    let lines = bob.json(&["recv"]);
    assert_eq!(lines.iter().map(body).collect::<Vec<_>>(), sent);
    let again = |line: &Value| line.get("redelivered").and_then(Value::as_bool) == Some(true);
    assert!(lines.iter().all(again), "whoever reads knows that it may have been shown before");
}

#[test]
fn nobody_who_reads_nothing_has_read_anything() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let sent = send_lines(&alice, 3);
    let mut receiving = bob.command(&["recv"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(receiving.stdout.take());
    let done = Done::of(receiving.wait_with_output().unwrap());
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    assert_eq!(bob.read(), sent);
}

#[test]
fn a_producer_never_meets_a_broken_pipe() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let much = vec![b'x'; 4 << 20];
    let codes: BTreeSet<_> = [
        alice.pipe(&["send", "bob"], &much).code,
        alice.pipe(&["send", "bob", "an argument"], &much).code,
        alice.pipe(&["send", "zoe", "--lines"], b"one\ntwo\n").code,
    ]
    .into();
    assert!(!codes.contains(&None), "nobody was ended by a signal: {codes:?}");
    let read = bob.read();
    assert!(read.len() == 2 && read[0].as_bytes() == much, "a text is never too long");
    assert_eq!(read[1], "an argument");
}

/// Waits until a pipe takes nothing more.
fn fill(pipe: &ChildStdout) {
    let deadline = Instant::now() + Duration::from_mins(1);
    let almost = (PIPE - 2 * 4096) as u64;
    while ioctl_fionread(pipe).unwrap() < almost {
        assert!(Instant::now() < deadline, "the pipe does not fill");
        thread::sleep(Duration::from_millis(10));
    }
}

fn send_lines(from: &Person, count: usize) -> Vec<String> {
    let lines: Vec<String> = (0..count).map(|number| format!("line {number}")).collect();
    let done = from.pipe(&["send", "bob", "--lines"], (lines.join("\n") + "\n").as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    lines
}

fn body(line: &Value) -> &str {
    line.get("body").and_then(Value::as_str).unwrap_or("no text")
}
