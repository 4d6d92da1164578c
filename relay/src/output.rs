//! The only place that prints. Stdout is data; stderr is talk.
//!
//! A reader that has gone away ends nothing: whoever writes is told, and decides.

use core::fmt::Display;
use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anstyle::{AnsiColor, Style};

use crate::config::Color;

/// Whether from now on what people read is coloured.
pub(crate) fn choose(color: Color) {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether what goes there is coloured. If nobody has chosen, it goes to a terminal
/// that can, and neither `NO_COLOR` nor `CLICOLOR=0` forbids it.
pub(crate) fn has_colour(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

fn painted(text: &str, style: Style, has_colour: bool) -> String {
    if has_colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Writes data.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says what failed and, where it is known, what to do about it.
pub(crate) fn failure(error: &dyn Display, hint: Option<&str>) {
    let mut stderr = io::stderr().lock();
    let has_colour = has_colour(&io::stderr());
    let word = |word, colour: AnsiColor| {
        painted(word, Style::new().bold().fg_color(Some(colour.into())), has_colour)
    };
    let (wrong, better) = (word("error:", AnsiColor::Red), word("hint:", AnsiColor::Cyan));
    let hint = hint.map(|hint| format!("{better} {}\n", shown(hint))).unwrap_or_default();
    // Nobody is left to be told that stderr is gone.
    let _ = write!(stderr, "{wrong} {}\n{hint}", shown(&without_numbers(&error.to_string())));
}

/// A text in which the system's errors are words alone: for people, the number that
/// the standard library puts behind them says nothing.
fn without_numbers(text: &str) -> String {
    const OPENS: &str = " (os error ";
    let mut parts = text.split(OPENS);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| match part.split_once(')') {
        Some((number, after)) if number.parse::<i32>().is_ok() => before + after,
        _ => before + OPENS + part,
    })
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
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = painted(&line(&head), Style::new().bold(), has_colour(&io::stdout()));
    let rows = rows.iter().map(|row| format!("{}\n", line(row)));
    format!("{head}\n{}", rows.collect::<String>())
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
        choose(Color::Never);
        let text = table(["a", "bb"], &[["ccc".into(), "d".into()]]);
        assert_eq!(text, "a    bb\nccc  d\n");
    }

    #[test]
    fn what_the_system_says_is_said_without_its_number() {
        let error = io::Error::from_raw_os_error(2);
        let text = format!("cannot open a: {error}; b: {error}, so none (os error x)");
        let words = "No such file or directory";
        let plain = format!("cannot open a: {words}; b: {words}, so none (os error x)");
        assert_eq!(without_numbers(&text), plain);
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(shown("a\x1b[2J\n\u{202e}é"), "a\\u{1b}[2J\\u{a}\\u{202e}é");
    }
}
