//! What people type, and what msg makes of it.

use clap::CommandFactory as _;

use super::*;
use crate::args::recipients::{Given, given};

fn parsed(line: &[&str]) -> Args {
    Args::try_parse_from(["msg"].iter().chain(line)).unwrap()
}

#[test]
fn the_definitions_hold_together() {
    Args::command().debug_assert();
}

#[test]
fn every_command_is_explained_with_examples() {
    fn silent(command: &clap::Command, path: &str) -> Vec<String> {
        let path = format!("{path} {}", command.get_name());
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let explained = command.get_about().is_some() && help.contains("\n  msg ");
        let own = (!explained).then(|| path.clone());
        let below = command.get_subcommands().flat_map(|command| silent(command, &path));
        own.into_iter().chain(below).collect()
    }
    assert_eq!(silent(&Args::command(), ""), Vec::<String>::new());
}

#[test]
fn no_flag_takes_a_secret() {
    fn flags(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().filter(|flag| flag.get_action().takes_values());
        let own = own.filter_map(|flag| flag.get_long().map(str::to_owned));
        own.chain(command.get_subcommands().flat_map(flags)).collect()
    }
    let flags = flags(&Args::command());
    for secret in ["password", "passphrase", "invite", "key", "token", "secret"] {
        assert!(!flags.iter().any(|flag| flag == secret), "--{secret} takes a value");
    }
}

#[test]
fn flags_stand_before_or_behind_a_command() {
    for line in [["--json", "whoami"], ["whoami", "--json"]] {
        assert!(parsed(&line).globals.json);
    }
}

#[test]
fn words_behind_the_recipient_are_text() {
    let Command::Send(send) = parsed(&["send", "bob,carol", "good", "-5", "morning"]).command
    else {
        panic!("another command")
    };
    assert_eq!(send.to.iter().collect::<Vec<_>>(), ["bob", "carol"]);
    assert_eq!(given(&send.text), Given::Text(b"good -5 morning".to_vec()));
    let Command::Send(send) = parsed(&["send", "bob", "--queue", "-"]).command else {
        panic!("another command")
    };
    assert_eq!(given(&send.text), Given::Stdin);
    assert!(send.sending.queue);
}

#[test]
fn json_is_asked_for_even_by_arguments_that_are_wrong() {
    let wants = |line: &[&str]| wants_json(&line.iter().map(OsString::from).collect::<Vec<_>>());
    assert!(wants(&["msg", "sned", "--json"]));
    assert!(!wants(&["msg", "send", "bob", "--", "--json"]));
}

#[test]
fn help_is_a_command_too() {
    let asked = |line: &[&str]| usage::asked(&line.iter().map(OsString::from).collect::<Vec<_>>());
    assert_eq!(asked(&["msg", "help"]), ["msg", "--help"]);
    assert_eq!(asked(&["msg", "help", "send"]), ["msg", "send", "--help"]);
    assert_eq!(asked(&["msg", "send", "help"]), ["msg", "send", "help"]);
}

#[test]
fn what_other_programs_call_it_leads_to_a_command_that_there_is() {
    for (_, here) in usage::ELSEWHERE {
        let words = here.split(", or ").map(|line| line.split(' ').nth(1).unwrap());
        let commands = Args::command();
        for word in words.filter(|word| !word.starts_with("--")) {
            assert!(commands.find_subcommand(word).is_some(), "{word}");
        }
    }
}

#[test]
fn help_is_as_it_was_agreed() {
    fn pages(command: &mut clap::Command) -> String {
        let own = command.clone().render_long_help().to_string();
        let below = command.get_subcommands_mut().filter(|command| !command.is_hide_set());
        let below: String = below.map(pages).collect();
        format!("==== {}\n{own}\n{below}", command.get_display_name().unwrap_or("msg"))
    }
    let mut command = Args::command().term_width(80);
    command.build();
    insta::assert_snapshot!(pages(&mut command));
}

#[test]
fn wrong_usage_is_explained() {
    let lines = [
        &["sned", "bob", "hi"][..],
        &["watch"],
        &["send"],
        &["send", "good morning", "bob"],
        &["send", "bob,,carol", "hi"],
        &["send", "bob", "--wait", "forever", "hi"],
        &["send", "bob", "--timeout", "30", "hi"],
        &["send", "bob", "-x", "hi"],
        &["recv", "-n", "0"],
        &["recv", "--raw", "--json"],
        &["unlock", "--for", "8x"],
        &["register", "9alice"],
        &["--profile", "../x", "whoami"],
        &["outbox", "cancel"],
    ];
    let said = |line: &&[&str]| {
        let arguments: Vec<OsString> = ["msg"].iter().chain(*line).map(OsString::from).collect();
        let error = Args::try_parse_from(&arguments).unwrap_err();
        let failure = usage::ended(&error, &arguments).unwrap_err().as_error();
        assert_eq!(failure.code, 2);
        let (line, hint) = (line.join(" "), failure.hint.unwrap());
        format!("$ msg {line}\nerror: {}\nhint: {hint}\n\n", failure.message)
    };
    let said: Vec<String> = lines.iter().map(said).collect();
    let said = said.concat();
    insta::assert_snapshot!(said);
}
