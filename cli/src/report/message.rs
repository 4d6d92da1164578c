//! A message, sent or received.
//!
//! ```text
//! 14:02  3fa9c1  bob    │ the first line
//!                       │ and the next: no line begins without the gutter,
//!                       │ so that a text cannot pose as somebody else's
//! ```

use serde::Serialize;

use super::{
    Page, Report,
    file::{File, size},
    sent::Level,
    when,
};
use crate::text::{Body, Untrusted, columns};

/// Characters of an id that people see: enough to be the only one.
pub(crate) const SHOWN_ID: usize = 6;

const GUTTER: &str = "│ ";
const NARROWEST_TEXT: usize = 16;
const NAME_COLUMNS: usize = 8;

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// It came.
    In,
    /// It went.
    Out,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A sign that was put to an earlier message.
    Reaction,
    /// Another text for an earlier message.
    Edit,
    /// An earlier message is gone.
    Delete,
    /// A file, or a text that is too long to be shown here; `msg get` fetches it.
    File,
    /// Something that a newer msg sent: kept, and not understood.
    Unknown,
}

/// A sign that somebody has put to a message.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reaction {
    /// Who, by the name that they have here; null for ourselves.
    pub(crate) by: Option<Untrusted>,
    /// The sign.
    pub(crate) sign: Untrusted,
}

/// What was said before we were in a group, and passed on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Original {
    /// Who wrote it, as the sender says: a contact's name here, or an address.
    pub(crate) author: Untrusted,
    /// The id that it had.
    pub(crate) id: String,
    /// By its author's clock.
    pub(crate) sent_at: String,
    /// The same, for people.
    #[serde(skip)]
    pub(crate) sent_ms: u64,
}

/// A message.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a field that programs read")]
pub(crate) struct Message {
    /// Its id, the same on every device.
    pub(crate) id: String,
    /// Which way it went.
    pub(crate) direction: Direction,
    /// From whom or to whom, by the name that they have here.
    pub(crate) with: Untrusted,
    /// In which group, with its sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<Untrusted>,
    /// Whether its writer had seen a message of the group that has not come here.
    pub(crate) gap: bool,
    /// Their address, if it is known.
    pub(crate) address: Option<String>,
    /// The fingerprint of the identity that wrote it or that it is for, if that is known.
    pub(crate) fingerprint: Option<String>,
    /// What it is.
    pub(crate) kind: Kind,
    /// What it says.
    #[serde(flatten)]
    pub(crate) body: Body,
    /// The file, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<File>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<String>,
    /// The earlier message that it is about: of a reaction, an edit or a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    /// Whether its text is not its first.
    pub(crate) edited: bool,
    /// Whether its text is gone, because its sender wished it.
    pub(crate) deleted: bool,
    /// Signs that have been put to it.
    pub(crate) reactions: Vec<Reaction>,
    /// Seconds for which it stays once it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expire_s: Option<u32>,
    /// When it goes, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<String>,
    /// The same, for people.
    #[serde(skip)]
    pub(crate) expires_ms: Option<u64>,
    /// By the sender's clock.
    pub(crate) sent_at: String,
    /// When it was stored here.
    pub(crate) stored_at: String,
    /// How far it got, if we sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<Level>,
    /// Whether it was shown before, perhaps in vain.
    pub(crate) redelivered: bool,
    /// Whether its sender passes on what was said before we were in the group.
    pub(crate) replayed: bool,
    /// What that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) original: Option<Original>,
    /// Whether the sender's identity had changed when it came.
    pub(crate) doubtful: bool,
    /// The sender's clock, for people.
    #[serde(skip)]
    pub(crate) sent_ms: u64,
    /// Our clock, for people.
    #[serde(skip)]
    pub(crate) stored_ms: u64,
}

/// What people are told if a sender's clock differs by more than a day.
const DAY_MS: u64 = 86_400_000;

impl Message {
    fn head(&self, page: &Page) -> (String, usize) {
        // Whoever sets a clock cannot make a message look as if it had come earlier.
        let at = if self.sent_ms.abs_diff(self.stored_ms) > DAY_MS {
            self.stored_ms
        } else {
            self.sent_ms
        };
        let time = when::near(at, &page.now);
        let id: String = self.id.chars().take(SHOWN_ID).collect();
        let arrow = if self.direction == Direction::Out { "→ " } else { "" };
        let name = match &self.group {
            Some(group) if self.direction == Direction::Out => {
                format!("{arrow}{}", group.shown())
            }
            Some(group) => format!("{} {}", group.shown(), self.with.shown()),
            None => format!("{arrow}{}", self.with.shown()),
        };
        let blanks = " ".repeat(NAME_COLUMNS.saturating_sub(columns(&name)));
        let taken = columns(&time) + 2 + id.len() + 2 + columns(&name) + blanks.len() + 1;
        let shown_id = page.dim(&id);
        let shown_name = page.bold(&name);
        (format!("{}  {shown_id}  {shown_name}{blanks} ", page.dim(&time)), taken)
    }

