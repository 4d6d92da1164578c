//! Text that others wrote, made harmless.
//!
//! A terminal obeys what it is sent: colours, cursor, title, clipboard. And marks
//! that nobody sees turn text around, or make two names look alike. So whatever
//! others wrote, names, messages, errors of a relay, passes here on its way to a
//! person: characters that do something are shown as `\u{202e}`. It makes no
//! difference whether the output is a terminal: what is in a file is shown
//! on a terminal sooner or later.
//!
//! `Untrusted` and [`Body`] have no `Display`, so that there is no other way.
//! To programs both go exactly, as JSON.

mod wrap;

use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// Marks on one letter that are shown; more would climb over other lines.
const MAX_MARKS: usize = 8;

/// Blanks that a tab is shown as, at most.
const TAB: usize = 8;

/// A name, an address or another short text from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct Untrusted(String);

impl Untrusted {
    /// As others wrote it: for programs, never for a terminal.
    pub(crate) fn exactly(&self) -> &str {
        &self.0
    }

    /// On one line, with nothing in it that cannot be seen.
    pub(crate) fn shown(&self) -> String {
        line(&self.0)
    }
}

impl<T: Into<String>> From<T> for Untrusted {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// What a message says: any bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(pub Vec<u8>);

impl Body {
    /// Its lines, each at most `width` columns wide if there is a width.
    pub fn lines(&self, width: Option<usize>) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.0);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        text.split('\n').flat_map(|line| wrap::wrap(&clusters(line, Form::Body), width)).collect()
    }
}

/// As text if it is UTF-8, and as base64 if not. It is flattened into what it
/// belongs to.
impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        if let Ok(text) = std::str::from_utf8(&self.0) {
            map.serialize_entry("body", text)?;
        } else {
            let text = data_encoding::BASE64.encode(&self.0);
            map.serialize_entry("body_base64", &text)?;
        }
        map.end()
    }
}

/// A short text on one line: nothing in it breaks the line, moves or hides.
pub fn line(text: &str) -> String {
    joined(&clusters(text, Form::Line))
}

/// A text of several lines that we wrote around words from elsewhere.
pub fn block(text: &str) -> String {
    let lines = text.split('\n').map(|text| joined(&clusters(text, Form::Line)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Columns that a shown text takes.
pub fn columns(shown: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(shown)
}

/// Whether joiners may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Line,
    Body,
}

/// What is never torn apart: a letter with its marks, an emoji, an escape.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cluster {
    shown: String,
    columns: usize,
    is_blank: bool,
}

fn joined(clusters: &[Cluster]) -> String {
    clusters.iter().map(|cluster| cluster.shown.as_str()).collect()
}

/// One line, cluster by cluster.
fn clusters(line: &str, form: Form) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let (mut at, mut marks, mut before, mut joins) = (0, 0, None, false);
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let keeps = form == Form::Body && is_joiner_at_work(before, c, characters.peek().copied());
        let columns = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if c == '\t' {
            let blanks = TAB - at % TAB;
            clusters.extend((0..blanks).map(|_| Cluster::of(" ", 1)));
            at += blanks;
        } else if obeys(c) && !keeps {
            let escape = format!("\\u{{{:x}}}", u32::from(c));
            at += escape.len();
            clusters.push(Cluster::of(&escape, escape.len()));
        } else if let (true, Some(last)) = (columns == 0 || joins, clusters.last_mut()) {
            marks = if joins { 0 } else { marks + 1 };
            if marks <= MAX_MARKS {
                last.shown.push(c);
                last.is_blank = false;
            }
        } else {
            at += columns;
            marks = usize::from(columns == 0);
            clusters.push(Cluster::of(c.encode_utf8(&mut [0; 4]), columns));
        }
        joins = keeps && c == ZERO_WIDTH_JOINER;
        before = Some(c);
    }
    clusters
}

impl Cluster {
    fn of(shown: &str, columns: usize) -> Self {
        Self { shown: shown.to_owned(), columns, is_blank: shown == " " }
    }
}

/// Whether somebody's terminal may do something else with it than show it, or
/// show nothing at all.
const fn obeys(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Whether it is a joiner where scripts and emoji need one: between letters of
/// scripts that join, or between two emoji.
fn is_joiner_at_work(before: Option<char>, c: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let between_letters = is_of_joining_script(before) && is_of_joining_script(after);
    match c {
        ZERO_WIDTH_NON_JOINER => between_letters,
        ZERO_WIDTH_JOINER => between_letters || (is_of_emoji(before) && is_emoji(after)),
        _ => false,
    }
}

/// A letter, or a mark on one, of the scripts from Hebrew on: no Latin, Greek or
/// Cyrillic, in which a joiner only hides.
fn is_of_joining_script(c: char) -> bool {
    let is_mark = unicode_width::UnicodeWidthChar::width(c) == Some(0);
    c >= '\u{590}' && !obeys(c) && (c.is_alphabetic() || is_mark) && !is_emoji_part(c)
}

fn is_of_emoji(c: char) -> bool {
    is_emoji(c) || is_emoji_part(c)
}

/// The presentation selector, which follows an emoji.
const fn is_emoji_part(c: char) -> bool {
    c == '\u{fe0f}'
}

/// Blocks that hold emoji: arrows, technical and other symbols, and the planes of them.
const fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests;
