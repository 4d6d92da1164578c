//! The only place that prints. Stdout is data; stderr is talk.
//!
//! A reader that has gone away ends nothing: whoever writes is told, and decides.

use core::fmt::Display;
use std::io::{self, Write as _};

/// Writes data.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says what failed and, where it is known, what to do about it.
pub(crate) fn failure(error: &dyn Display, hint: Option<&str>) {
    let mut stderr = io::stderr().lock();
    let hint = hint.map(|hint| format!("hint: {}\n", shown(hint))).unwrap_or_default();
    // Nobody is left to be told that stderr is gone.
    let _ = write!(stderr, "error: {}\n{hint}", shown(&error.to_string()));
}

/// Writes a text that is written for people as it is, as help is.
pub(crate) fn talk(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Columns, each as wide as its widest cell; the last one ends with its text.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let width = |column: usize| {
        let cells = all().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    all().map(line).collect()
}

/// A text in which nothing moves the cursor: what a file or an argument holds is
/// shown, not obeyed.
pub(crate) fn shown(text: &str) -> String {
    let show =
        |c: char| if obeys(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() };
    text.chars().map(show).collect()
}

/// Whether a terminal may do something else with that character than show it.
pub(crate) const fn obeys(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_columns_and_no_trailing_blanks() {
        let text = table(["a", "bb"], &[["ccc".into(), "d".into()]]);
        assert_eq!(text, "a    bb\nccc  d\n");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(shown("a\x1b[2J\n\u{202e}é"), "a\\u{1b}[2J\\u{a}\\u{202e}é");
    }
}
