//! Every command line in every document, in a block or in backticks, is one that its
//! program understands: as a whole, or, in prose, as far as it goes.

use std::{collections::BTreeSet, ffi::OsString, fs, path::Path};

use msg_tests::place;

use crate::{
    markdown::{blocks, words},
    stand_ins::STAND_INS,
    world::{FOLDERS, HOSTS},
};

/// Mentions that are no command lines, and what they are.
const OTHERWISE: &[(&str, &str)] = &[("msg COMMAND --help", "any command")];

/// Lines that a shell takes as several commands.
const SEPARATORS: [&str; 7] = ["|", "||", "&&", ";", "{", "}", "("];

#[test]
fn every_command_that_is_named_is_one() {
    let mut wrong = Vec::new();
    let (mut whole, mut parts, mut excepted) = (0, 0, BTreeSet::new());
    for (path, text) in documents() {
        let fenced = blocks(&text).into_iter().filter(|block| is_shell(&block.language));
        let fenced = fenced.flat_map(|block| block.commands()).map(|typed| (typed.text, true));
        for (line, is_fenced) in fenced.chain(words(&text).into_iter().map(|word| (word, false))) {
            if let Some((mention, _)) = OTHERWISE.iter().find(|(mention, _)| *mention == line) {
                excepted.insert(*mention);
                continue;
            }
            for command in commands(&line) {
                match understood(&command) {
                    Some(Ok(true)) => whole += 1,
                    Some(Ok(false)) if !is_fenced => parts += 1,
                    Some(Ok(false)) => wrong.push(format!("{path}: {command:?} lacks something")),
                    Some(Err(why)) => wrong.push(format!("{path}: {command:?}: {why}")),
                    None => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle: Vec<_> = OTHERWISE.iter().filter(|(it, _)| !excepted.contains(it)).collect();
    assert!(idle.is_empty(), "exceptions that no document needs: {idle:?}");
    eprintln!("{whole} command lines, {parts} parts of some, {} exceptions", excepted.len());
    assert!(whole > 150 && parts > 15, "{whole} and {parts}: somebody should look at it");
}

#[test]
fn no_rule_of_this_test_has_outlived_the_documents() {
    let shells: Vec<String> = documents()
        .into_iter()
        .flat_map(|(_, text)| blocks(&text))
        .filter(|block| ["sh", "console", "text", "ini"].contains(&block.language.as_str()))
        .map(|block| block.text())
        .collect();
    let text = shells.concat();
    let rules = FOLDERS.iter().copied().chain(HOSTS.iter().map(|(host, _)| *host));
    let rules = rules.chain(STAND_INS.iter().map(|(name, _)| *name));
    let idle: Vec<&str> = rules.filter(|rule| !text.contains(rule)).collect();
    assert!(idle.is_empty(), "no document has {idle:?}");
}

fn is_shell(language: &str) -> bool {
    ["sh", "console"].contains(&language)
}

/// The documents of the repository.
fn documents() -> Vec<(String, String)> {
    let mut documents = Vec::new();
    gather(&place::repository(), &mut documents);
    documents.sort();
    assert!(documents.len() > 12, "{} documents", documents.len());
    documents
}

fn gather(folder: &Path, documents: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let is_source = !name.starts_with('.') && !["target", "node_modules"].contains(&&*name);
        if path.is_dir() && !path.is_symlink() && is_source {
            gather(&path, documents);
        } else if name.strip_suffix(".md").is_some() {
            documents.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
        }
    }
}

/// Whether a program understands its words; none if it is not one of ours.
fn understood(command: &[String]) -> Option<Result<bool, String>> {
    let arguments: Vec<OsString> = command.iter().map(OsString::from).collect();
    match command.first()?.as_str() {
        "msg" if command.len() > 1 => Some(msg_cli::understands(&arguments)),
        "msg-relay" => Some(msg_relay::understands(&arguments)),
        "cargo" if command.get(1)? == "xtask" => Some(habit(command.get(2..)?)),
        _ => None,
    }
}

/// Whether words fit one of the usages that `cargo xtask` shows.
fn habit(words: &[String]) -> Result<bool, String> {
    let Some((name, rest)) = words.split_first() else { return Ok(true) };
    let source = fs::read_to_string(place::repository().join("xtask/src/main.rs")).unwrap();
    let usages = source.lines().filter_map(|line| line.trim().strip_prefix("usage: \""));
    let usages = usages.map(|usage| usage.trim_end_matches("\",").to_owned());
    let usage = usages.into_iter().find(|usage| usage.split(' ').next() == Some(name));
    let usage = usage.ok_or_else(|| format!("no habit is called {name}"))?;
    let known: Vec<&str> = usage.split([' ', '[', ']', '|']).collect();
    let has_place = known.iter().any(|word| word.len() > 1 && word.chars().all(char::is_uppercase));
    let fits = |word: &&String| {
        known.contains(&word.as_str())
            || (!word.starts_with('-') && (has_place || word.parse::<u32>().is_ok()))
    };
    rest.iter().find(|word| !fits(word)).map_or(Ok(true), |word| Err(format!("{word}: {usage}")))
}

/// The commands in a line, as a shell would take it apart, without what stands
/// before a program's name: variables, `sudo`, `docker exec`, a prompt.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut inner = Vec::new();
    for word in split(line) {
        if SEPARATORS.contains(&word.as_str()) {
            commands.push(Vec::new());
        } else if word.contains("$(msg ") {
            inner.extend(self::commands(word.split_once("$(").unwrap().1.trim_end_matches(')')));
        } else {
            commands.last_mut().unwrap().push(word);
        }
    }
    let begins = |word: &String| ["msg", "msg-relay", "cargo"].contains(&word.as_str());
    let passed =
        |word: &&String| !begins(word) && (word.contains('=') || PASSED.contains(&&***word));
    let named = |command: Vec<String>| {
        let before = command.iter().take_while(passed).count();
        command.get(before..).unwrap_or_default().to_vec()
    };
    let outer = commands.into_iter().map(named);
    inner.into_iter().chain(outer.filter(|command| command.first().is_some_and(begins))).collect()
}

/// What stands before a program that is started by another, or in a condition.
const PASSED: [&str; 9] = ["sudo", "docker", "exec", "relay", "if", "while", "do", "!", "then"];

/// The words of a line, without redirections and comments.
fn split(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote, mut depth, mut begun) = (String::new(), None, 0_u32, false);
    let mut characters =
        line.replace("\\\n", " ").chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open && depth == 0 => quote = None,
            (None, '\'' | '"') if depth == 0 => (quote, begun) = (Some(c), true),
            (_, '(') if word.ends_with('$') || depth > 0 => {
                depth += 1;
                word.push(c);
            }
            (_, ')') if depth > 0 => {
                depth -= 1;
                word.push(c);
            }
            (None, '#') if word.is_empty() && !begun => {
                while characters.next_if(|c| *c != '\n').is_some() {}
            }
            (None, ' ' | '\n' | '|' | ';' | '&') if depth == 0 && !word.ends_with('>') => {
                words.extend((begun || !word.is_empty()).then(|| std::mem::take(&mut word)));
                begun = false;
                let mut sign = String::new();
                match c {
                    '\n' => sign.push(';'),
                    ' ' => {}
                    c => {
                        sign.push(c);
                        sign.extend(characters.next_if_eq(&c));
                    }
                }
                words.extend((!sign.is_empty()).then_some(sign));
            }
            (_, c) => word.push(c),
        }
    }
    words.extend((begun || !word.is_empty()).then_some(word));
    words.retain(|word| !word.starts_with(['<', '>']) && !word.starts_with("2>"));
    words
}

#[test]
fn a_line_is_taken_apart_as_a_shell_does() {
    let texts = |line: &str| commands(line).iter().map(|words| words.join(" ")).collect::<Vec<_>>();
    assert_eq!(texts("df -h / | msg send bob  # what"), ["msg send bob"]);
    assert_eq!(texts("sudo MSG_HOME=/x msg whoami <link.txt"), ["msg whoami"]);
    assert_eq!(
        texts("[ \"$(msg ask a 'b | c')\" = yes ] && msg lock"),
        ["msg ask a b | c", "msg lock"]
    );
    assert_eq!(texts("msg send '#ops' \"a; b\" || x"), ["msg send #ops a; b"]);
    assert_eq!(texts("docker exec relay msg-relay stats"), ["msg-relay stats"]);
    assert_eq!(texts("echo msg send"), [""; 0]);
}
