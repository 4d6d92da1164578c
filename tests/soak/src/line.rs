//! The line by which a test tells a soak what it has found. Both ends are here: the
//! test writes it among all that tests print, and the soak makes a table of it.

use std::fmt;

/// What a line begins with.
const MARK: &str = "soak: ";
/// The cells in their order: what a table calls them, and what the line does. A note
/// goes to the end of the line.
pub const COLUMNS: [(&str, &str); 11] = [
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
    ("", NOTE),
];
const NOTE: &str = "note";
/// The note of a test that has failed.
pub const FAILED: &str = "failed";

/// A line, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(pub [String; COLUMNS.len()]);

impl Line {
    /// The line with these cells, each by the name that it has in a line.
    pub fn of(mut cell: impl FnMut(&'static str) -> String) -> Self {
        Self(COLUMNS.map(|(_, name)| cell(name)))
    }

    /// The line that somebody has written, if that is what the text is.
    pub fn read(text: &str) -> Option<Self> {
        let mut rest = Some(text.trim_end().strip_prefix(MARK)?);
        let line = Self::of(|name| {
            let cell = rest.and_then(|rest| rest.strip_prefix(name)?.strip_prefix('='));
            let (cell, after) = match cell {
                Some(cell) if name != NOTE => match cell.split_once(' ') {
                    Some((cell, after)) => (Some(cell), Some(after)),
                    None => (None, None),
                },
                note => (note, note),
            };
            rest = after;
            cell.unwrap_or_default().to_owned()
        });
        rest.map(|_| line)
    }

    /// Whether the test has not failed.
    pub fn holds(&self) -> bool {
        let Self([.., note]) = self;
        note != FAILED
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(cells) = self;
        let named = COLUMNS.iter().zip(cells).map(|((_, name), cell)| format!("{name}={cell}"));
        let text = named.collect::<Vec<_>>().join(" ");
        write!(formatter, "{MARK}{}", text.replace('\n', " ").trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "soak: part=kills runs=2 acknowledged=5 lost=0 twice=0 keys=- panics=0 failing=- base=7 seconds=3 note=2 sent again";

    #[test]
    fn what_is_written_is_what_is_read() {
        let line = Line::read(TEXT).unwrap();
        assert_eq!(line.to_string(), TEXT);
        assert_eq!(line.0[0], "kills");
        assert_eq!(line.0[10], "2 sent again");
        let silent = Line::of(|name| if name == NOTE { "" } else { "-" }.to_owned());
        assert_eq!(Line::read(&silent.to_string()), Some(silent));
    }

    #[test]
    fn what_is_no_line_is_read_as_none() {
        for text in ["", "test kills::all ... ok", "soak: ", "soak: part=kills", &TEXT[..60]] {
            assert_eq!(Line::read(text), None, "{text}");
        }
        assert_eq!(Line::read(&TEXT.replace("lost", "left")), None);
        assert_eq!(Line::read(&TEXT[1..]), None);
    }

    #[test]
    fn a_line_that_says_so_has_failed() {
        assert!(Line::read(TEXT).unwrap().holds());
        assert!(!Line::read(&TEXT.replace("2 sent again", FAILED)).unwrap().holds());
    }
}
