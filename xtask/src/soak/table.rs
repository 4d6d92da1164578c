//! What a soak has found, as a table of Markdown.

use std::{fmt, time::Duration};

/// What a line that a test prints for us begins with.
const MARK: &str = "soak: ";
/// The columns: their titles, and the words by which tests name them.
const COLUMNS: [(&str, &str); 11] = [
    ("part", "part"),
    ("runs", "runs"),
    ("acknowledged", "acknowledged"),
    ("lost", "lost"),
    ("shown twice", "twice"),
    ("keys reused", "keys"),
    ("panics", "panics"),
    ("first failing seed", "failing"),
    ("seed base", "base"),
    ("seconds", "seconds"),
    ("", "note"),
];
const NOTE: &str = "note";
const FAILED: &str = "failed";

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row([String; COLUMNS.len()]);

/// All lines so far.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Row>);

impl Row {
    /// The row that a test has printed, if that is what the line is.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let line = line.strip_prefix(MARK)?;
        let (words, note) = line.split_once(" note=").unwrap_or((line, ""));
        Some(Self(COLUMNS.map(|(_, name)| {
            if name == NOTE {
                return note.trim().to_owned();
            }
            let mut values = words.split(' ').filter_map(|word| word.split_once('='));
            values.find(|(key, _)| *key == name).map_or("-", |(_, value)| value).to_owned()
        })))
    }

    /// The row of tests that print none, or did not come to their end.
    pub(super) fn of_step(part: &str, holds: bool, took: Duration) -> Self {
        Self(COLUMNS.map(|(_, name)| match name {
            "part" => part.to_owned(),
            "seconds" => took.as_secs().to_string(),
            NOTE => if holds { "holds" } else { FAILED }.to_owned(),
            _ => "-".to_owned(),
        }))
    }

    /// Whether nothing that the test looks for was found.
    pub(super) fn holds(&self) -> bool {
        let Self([.., note]) = self;
        note != FAILED
    }
}

impl Table {
    /// Adds rows.
    pub(super) fn extend(&mut self, rows: Vec<Row>) {
        self.0.extend(rows);
    }

    /// Whether all hold.
    pub(super) fn holds(&self) -> bool {
        self.0.iter().all(Row::holds)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| {} |", COLUMNS.map(|(title, _)| title).join(" | "))?;
        writeln!(formatter, "|{}", "---|".repeat(COLUMNS.len()))?;
        self.0.iter().try_for_each(|Row(cells)| writeln!(formatter, "| {} |", cells.join(" | ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "soak: part=kills runs=2 acknowledged=5 lost=0 twice=0 keys=- panics=0 failing=- base=7 seconds=3 note=2 sent again";

    #[test]
    fn a_line_of_a_test_is_a_row_and_others_are_not() {
        assert_eq!(Row::of_line("test kills::all ... ok"), None);
        let row = Row::of_line(LINE).unwrap();
        assert!(row.holds());
        let mut table = Table::default();
        table.extend(vec![row, Row::of_step("sim", true, Duration::from_secs(9))]);
        assert!(table.holds());
        let text = table.to_string();
        let mut lines = text.lines().skip(2);
        assert_eq!(
            lines.next().unwrap(),
            "| kills | 2 | 5 | 0 | 0 | - | 0 | - | 7 | 3 | 2 sent again |"
        );
        assert_eq!(lines.next().unwrap(), "| sim | - | - | - | - | - | - | - | - | 9 | holds |");
    }

    #[test]
    fn a_row_that_fails_fails_the_table() {
        let mut table = Table::default();
        table.extend(vec![Row::of_line(&LINE.replace("2 sent again", "failed")).unwrap()]);
        assert!(!table.holds());
        table.extend(vec![Row::of_line(LINE).unwrap()]);
        assert!(!table.holds());
        assert!(!Row::of_step("x", false, Duration::ZERO).holds());
    }
}
