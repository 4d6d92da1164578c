//! Questions, as somebody at a terminal is asked them.

use std::{fs, os::unix::process::ExitStatusExt as _};

use msg_tests::{
    msg::{Done, Person},
    relay::RelayProcess,
    terminal::Terminal,
};
use rustix::process::Signal;

use super::{MSG, PASSWORD, friends, relay, unattended::locked};

fn on_terminal(person: &Person, words: &[&str]) -> Terminal {
    Terminal::start(&person.command(words))
}

fn register(person: &Person, relay: &RelayProcess) -> Terminal {
    let link = relay.link().to_secret_text();
    on_terminal(person, &["register", &person.name, "--relay", &link])
}

/// Waits for a question that is answered unseen.
#[track_caller]
fn asked(terminal: &mut Terminal, question: &str) {
    terminal.reads(question);
    assert!(!terminal.shows_typing(), "whatever is typed from here on is unseen");
}

#[test]
fn a_new_password_is_asked_for_twice_and_never_shown() {
    let relay = relay();
    let person = Person::new(MSG, "alice");
    let mut terminal = register(&person, &relay);
    asked(&mut terminal, "New password: ");
    terminal.types("short\n");
    terminal.reads("password has fewer than 8 characters; please try again");
    asked(&mut terminal, "New password: ");
    terminal.types(PASSWORD);
    asked(&mut terminal, "The same again: ");
    terminal.types("correct horse battery 4712\n");
    terminal.reads("these were not the same; please try again");
    asked(&mut terminal, "New password: ");
    terminal.types(PASSWORD);
    asked(&mut terminal, "The same again: ");
    terminal.types(PASSWORD);
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains("horse") && !shown.contains("short"), "{shown}");
    assert!(terminal.shows_typing());

    let mut terminal = on_terminal(&person, &["whoami"]);
    asked(&mut terminal, "Password: ");
    terminal.types(PASSWORD);
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("alice@") && !shown.contains("horse"), "{shown}");
}

#[test]
fn three_wrong_passwords_give_6_and_three_that_differ_make_no_account() {
    let relay = relay();
    let (lara, _) = locked(&relay);
    let mut terminal = on_terminal(&lara, &["whoami"]);
    for _ in 0..3 {
        asked(&mut terminal, "Password: ");
        terminal.types("incorrect horse\n");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(6), "{shown}");
    assert!(shown.contains("error: ") && !shown.contains("horse"), "{shown}");

    let person = Person::new(MSG, "bob");
    let mut terminal = register(&person, &relay);
    for number in 0..3 {
        asked(&mut terminal, "New password: ");
        terminal.types(&format!("correct horse {number}\n"));
        asked(&mut terminal, "The same again: ");
        terminal.types("something else\n");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(6), "{shown}");
    assert!(shown.contains("no new password was chosen"), "{shown}");
    assert!(!person.home().join("msg/default/store.redb").exists());
}

#[test]
fn whatever_ends_a_question_leaves_the_terminal_as_it_was() {
    let relay = relay();
    let (lara, _) = locked(&relay);
    let endings: [(&str, Option<Signal>, Signal); 5] = [
        ("half a pass\u{3}", None, Signal::INT),
        ("half a pass\u{1c}", None, Signal::QUIT),
        ("", Some(Signal::INT), Signal::INT),
        ("", Some(Signal::TERM), Signal::TERM),
        ("", Some(Signal::HUP), Signal::HUP),
    ];
    for (keys, signal, ends_by) in endings {
        let mut terminal = on_terminal(&lara, &["recv"]);
        asked(&mut terminal, "Password: ");
        terminal.types(keys);
        if let Some(signal) = signal {
            terminal.signals(signal);
        }
        let (status, shown) = terminal.end();
        assert_eq!(status.signal(), Some(ends_by.as_raw()), "{keys:?} {signal:?}: {shown}");
        assert!(terminal.shows_typing(), "{keys:?} {signal:?}");
        assert!(!shown.contains("half"), "{shown}");
    }
    let mut terminal = on_terminal(&lara, &["recv"]);
    asked(&mut terminal, "Password: ");
    terminal.types("\u{4}");
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(6), "{shown}");
    assert!(shown.contains("\nerror: no answer from the terminal"), "{shown}");
    assert!(terminal.shows_typing());
}

#[test]
fn a_question_that_is_put_aside_shows_typing_and_goes_on_unseen() {
    let relay = relay();
    let (lara, _) = locked(&relay);
    let mut command = lara.command::<&str>(&[]);
    // A shell that keeps jobs; it reads a line while the question is put aside.
    let script = "set -m; \"$0\" whoami; echo aside; read line; echo \"$line back\"; fg";
    command = in_shell(&command, script);
    let mut terminal = Terminal::start(&command);
    asked(&mut terminal, "Password: ");
    terminal.types("\u{1a}");
    terminal.reads("aside");
    assert!(terminal.shows_typing());
    terminal.types("and\n");
    terminal.reads("and back");
    while terminal.shows_typing() {
        std::thread::yield_now();
    }
    terminal.types(PASSWORD);
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("lara@") && !shown.contains("horse"), "{shown}");
}

