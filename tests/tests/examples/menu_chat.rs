//! `menu-chat`: by a pipe, and at a terminal.

use std::process::Stdio;

use msg_tests::{
    msg::{Done, Person},
    terminal::Terminal,
};

use super::{MSG, Running, acquaint, command, example, relay};

const PROGRAM: &str = "menu-chat/menu_chat.py";

/// Somebody's menu, with a pipe to type into.
fn open(of: &Person) -> Running {
    let mut command = command(of, &example(PROGRAM), &[]);
    command.stdin(Stdio::piped());
    let menu = Running::start(command, &of.home().join("menu"));
    menu.says("5  leave");
    menu
}

#[test]
fn a_menu_says_who_is_there_and_what_became_of_each_message() {
    let mut relay = relay();
    let [alice, bob, carol] =
        ["alice", "bob", "carol"].map(|name| Person::registered(MSG, name, &relay));
    acquaint(&alice, &[&bob, &carol]);
    for person in [&alice, &bob] {
        person.done(&["config", "presence", "on"]);
    }
    let bobs = open(&bob);
    let mut menu = open(&alice);
    menu.types("1");
    menu.says("yes: alice@");
    menu.types("2");
    menu.says("carol  no answer");
    menu.says("bob  available");
    menu.types("3\nbob\nthe kettle is on; $(id) \u{1b}[2J");
    menu.says("bob: delivered");
    bobs.says("the kettle is on; $(id)");
    assert!(!bobs.said().contains('\u{1b}'), "{}", bobs.said());
    menu.types("4\nto all");
    menu.says("carol: failed: they are not there");
    assert_eq!(menu.said().matches("bob: delivered").count(), 2, "{}", menu.said());
    assert_eq!(carol.read(), ["to all"], "what failed in time came later");
    bob.done(&["send", "alice", "\u{1b}]0;mine\u{7} tea?"]);
    menu.says("tea?");
    menu.types("3\nzoe");
    menu.says("failed: zoe is no contact");
    menu.types("7");
    menu.says("a number from 1 to 5");
    relay.kill();
    menu.types("1");
    menu.says("failed: ");
    menu.types("3\nbob\nlater");
    menu.says("bob: failed: it waits here until it can leave");
    menu.types("5");
    menu.says("bye");
    assert!(menu.child.wait().unwrap().success());
    assert!(!menu.said().contains(['\u{1b}', '\u{7}']), "{}", menu.said());
}

#[test]
fn at_a_terminal_the_menu_asks_and_leaves() {
    let relay = relay();
    let [alice, bob] = ["alice", "bob"].map(|name| Person::registered(MSG, name, &relay));
    acquaint(&alice, &[&bob]);
    let bobs = open(&bob);
    let mut terminal = Terminal::start(&command(&alice, &example(PROGRAM), &[]));
    terminal.reads("> ");
    terminal.types("3\n");
    terminal.reads("to whom? ");
    terminal.types("bob\n");
    terminal.reads("what? ");
    terminal.types("hello from a terminal\n");
    terminal.reads("bob: delivered");
    terminal.reads("> ");
    bobs.says("hello from a terminal");
    bob.done(&["send", "alice", "hello back"]);
    terminal.reads("hello back");
    terminal.reads("> ");
    terminal.types("5\n");
    terminal.reads("bye");
    let (status, shown) = terminal.end();
    assert!(status.success(), "{shown}");
}

#[test]
fn without_an_account_it_says_what_to_do() {
    let nobody = Person::new(MSG, "nobody");
    let done = Done::of(command(&nobody, &example(PROGRAM), &[]).output().unwrap());
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.text().starts_with("failed: "), "{}{}", done.text(), done.stderr);
}
