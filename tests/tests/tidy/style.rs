//! What every Rust file keeps to. CONTRIBUTING.md gives the reasons.

use crate::{
    assert_none,
    repository::{self, File},
};

const MOST_LINES: usize = 400;

/// Files that are longer than [`MOST_LINES`] without their tests, and why.
const LONG: &[(&str, &str)] = &[];

/// Words that say that something is not finished.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!("),
    concat!("dbg", "!("),
    concat!("unimplemented", "!("),
];

#[test]
fn every_rust_file_opens_by_saying_what_it_is() {
    let silent = |file: &File| !file.text.starts_with("//! ");
    assert!(silent(&File { path: String::new(), text: "use std::fs;".into() }));
    assert_none(&paths_where(silent));
}

#[test]
fn no_file_is_called_mod() {
    assert_none(&paths_where(|file| file.path.ends_with("/mod.rs")));
}

#[test]
fn nothing_is_left_unfinished() {
    let sample =
        File { path: "x.rs".into(), text: format!("fn x() {{\n    {})\n}}", UNFINISHED[3]) };
    assert_eq!(unfinished(&sample).len(), 1);

    let suffixes = [".rs", ".md", ".toml", ".py", ".vp", ".edit", "/run"];
    let files = suffixes.iter().flat_map(|suffix| repository::files(suffix));
    assert_none(&files.flat_map(|file| unfinished(&file)).collect::<Vec<_>>());
}

fn unfinished(file: &File) -> Vec<String> {
    let is_one = |line: &str| UNFINISHED.iter().any(|word| line.contains(word));
    let lines = file.text.lines().enumerate().filter(|(_, line)| is_one(line));
    lines.map(|(index, line)| format!("{}:{}: {line}", file.path, index + 1)).collect()
}

#[test]
fn an_exception_from_a_lint_gives_its_reason() {
    let attribute =
        |words: &str| File { path: "x.rs".into(), text: format!("#![{words}]\nfn x() {{}}") };
    assert_eq!(unreasoned(&attribute("allow(clippy::panic)")).len(), 1);
    assert_eq!(unreasoned(&attribute("cfg_attr(test, expect(dead_code))")).len(), 1);
    assert_eq!(unreasoned(&attribute("expect(\n dead_code,\n reason = \"so (it) is\")")).len(), 0);

    assert_none(&repository::files(".rs").iter().flat_map(unreasoned).collect::<Vec<_>>());
}

/// The attributes `allow` and `expect` in which no `reason` stands.
fn unreasoned(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (start, _) in file.text.match_indices("#[").chain(file.text.match_indices("#![")) {
        let line_start = file.text[..start].rfind('\n').map_or(0, |at| at + 1);
        if !file.text[line_start..start].trim().is_empty() {
            continue; // within a comment or a text
        }
        let attribute = file.text[start..].split_once("]\n").map_or("", |(attribute, _)| attribute);
        let excepts = ["[allow(", "[expect(", " allow(", " expect("]
            .iter()
            .any(|word| attribute.contains(word));
        if excepts && !attribute.contains("reason = \"") {
            complaints.push(format!("{}: {attribute}] has no reason", file.path));
        }
    }
    complaints
}

#[test]
fn no_file_is_long_without_a_reason() {
    let files = repository::files(".rs");
    let long = |file: &&File| file.length() > MOST_LINES;
    let listed = |file: &&File| LONG.iter().any(|(path, _)| *path == file.path);
    for path in ["a/src/x.rs", "a/src/x/tests.rs", "tests/tests/x.rs"] {
        let sample = File { path: path.into(), text: "x\n".repeat(MOST_LINES + 1) };
        assert!(long(&&sample), "{path}");
    }

    let unlisted = files.iter().filter(long).filter(|file| !listed(file));
    let mut complaints: Vec<String> =
        unlisted.map(|file| format!("{} is over {MOST_LINES} lines", file.path)).collect();
    let needless =
        LONG.iter().filter(|(path, _)| !files.iter().filter(long).any(|file| file.path == *path));
    complaints.extend(needless.map(|(path, _)| format!("{path} is listed as long and is not")));
    assert_none(&complaints);
}

fn paths_where(complains: impl Fn(&File) -> bool) -> Vec<String> {
    repository::files(".rs")
        .into_iter()
        .filter(|file| complains(file))
        .map(|file| file.path)
        .collect()
}
