//! What a command has to say: shown to people as text and to programs as a line
//! of JSON. Field names are for good: scripts rely on them. Their schemas, in
//! `docs/schema`, are made from the same types.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod contact;
pub(crate) mod file;
pub(crate) mod group;
pub(crate) mod mbox;
pub(crate) mod message;
pub(crate) mod outbox;
pub(crate) mod presence;
pub(crate) mod qr;
pub(crate) mod sent;
pub(crate) mod setting;
pub(crate) mod when;

use anstyle::Style;
use serde::Serialize;

use crate::{
    args::Globals,
    output::{self, WriteError},
};

/// Version of all lines of JSON. It changes when a field goes or means something else.
const VERSION: u32 = 1;

/// Something that a command says.
pub(crate) trait Report: Serialize {
    /// Its word in JSON: the field `type`.
    const TYPE: &'static str;

    /// As people read it, with its line feeds.
    fn show(&self, page: &Page) -> String;
}

/// What people read on.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Columns, if it is a terminal.
    pub(crate) width: Option<usize>,
    /// Whether it may be coloured.
    pub(crate) has_colour: bool,
    /// The present, here.
    pub(crate) now: jiff::Zoned,
}

impl Page {
    /// What stdout is.
    pub(crate) fn of_stdout() -> Self {
        Self {
            width: output::is_terminal().then(output::width),
            has_colour: output::has_colour(),
            now: jiff::Zoned::now(),
        }
    }

    /// A text in a style, where there are styles.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.has_colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Where it matters less.
    pub(crate) fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// Where it matters more.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }
}

/// Says something to whoever asked, in the form that was asked for. Done when it
/// has left the process.
pub(crate) fn say<R: Report>(globals: &Globals, report: &R) -> Result<(), WriteError> {
    let text = if globals.json { line(R::TYPE, report) } else { report.show(&Page::of_stdout()) };
    output::data(text.as_bytes())
}

/// Confirms what was asked for: not to people who want it quiet.
pub(crate) fn confirm<R: Report>(globals: &Globals, report: &R) -> Result<(), WriteError> {
    if globals.quiet && !globals.json { Ok(()) } else { say(globals, report) }
}

/// One of a few words, as JSON has it.
pub(crate) fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a, R> {
    v: u32,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    report: &'a R,
}

/// A report as a line of JSON, with its line feed.
pub(crate) fn line<R: Serialize>(kind: &str, report: &R) -> String {
    let line = Line { v: VERSION, kind, report };
    // Reports are structs with names for keys: there is nothing that JSON cannot hold.
    let json = serde_json::to_string(&line).unwrap_or_default();
    json + "\n"
}

#[cfg(test)]
mod tests;
