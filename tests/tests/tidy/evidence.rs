//! SECURITY.md and ARCHITECTURE.md promise nothing that no test shows: each row of
//! their tables names what would fail, and what it names is there.

use crate::{
    assert_none,
    repository::{self, File},
};

/// Headings of the columns that name tests and vectors.
const COLUMNS: &[&str] = &["would fail without it", "kept by"];

#[test]
fn every_promise_names_a_test_that_exists() {
    let document = repository::file("SECURITY.md").text;
    assert!(cells(&document).len() > 10, "the tables of promises are not found");
    assert_none(&complaints(&document, &repository::files(".rs")));
}

#[test]
fn a_promise_without_a_test_is_seen() {
    let code = File {
        path: "tests/x.rs".into(),
        text: "#[test]\nfn it_holds() {}\n\nfn help_it() {}\n".into(),
    };
    let rows = "| `it_holds` |\n| x | `help_it` |\n| y | |\n| z | `gone_away` |";
    let document = format!("| what | {} |\n|---|---|\n| w {rows}\n", COLUMNS[0]);
    assert_eq!(
        complaints(&document, &[code]),
        ["no test is called `help_it`", "names no test: | y | |", "no test is called `gone_away`"]
    );
}

/// The rows of all tables with the column, and the cell in it.
fn cells(document: &str) -> Vec<(&str, &str)> {
    let mut column = None;
    let mut found = Vec::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            column = None;
        } else if let Some(at) = cells.iter().position(|cell| COLUMNS.contains(cell)) {
            column = Some(at);
        } else if let Some(at) = column.filter(|_| !line.starts_with("|--")) {
            found.push((line, cells.get(at).copied().unwrap_or("")));
        }
    }
    found
}

fn complaints(document: &str, code: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (row, cell) in cells(document) {
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            complaints.push(format!("names no test: {row}"));
        }
        // Paths, of vectors and models, are looked at with all other named files.
        let absent = names.iter().filter(|name| !name.contains('/') && !is_test(name, code));
        complaints.extend(absent.map(|name| format!("no test is called `{name}`")));
    }
    complaints
}

fn is_test(name: &str, code: &[File]) -> bool {
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    code.iter().any(|file| {
        let lines: Vec<&str> = file.text.lines().collect();
        let starts = lines.iter().enumerate().filter(|(_, line)| begins(line, &heads));
        starts.into_iter().any(|(at, _)| {
            let above = lines[..at].iter().rev().take_while(|line| !line.trim().is_empty());
            above.take(6).any(|line| begins(line, &["#[test]", "#[tokio::test"]))
        })
    })
}

fn begins(line: &str, heads: &[impl AsRef<str>]) -> bool {
    heads.iter().any(|head| line.trim_start().starts_with(head.as_ref()))
}
