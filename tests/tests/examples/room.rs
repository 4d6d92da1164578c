//! `room`: several people, somebody who comes later, and several clients at once.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use msg_tests::{
    msg::{Done, Person},
    relay::RelayProcess,
    terminal::Terminal,
};

use super::{MSG, Running, acquaint, command, example, relay, run};

const PROGRAM: &str = "room/room";

/// Somebody who goes into the room, with a pipe to type into.
fn enter(who: &Person, room: &str) -> Running {
    let mut command = command(who, &example(PROGRAM), &[room]);
    command.stdin(Stdio::piped());
    let inside = Running::start(command, &who.home().join("room"));
    inside.says(&format!("you are in {room};"));
    inside
}

/// Three people of whom two are in a room and see each other.
fn kitchen(relay: &RelayProcess) -> ([Person; 3], [Running; 2]) {
    let people = ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, relay));
    let [alice, bob, carol] = &people;
    acquaint(alice, &[bob, carol]);
    let made = run(alice, PROGRAM, &["--create", "kitchen", "bob"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let [bobs, mut alices] = [enter(bob, "kitchen"), enter(alice, "kitchen")];
    let both_are_there = || {
        alices.types("/who");
        thread::sleep(Duration::from_millis(500));
        alices.said().contains("2 people").then_some(())
    };
    super::until(both_are_there, || bobs.said());
    (people, [alices, bobs])
}

#[test]
fn people_in_a_room_hear_each_other_and_who_comes_back_has_missed_nothing() {
    let relay = relay();
    let ([_alice, bob, _carol], [mut alices, mut bobs]) = kitchen(&relay);
    alices.types("the kettle is on; $(id) `id` \\n");
    bobs.says("│ the kettle is on; $(id) `id` \\n");
    bobs.types("two sugars \u{1b}[2J");
    alices.says("#kitchen bob");
    alices.says("│ two sugars");
    assert!(!alices.said().contains('\u{1b}'), "{}", alices.said());
    drop(bobs.child.stdin.take());
    assert!(bobs.child.wait().unwrap().success(), "{}", bobs.said());
    alices.types("is bob gone?");
    alices.types("/history");
    alices.says("│ the kettle is on; $(id) `id` \\n");
    let mut bobs = enter(&bob, "kitchen");
    bobs.says("│ is bob gone?");
    bobs.types("/leave");
    assert!(bobs.child.wait().unwrap().success(), "{}", bobs.said());
    assert_eq!(bob.json(&["group", "info", "kitchen"])[0]["standing"], "gone");
}

#[test]
fn a_newcomer_sees_what_was_said_before() {
    let relay = relay();
    let ([_alice, _bob, carol], [mut alices, mut bobs]) = kitchen(&relay);
    alices.types("the kettle is on");
    bobs.says("│ the kettle is on");
    bobs.types("two sugars");
    alices.says("│ two sugars");
    alices.types("/invite carol");
    let mut carols = super::until(
        || {
            let groups = carol.json(&["group", "list"]);
            (!groups.is_empty()).then(|| enter(&carol, "kitchen"))
        },
        || alices.said(),
    );
    carols.says("│ the kettle is on");
    carols.says("│ two sugars");
    carols.types("three cups, then");
    alices.says("│ three cups, then");
    bobs.says("│ three cups, then");
}

#[test]
fn a_room_is_not_entered_unasked_and_has_a_plain_name() {
    let relay = relay();
    let alice = Person::registered(MSG, "alice", &relay);
    let unasked = run(&alice, PROGRAM, &["kitchen"]);
    assert_eq!(unasked.code, Some(1), "{}", unasked.stderr);
    assert!(unasked.stderr.contains("room --create kitchen"), "{}", unasked.stderr);
    for name in ["../x", "a b", "$(id)", "-x", ""] {
        let refused = run(&alice, PROGRAM, &[name]);
        assert_ne!(refused.code, Some(0), "{name}");
    }
    let done = run(&alice, PROGRAM, &["--clients", "two", "--relay", "/dev/null", "kitchen"]);
    assert!(done.stderr.contains("a number from 1 to 99"), "{}", done.stderr);
}

/// A file with the relay's link, and the command that opens clients.
fn clients(of: &Person, relay: &RelayProcess, more: &[&str]) -> Command {
    let link = of.home().join("link.txt");
    fs::write(&link, relay.link().to_secret_text() + "\n").unwrap();
    let words = ["--clients", "3", "--relay", link.to_str().unwrap()];
    let mut command = command(of, &example(PROGRAM), &[&words[..], more, &["hall"]].concat());
    command.env("TMPDIR", of.home());
    command
}

/// A client, started by the line that is shown for it.
fn client(line: &str, at: &Person) -> Running {
    let mut shell = command(at, Path::new("/bin/sh"), &["-c", &format!("{line}; exit $?")]);
    shell.stdin(Stdio::piped());
    let name = line.split(['/', ' ']).find(|part| part.starts_with("guest")).unwrap();
    let running = Running::start(shell, &at.home().join(format!("said-{name}")));
    running.says("you are in hall");
    running
}

#[test]
fn several_clients_at_once_are_told_how_to_open_and_leave_nothing() {
    let relay = relay();
    let host = Person::new(MSG, "host");
    let mut command = clients(&host, &relay, &["--terminals", "plain"]);
    let mut opening: Child = command.stdin(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(opening.stdout.take().unwrap()).lines();
    let lines: Vec<String> = lines.take(3).map(Result::unwrap).collect();
    let mut rooms: Vec<Running> = lines.iter().map(|line| client(line, &host)).collect();
    for number in 0..3 {
        rooms[number].types(&format!("I am number {number}"));
        for (_, room) in rooms.iter().enumerate().filter(|(other, _)| *other != number) {
            room.says(&format!("│ I am number {number}"));
        }
    }
    drop(rooms);
    drop(opening.stdin.take());
    let done = opening.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let left = fs::read_dir(host.home()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_str().unwrap().starts_with("tmp.")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_window_opens_for_each_client() {
    let relay = relay();
    let host = Person::new(MSG, "host");
    let mut command = clients(&host, &relay, &["--terminals", "window"]);
    // Instead of a window: what it would run, for a moment.
    let window = host.home().join("tools/x-terminal-emulator");
    fs::write(&window, "#!/bin/sh\n[ \"$1\" = -e ] && shift && echo window && exec \"$@\"\n")
        .unwrap();
    fs::set_permissions(&window, fs::Permissions::from_mode(0o700)).unwrap();
    let done = Done::of(command.output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(done.text().matches("window").count(), 3, "{}{}", done.text(), done.stderr);
    assert_eq!(done.stderr.matches("you are in hall").count(), 3, "{}", done.stderr);
}

#[test]
fn a_pane_of_tmux_opens_for_each_client() {
    let has_tmux = Command::new("tmux").arg("-V").output().is_ok_and(|done| done.status.success());
    if !has_tmux {
        return;
    }
    let relay = relay();
    let host = Person::new(MSG, "host");
    let mut command = clients(&host, &relay, &["--terminals", "tmux"]);
    command.env("TERM", "xterm").env("TMUX_TMPDIR", host.home());
    let mut terminal = Terminal::start(&command);
    for _ in 0..3 {
        terminal.reads("you are in");
    }
    // Ctrl-D in each pane; the next one is in front when it has gone.
    let (status, shown) = terminal.end_by("\u{4}");
    assert!(status.success(), "{shown}");
}
