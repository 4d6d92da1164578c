//! One line of a soak's table, as the test that earns it prints it.

use std::{thread, time::Instant};

use crate::line::{FAILED, Line};

/// What a test has to show. It is printed once: by [`Row::holds`], or when it is
/// dropped by a test that fails.
#[derive(Debug)]
pub struct Row {
    part: &'static str,
    base: u64,
    begun: Instant,
    runs: u64,
    /// Of the run that is going on.
    seed: u64,
    is_told: bool,
}

/// What a test has counted. What it does not look for is `None`.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was confirmed to whoever had asked.
    pub acknowledged: u64,
    /// What was confirmed, and is not there.
    pub lost: Option<u64>,
    /// What was shown more than once.
    pub twice: Option<u64>,
    /// Keys with a nonce under which two texts were sealed.
    pub keys_reused: Option<u64>,
    /// Panics of the programs, of which one is enough to stop a test.
    pub panics: Option<u64>,
    /// What else there is to say, in a few words.
    pub note: String,
}

impl Row {
    /// The test of that part begins; all that it draws follows from `base`.
    pub fn begin(part: &'static str, base: u64) -> Self {
        Self { part, base, begun: Instant::now(), runs: 0, seed: base, is_told: false }
    }

    /// A run begins. Its seed is what repeats it.
    pub fn run(&mut self, seed: u64) {
        self.runs += 1;
        self.seed = seed;
    }

    /// The first run that failed was that one.
    pub fn fails_at(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Runs so far.
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// All runs are over, and everything held.
    pub fn holds(mut self, found: &Found) {
        self.is_told = true;
        println!("\n{}", self.line(None, found));
    }

    /// There were no runs, and why.
    pub fn skipped(mut self, why: &str) {
        self.is_told = true;
        let found = Found { note: format!("skipped: {why}"), ..Found::default() };
        println!("\n{}", self.line(None, &found));
    }

    fn line(&self, failing: Option<u64>, found: &Found) -> Line {
        // What was not looked for is left open.
        let number =
            |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
        Line::of(|name| match name {
            "part" => self.part.to_owned(),
            "runs" => self.runs.to_string(),
            "acknowledged" => found.acknowledged.to_string(),
            "lost" => number(found.lost),
            "twice" => number(found.twice),
            "keys" => number(found.keys_reused),
            "panics" => number(found.panics),
            "failing" => number(failing),
            "base" => self.base.to_string(),
            "seconds" => self.begun.elapsed().as_secs().to_string(),
            _ => found.note.clone(),
        })
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        if !self.is_told && thread::panicking() {
            let found = Found { note: FAILED.to_owned(), ..Found::default() };
            println!("\n{}", self.line(Some(self.seed), &found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_looked_for_and_how_a_failure_is_repeated() {
        let mut row = Row::begin("kills", 7);
        row.run(7);
        row.run(8);
        let found =
            Found { acknowledged: 5, lost: Some(0), note: "all of it".into(), ..Found::default() };
        let line = row.line(None, &found).to_string();
        let expected = "soak: part=kills runs=2 acknowledged=5 lost=0 twice=- keys=- panics=- failing=- base=7 seconds=0 note=all of it";
        assert_eq!(line, expected);
        assert!(row.line(Some(8), &found).to_string().contains(" failing=8 "));
        row.is_told = true;
    }
}
