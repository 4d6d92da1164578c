//! The tables of SPEC.md hold what the code holds.

use alloc::{collections::BTreeMap, format, vec::Vec};

use crate::{
    content::Content, error::Code, frame::ClientFrame, group::GroupChange, push::Push,
    request::Request, response::Response,
};

const SPEC: &str = include_str!("../SPEC.md");
const LIMITS: &str = include_str!("limits.rs");

/// The rows of the tables in a section, as their cells.
fn rows(section: &str) -> Vec<Vec<&'static str>> {
    let heading = format!("\n## {section}\n");
    let text = SPEC.split(&heading).nth(1).expect("the section is there");
    let text = text.split("\n## ").next().unwrap_or(text);
    let cells = |line: &'static str| line.trim_matches('|').split(" | ").map(str::trim).collect();
    text.lines().filter(|line| line.starts_with('|')).map(cells).collect()
}

/// The rows that begin with a number, as number and second cell.
fn numbered(section: &str) -> Vec<(u16, &'static str)> {
    let rows = rows(section);
    rows.iter().filter_map(|row| Some((row[0].parse().ok()?, row[1]))).collect()
}

#[test]
fn kinds_and_codes_have_the_numbers_of_the_tables() {
    assert_eq!(numbered("Messages"), Content::KINDS);
    assert_eq!(numbered("Groups"), GroupChange::KINDS);
    assert_eq!(numbered("Requests"), Request::KINDS);
    assert_eq!(numbered("Answers"), Response::KINDS);
    assert_eq!(numbered("Pushes"), Push::KINDS);
    assert_eq!(numbered("Codes"), Code::ALL);
}

#[test]
fn limits_have_the_values_of_the_table() {
    let mut table = BTreeMap::new();
    for row in rows("Limits").into_iter().filter(|row| row.len() == 3) {
        if let Ok(value) = row[1].replace(',', "").parse::<u64>() {
            table.insert(row[0].trim_matches('`'), value);
        }
    }
    let mut code = BTreeMap::new();
    for line in LIMITS.lines().filter_map(|line| line.strip_prefix("pub const ")) {
        let (name, rest) = line.split_once(": ").unwrap();
        let value = rest.split_once(" = ").unwrap().1.trim_end_matches(';').replace('_', "");
        if !value.starts_with('[') {
            let product = value.split(" * ").map(|factor| factor.parse::<u64>().unwrap()).product();
            code.insert(name, product);
        }
    }
    assert_eq!(table, code);
}

#[test]
fn links_and_answers_of_requests_are_those_of_the_table() {
    let answers: BTreeMap<u16, &str> = Response::KINDS.iter().copied().collect();
    let rows = rows("Requests");
    let table = rows.iter().filter(|row| row[0].parse::<u16>().is_ok());
    let code = Request::RULES.iter();
    assert_eq!(Request::RULES.len(), Request::KINDS.len());
    for (row, rules) in table.zip(code) {
        let links = format!("{:?}", rules.links);
        let links = match links.as_str() {
            "Anonymous" => "A",
            "SignedIn" => "S",
            "Both" => "AS",
            _ => "first",
        };
        assert_eq!(row[1..4], [rules.name, links, answers[&rules.answer]]);
    }
}

#[test]
fn the_examples_of_frames_are_frames() {
    let example = |after: &str| -> Vec<u8> {
        let text = SPEC.split(after).nth(1).unwrap().split('`').nth(1).unwrap();
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    };
    for after in ["versions 1 to 300 and will sign in begins with", "a ping with id 7 is"] {
        let bytes = example(after);
        let frame = ClientFrame::decode(&bytes[4..]).unwrap();
        assert_eq!(frame.encode().unwrap(), bytes);
    }
}
