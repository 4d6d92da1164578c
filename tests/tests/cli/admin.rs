//! An administrator who needs no shell on the relay's machine.

use std::process::{Command, Stdio};

use msg_tests::{msg::Person, relay::RelayProcess, terminal::Terminal};

use super::{MSG, PASSWORD, invited, relay};

fn operate(relay: &RelayProcess, words: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.arg("--data").arg(relay.data()).args(words).stdin(Stdio::null());
    assert!(command.output().unwrap().status.success());
}

#[test]
fn an_administrator_invites_somebody_who_registers_and_can_be_kept_out() {
    let relay = invited();
    let alice = Person::registered_at(MSG, "alice", relay.link());
    let refused = alice.run(&["admin", "invite", "create"]);
    assert_eq!(refused.code, Some(8), "{}", refused.stderr);
    assert!(refused.stderr.contains("error: refused by the relay: for administrators only"));
    assert!(refused.stderr.contains("hint: ask the operator: msg-relay admin add NAME"));

    operate(&relay, &["admin", "add", "alice"]);
    let made = &alice.json(&["admin", "invite", "create", "--note", "for bob\u{1b}[2J"])[0];
    let link = made["link"].as_str().unwrap();
    let bob = Person::registered_at(MSG, "bob", &link.parse().unwrap());
    assert_eq!(alice.done(&["admin", "invite", "list"]), "no invitations\n", "it is used up");
    let second = &alice.json(&["admin", "invite", "create", "--note", "for\u{1b}[2J"])[0];
    let listed = alice.done(&["admin", "invite", "list"]);
    assert!(listed.contains("for\\u{1b}[2J") && !listed.contains('\u{1b}'), "{listed}");
    let id = &second["id"].as_str().unwrap()[..12];
    alice.done(&["admin", "invite", "revoke", id]);
    assert_eq!(alice.run(&["admin", "invite", "revoke", id]).code, Some(1));

    let users = alice.json(&["admin", "users", "list"]);
    let names: Vec<_> = users.iter().map(|user| user["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["alice", "bob"]);
    let set = &alice.json(&["admin", "users", "quota", "bob", "--mailbox-bytes", "1GiB"])[0];
    assert_eq!(set["mailbox_bytes_limit"]["value"], 1 << 30);
    assert!(alice.done(&["admin", "users", "show", "bob"]).contains("active"));
    alice.done(&["admin", "users", "suspend", "bob"]);
    assert_eq!(bob.run(&["recv"]).code, Some(8));
    alice.done(&["admin", "users", "resume", "bob"]);
    assert_eq!(bob.run(&["recv"]).code, Some(0));

    for words in [&["show", "zoe"][..], &["suspend", "zoe"], &["delete", "zoe", "--yes", "zoe"]] {
        let nobody = alice.run(&[&["admin", "users"], words].concat());
        assert_eq!(nobody.code, Some(1), "{words:?}: {}", nobody.stderr);
        assert!(nobody.stderr.contains("no account is called zoe"), "{}", nobody.stderr);
    }
    assert_eq!(alice.run(&["admin", "users", "delete", "bob"]).code, Some(2), "nobody was asked");
    assert_eq!(alice.run(&["admin", "users", "delete", "bob", "--yes", "rob"]).code, Some(2));
    alice.done(&["admin", "users", "delete", "bob", "--yes", "bob"]);
    assert_eq!(bob.run(&["recv"]).code, Some(8));
    assert_eq!(alice.run(&["admin", "users", "delete", "alice", "--yes", "alice"]).code, Some(8));
    operate(&relay, &["admin", "remove", "alice"]);
    assert_eq!(alice.run(&["admin", "users", "list"]).code, Some(8));
}

#[test]
fn an_administrator_with_a_password_needs_it_to_delete() {
    let relay = relay();
    let alice = Person::new(MSG, "alice");
    let link = relay.link().to_secret_text();
    let register = ["register", "alice", "--relay", &link, "--password-fd", "0"];
    assert_eq!(alice.pipe(&register, PASSWORD.as_bytes()).code, Some(0));
    Person::registered(MSG, "bob", &relay);
    operate(&relay, &["admin", "add", "alice"]);
    let delete = ["admin", "users", "delete", "bob", "--yes", "bob", "--password-fd", "0"];
    let wrong = alice.pipe(&delete, b"another one\n");
    assert_eq!(wrong.code, Some(6), "{}", wrong.stderr);
    let done = alice.pipe(&delete, PASSWORD.as_bytes());
    assert_eq!((done.code, done.text().as_str()), (Some(0), "bob is deleted\n"), "{}", done.stderr);
}

/// What a command shows on a terminal with those variables.
fn on_terminal(person: &Person, variables: &[(&str, &str)]) -> String {
    let mut command = person.command(&["whoami"]);
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    for (name, value) in variables {
        command.env(name, value);
    }
    let mut terminal = Terminal::start(&command);
    terminal.reads("kept in");
    let (status, shown) = terminal.end();
    assert!(status.success());
    shown
}

#[test]
fn colours_are_for_terminals_that_show_them_to_people_who_want_them() {
    let relay = relay();
    let alice = Person::registered(MSG, "alice", &relay);
    assert!(on_terminal(&alice, &[]).contains("\u{1b}["), "a terminal that can");
    for no in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        let shown = on_terminal(&alice, &[no]);
        assert!(!shown.contains("\u{1b}["), "{no:?}: {shown:?}");
    }
    assert!(on_terminal(&alice, &[("NO_COLOR", "")]).contains("\u{1b}["), "empty is unset");
    let piped = |name: &str, value: &str| {
        let mut command = alice.command(&["whoami"]);
        command.env("TERM", "xterm-256color").env(name, value);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(!piped("CLICOLOR", "1").contains('\u{1b}'), "a pipe");
    assert!(piped("CLICOLOR_FORCE", "1").contains('\u{1b}'));
    let mut json = alice.command(&["whoami", "--json"]);
    let json = json.env("CLICOLOR_FORCE", "1").output().unwrap().stdout;
    assert!(!json.contains(&0x1b), "JSON is never coloured");
}
