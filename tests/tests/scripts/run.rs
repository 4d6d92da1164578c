//! `run`: a command as it would be without msg, and a message about its end.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
};

use msg_tests::msg::{Done, Person};
use rustix::process::{Pid, Signal, kill_process};

use super::{friends, relay};

/// Runs a line of shell under `msg run`.
fn run(who: &Person, line: &str) -> Done {
    who.run(&["run", "bob", "--", "sh", "-c", line])
}

#[test]
fn a_command_ends_as_it_would_alone_and_its_end_is_told() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let done = run(&alice, "printf 'out\\377\\n'; printf 'err\\n' >&2; exit 23");
    assert_eq!((done.code, done.stdout.as_slice()), (Some(23), &b"out\xff\n"[..]));
    assert_eq!(done.stderr, "err\n");
    assert_eq!(run(&alice, "kill -KILL $$").code, Some(128 + 9));
    assert_eq!(alice.run(&["run", "bob", "--", "/nowhere/at/all"]).code, Some(127));
    assert_eq!(alice.run(&["run", "bob", "--", "/etc/passwd"]).code, Some(126));
    assert_eq!(alice.run(&["run", "bob", "--on-failure", "--", "true"]).code, Some(0));

    let told = bob.done(&["recv"]);
    assert!(told.contains("failed with exit code 23 after ") && told.contains("err"), "{told}");
    assert!(told.contains("ended by signal 9 (KILL)"), "{told}");
    assert_eq!(told.matches("not started").count(), 2, "{told}");
    assert!(!told.contains("done after"), "told on failure alone: {told}");
}

#[test]
fn the_last_lines_are_told_and_all_of_the_output_passes() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let done = run(&alice, "seq 1 200000");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let lines: Vec<String> = (1..=200_000).map(|number: u32| number.to_string()).collect();
    let whole = lines.join("\n") + "\n";
    assert!(done.text() == whole, "{} bytes passed", done.stdout.len());
    let told = bob.read();
    assert!(told[0].starts_with("done after ") && told[0].ends_with("\n199999\n200000\n"));
    assert!(told[0].contains("(199980 lines before these)\n199981\n"), "{}", told[0]);
}

#[test]
fn a_command_runs_though_nobody_can_be_told() {
    let mut relay = relay();
    let [alice, bob] = friends(&relay);
    relay.kill();
    let done = run(&alice, "echo ran; exit 3");
    assert_eq!((done.code, done.text().as_str()), (Some(3), "ran\n"));
    assert!(done.stderr.contains("error: "), "{}", done.stderr);
    let stranger = alice.run(&["run", "zoe", "--", "echo", "ran"]);
    assert_eq!((stranger.code, stranger.text().as_str()), (Some(0), "ran\n"));
    assert!(stranger.stderr.contains("zoe"), "{}", stranger.stderr);
    relay.restart();
    alice.done(&["outbox", "retry"]);
    assert!(bob.read()[0].contains("exit code 3"), "the message was kept");
}

#[test]
fn a_signal_reaches_the_command_and_its_end_is_told() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let line = "trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    let words = ["run", "bob", "--", "sh", "-c", line];
    let mut running = alice.command(&words).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    let mut said = String::new();
    out.read_line(&mut said).unwrap();
    let id = Pid::from_raw(i32::try_from(running.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    out.read_line(&mut said).unwrap();
    assert_eq!(said, "ready\ncaught\n");
    assert_eq!(running.wait().unwrap().code(), Some(7));
    assert!(bob.read()[0].contains("exit code 7"));
}

#[test]
fn files_of_the_command_are_made_as_without_msg() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    let path = alice.home().join("made");
    let line = format!("umask 022; {} run bob -- touch {}", super::MSG, path.display());
    let home = alice.home().join("msg");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &line]).env("MSG_HOME", home);
    assert!(shell.status().unwrap().success());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_and_those_it_leaves_behind_hold_nothing_up() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    let mut running =
        alice.command(&["run", "bob", "--", "yes"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(running.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(128 + 13), "as in yes | head -1");

    let done = run(&alice, "sleep 600 & echo started $!");
    assert_eq!(done.code, Some(0));
    let id: i32 = done.text().trim().rsplit(' ').next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
}