    /// The message that it is about.
    fn about(&self) -> String {
        self.target.iter().flat_map(|id| id.chars()).take(SHOWN_ID).collect()
    }

    /// What it is, and how it is fetched.
    pub(super) fn described_file(&self) -> String {
        let id: String = self.id.chars().take(SHOWN_ID).collect();
        match &self.file {
            Some(file) if file.as_text => {
                format!("[a text of {}: msg get {id}]", size(file.bytes))
            }
            Some(file) => format!("[{}: msg get {id}]", file.described()),
            None => String::new(),
        }
    }

    fn notes(&self, page: &Page) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(original) = &self.original {
            let (author, at) = (original.author.shown(), when::near(original.sent_ms, &page.now));
            notes.push(format!("(said by {author} at {at}, passed on)"));
        }
        if let Some(answered) = &self.reply_to {
            let id: String = answered.chars().take(SHOWN_ID).collect();
            notes.push(format!("(answers {id})"));
        }
        // Whoever looks back takes what stands there for sent.
        if let Some(level @ (Level::Failed | Level::Queued)) = self.level {
            notes.push(format!("({})", level.words()));
        }
        if self.sent_ms.abs_diff(self.stored_ms) > DAY_MS {
            let at = when::near(self.sent_ms, &page.now);
            notes.push(format!("(sent {at} by the sender's clock)"));
        }
        if self.edited && !self.deleted {
            notes.push("(edited)".to_owned());
        }
        if !self.reactions.is_empty() {
            let by = |one: &Reaction| one.by.as_ref().map_or("you".to_owned(), Untrusted::shown);
            let one = |one: &Reaction| format!("{} {}", one.sign.shown(), by(one));
            notes.push(self.reactions.iter().map(one).collect::<Vec<_>>().join(", "));
        }
        match (self.expires_ms, self.expire_s) {
            (Some(at), _) => notes.push(format!("(goes at {})", when::near(at, &page.now))),
            (None, Some(seconds)) => notes.push(format!("(goes {seconds}s after reading)")),
            (None, None) => {}
        }
        if self.gap {
            notes.push("(a message before this one has not come)".to_owned());
        }
        if self.doubtful {
            notes.push("(their identity had changed when this came)".to_owned());
        }
        notes
    }
}

impl Report for Message {
    const TYPE: &'static str = "message";

    fn show(&self, page: &Page) -> String {
        let (head, taken) = self.head(page);
        let room = |width: usize| width.saturating_sub(taken + columns(GUTTER)).max(NARROWEST_TEXT);
        let lines = match self.kind {
            Kind::Text if self.deleted => vec!["(deleted)".to_owned()],
            Kind::Text => self.body.lines(page.width.map(room)),
            Kind::Reaction => vec![format!("{} {}", self.body.lines(None).concat(), self.about())],
            Kind::Edit => {
                let first = format!("(now says {})", self.about());
                [first].into_iter().chain(self.body.lines(page.width.map(room))).collect()
            }
            Kind::Delete => vec![format!("(deleted {})", self.about())],
            Kind::File => vec![self.described_file()],
            Kind::Unknown => vec!["(sent by a newer msg)".to_owned()],
        };
        let gutter = page.dim(GUTTER);
        let notes = self.notes(page).into_iter().map(|note| page.dim(&note));
        let mut text = String::new();
        for (index, line) in lines.into_iter().chain(notes).enumerate() {
            let left = if index == 0 { head.clone() } else { " ".repeat(taken) };
            text.push_str(format!("{left}{gutter}{line}").trim_end());
            text.push('\n');
        }
        text
    }
}

/// `delete --here`: a message that is gone from this store.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Removed {
    /// Its id.
    pub(crate) id: String,
}

impl Report for Removed {
    const TYPE: &'static str = "removed";

    fn show(&self, _: &Page) -> String {
        let id: String = self.id.chars().take(SHOWN_ID).collect();
        format!("removed {id} from this store\n")
    }
}
