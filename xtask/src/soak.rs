//! `cargo xtask soak`: the tests of faults with the runs that a release gets, part by
//! part, and one table of what they found.
//!
//! A part that fails does not keep the others from running. The table stands in
//! `target/soak.md` from the first part on, so that a soak which is cut off leaves
//! what it has.

mod parts;
mod table;

use std::{fs, path::PathBuf, time::Instant};

use msg_soak::Line;

use self::{
    parts::{PARTS, Part, Runs},
    table::{Table, of_step},
};
use crate::{
    failure::Failure,
    output, place,
    step::Step,
    tool::{self, C_COMPILER, FAKETIME, PYTHON},
};

/// What each step builds, so that all share what is built.
const BUILD: &str =
    "test --profile soak --locked --package msg-relay --package msg-client --package msg-tests";
const MINUTES: u64 = 60;

#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Of parts; none is all.
    only: Vec<String>,
    /// In the place of what a release gets.
    times: Option<u64>,
    minutes: u64,
    seed: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let options = parse(words)?;
    tool::require(&[C_COMPILER, FAKETIME, PYTHON])?;
    let mut table = Table::default();
    for part in PARTS.iter().filter(|part| options.has(part)) {
        let rows = soak(part, &options);
        table.extend(rows);
        write(&table)?;
    }
    output::line(&format!("\n{table}"));
    if table.holds() { Ok(()) } else { Err(Failure::Shown) }
}

/// Runs one part; gives its rows, of which there is at least one.
fn soak(part: &Part, options: &Options) -> Vec<Line> {
    let (begun, mut rows) = (Instant::now(), Vec::new());
    let result = step(part, options).run_reading(|line| rows.extend(Line::read(line)));
    if let Err(failure) = &result {
        output::failure(failure);
    }
    if rows.is_empty() || result.is_err() && rows.iter().all(Line::holds) {
        rows.push(of_step(part.name, result.is_ok(), begun.elapsed()));
    }
    rows
}

fn step(part: &Part, options: &Options) -> Step {
    let mut step = Step::cargo(part.name, BUILD).words(part.tests);
    step = match part.runs {
        Runs::Times(times) => step.env("MSG_SOAK", options.times.unwrap_or(times).to_string()),
        Runs::Minutes => step.env("MSG_SOAK_MINUTES", options.minutes.to_string()),
    };
    match options.seed {
        Some(seed) => step.env("MSG_SOAK_SEED", seed.to_string()),
        None => step,
    }
}

fn write(table: &Table) -> Result<(), Failure> {
    let path: PathBuf = place::target().join("soak.md");
    fs::write(&path, table.to_string())
        .map_err(|error| Failure::File(format!("cannot write {}: {error}", path.display())))
}

impl Options {
    fn has(&self, part: &Part) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == part.name)
    }
}

fn parse(words: &[String]) -> Result<Options, Failure> {
    let mut options = Options { only: Vec::new(), times: None, minutes: MINUTES, seed: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--only" => options.only = chosen(words.next())?,
            "--times" => options.times = Some(above_zero(word, words.next())?),
            "--minutes" => options.minutes = above_zero(word, words.next())?,
            "--seed" => options.seed = Some(number(word, words.next())?),
            _ => return Err(Failure::Usage(format!("`soak` does not know `{word}`"))),
        }
    }
    Ok(options)
}

fn chosen(names: Option<&String>) -> Result<Vec<String>, Failure> {
    let known = || PARTS.iter().map(|part| part.name).collect::<Vec<_>>().join(", ");
    let names: Vec<String> =
        names.map_or("", String::as_str).split(',').map(String::from).collect();
    match names.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        Some(name) => Err(Failure::Usage(format!("no part `{name}`; there are: {}", known()))),
        None => Ok(names),
    }
}

fn number(flag: &str, word: Option<&String>) -> Result<u64, Failure> {
    let number = word.and_then(|word| word.parse().ok());
    number.ok_or_else(|| Failure::Usage(format!("`{flag}` takes a number")))
}

fn above_zero(flag: &str, word: Option<&String>) -> Result<u64, Failure> {
    match number(flag, word)? {
        0 => Err(Failure::Usage(format!("`{flag}` takes a number above zero"))),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Options, Failure> {
        parse(&text.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn all_parts_run_as_a_release_asks_unless_told_otherwise() {
        let all = Options { only: Vec::new(), times: None, minutes: MINUTES, seed: None };
        assert!(PARTS.iter().all(|part| all.has(part)));
        assert_eq!(parsed("").unwrap(), all);
        let few = parsed("--only load,relay-kills --minutes 5 --times 2 --seed 0").unwrap();
        assert_eq!((few.times, few.minutes, few.seed), (Some(2), 5, Some(0)));
        assert_eq!(PARTS.iter().filter(|part| few.has(part)).count(), 2);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["3", "--times", "--times 0", "--minutes x", "--only", "--only kils", "--seed"]
        {
            assert!(matches!(parsed(text), Err(Failure::Usage(_))), "{text}");
        }
    }
}
