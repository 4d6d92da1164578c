//! What a soak has found, as a table of Markdown.

use std::{fmt, time::Duration};

use msg_soak::{COLUMNS, FAILED, Line};

/// All lines so far.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Line>);

/// The line of tests that print none, or did not come to their end.
pub(super) fn of_step(part: &str, holds: bool, took: Duration) -> Line {
    Line::of(|name| match name {
        "part" => part.to_owned(),
        "seconds" => took.as_secs().to_string(),
        "note" => if holds { "holds" } else { FAILED }.to_owned(),
        _ => "-".to_owned(),
    })
}

impl Table {
    /// Adds lines.
    pub(super) fn extend(&mut self, lines: Vec<Line>) {
        self.0.extend(lines);
    }

    /// Whether all hold.
    pub(super) fn holds(&self) -> bool {
        self.0.iter().all(Line::holds)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| {} |", COLUMNS.map(|(title, _)| title).join(" | "))?;
        writeln!(formatter, "|{}", "---|".repeat(COLUMNS.len()))?;
        self.0.iter().try_for_each(|Line(cells)| writeln!(formatter, "| {} |", cells.join(" | ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "soak: part=kills runs=2 acknowledged=5 lost=0 twice=0 keys=- panics=0 failing=- base=7 seconds=3 note=2 sent again";

    #[test]
    fn each_line_of_a_test_or_a_step_is_a_row() {
        let mut table = Table::default();
        let step = of_step("sim", true, Duration::from_secs(9));
        table.extend(vec![Line::read(LINE).unwrap(), step]);
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
        table.extend(vec![Line::read(&LINE.replace("2 sent again", FAILED)).unwrap()]);
        assert!(!table.holds());
        table.extend(vec![Line::read(LINE).unwrap()]);
        assert!(!table.holds());
        assert!(!of_step("x", false, Duration::ZERO).holds());
    }
}