#[test]
fn a_job_in_the_background_of_a_terminal_is_told_6_and_never_asks() {
    let relay = relay();
    let (lara, _) = locked(&relay);
    let command = lara.command::<&str>(&[]);
    let mut terminal =
        Terminal::start(&in_shell(&command, "set -m; \"$0\" recv & wait $!; exit $?"));
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(6), "{shown}");
    assert!(!shown.contains("Password"), "{shown}");
}

#[test]
fn who_has_unlocked_is_not_asked_until_it_is_locked_again() {
    let relay = relay();
    let (lara, _) = locked(&relay);
    let mut terminal = on_terminal(&lara, &["unlock"]);
    asked(&mut terminal, "Password: ");
    terminal.types(PASSWORD);
    let (status, shown) = terminal.end();
    if shown.contains("keyring cannot be used") {
        eprintln!("skipped: the kernel keeps no keys here");
        return;
    }
    assert_eq!(status.code(), Some(0), "{shown}");
    lara.done(&["recv"]);
    let (status, shown) = on_terminal(&lara, &["whoami"]).end();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains("Password"), "{shown}");
    lara.done(&["lock"]);
    assert_eq!(lara.run(&["recv"]).code, Some(6));
}

#[test]
fn another_identity_is_trusted_by_yes_alone() {
    let mut relay = relay();
    let [alice, _gone] = friends(&relay);
    assert!(relay.stop().success());
    for entry in fs::read_dir(relay.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "redb") {
            fs::remove_file(path).unwrap();
        }
    }
    relay.restart();
    let bob = Person::registered(MSG, "bob", &relay);
    let held = alice.run(&["send", "bob", "for whom?"]);
    assert_ne!(held.code, Some(0), "{}", held.stderr);
    let held = alice.run(&["send", "bob", "for whom?"]);
    assert_eq!(held.code, Some(3), "{}", held.stderr);

    let no_terminal = alice.run(&["trust", "bob"]);
    assert_eq!(no_terminal.code, Some(2), "{}", no_terminal.stderr);
    for (answer, code) in [("no\n", 3), ("\n", 3), ("yes please\n", 3), ("yes\n", 0)] {
        let mut terminal = on_terminal(&alice, &["trust", "bob"]);
        terminal.reads("Is the new fingerprint that of bob? [yes/no] ");
        assert!(terminal.shows_typing());
        terminal.types(answer);
        let (status, shown) = terminal.end();
        assert_eq!(status.code(), Some(code), "{answer:?}: {shown}");
        let fingerprint = bob.json(&["whoami"])[0]["fingerprint"].as_str().unwrap().to_owned();
        assert!(shown.contains(&fingerprint), "{fingerprint} is not in {shown}");
    }
}

#[test]
fn safety_numbers_and_the_end_of_an_account_are_asked_about() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    let trust = || alice.json(&["contacts"])[0]["trust"].as_str().unwrap().to_owned();
    for (answer, expected) in [("no\n", "unverified"), ("yes\n", "verified")] {
        let mut terminal = on_terminal(&alice, &["verify", "bob"]);
        terminal.reads("Do they see the same number? [yes/no] ");
        terminal.types(answer);
        let (status, shown) = terminal.end();
        assert_eq!((status.code(), trust().as_str()), (Some(0), expected), "{shown}");
    }
    for (answer, code) in [("no\n", 1), ("yes\n", 0)] {
        let mut terminal = on_terminal(&alice, &["delete-account"]);
        terminal.reads("for good? [yes/no] ");
        terminal.types(answer);
        let (status, shown) = terminal.end();
        assert_eq!(status.code(), Some(code), "{shown}");
    }
    assert!(!alice.home().join("msg/default/store.redb").exists());
}

#[test]
fn the_invitation_is_asked_for_unseen() {
    let relay = super::invited();
    let link = relay.link().to_secret_text();
    let (public, invite) = link.split_once("&invite=").unwrap();
    let person = Person::new(MSG, "alice");
    let words = ["register", "alice", "--relay", public, "--unattended", "--invite"];
    let mut terminal = on_terminal(&person, &words);
    asked(&mut terminal, "Invitation: ");
    terminal.types(&format!("{invite}\n"));
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains(invite), "{shown}");
    assert_eq!(Done::of(person.command(&["whoami"]).output().unwrap()).code, Some(0));
}

/// A shell with the program as `$0`, and its environment.
fn in_shell(command: &std::process::Command, script: &str) -> std::process::Command {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}
