//! How far a message got, recipient by recipient.

use serde::Serialize;

use super::{Page, Report, file::size, message::SHOWN_ID};
use crate::text::Untrusted;

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// It will not get there.
    Failed,
    /// It waits here.
    Queued,
    /// It is durable at the recipient's relay.
    Relay,
    /// A device of the recipient has it.
    Delivered,
    /// The recipient has read it.
    Read,
}

/// `send` and `reply`: one recipient.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Sent {
    /// To whom, as it was asked for; in a group a member.
    pub(crate) to: Untrusted,
    /// In which group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<Untrusted>,
    /// The message's id; of several texts the last one's.
    pub(crate) id: Option<String>,
    /// How far it got.
    pub(crate) level: Level,
    /// Whether that is as far as was asked for.
    pub(crate) reached: bool,
    /// Whether it was sent before, under the same `--idempotency-key`.
    pub(crate) repeated: bool,
    /// The file, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<File>,
    /// What stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<crate::failure::Error>,
}

/// A file that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct File {
    /// What it is called.
    pub(crate) name: Untrusted,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// Days that our relay keeps it, if the relay was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<u16>,
}

impl Level {
    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Failed => "not sent",
            Self::Queued => "waits here",
            Self::Relay => "at the relay",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

impl File {
    fn described(&self) -> String {
        let days = self.days.map(|days| format!(", for {days} days")).unwrap_or_default();
        format!("  {} ({}{days})", self.name.shown(), size(self.bytes))
    }
}

impl Report for Sent {
    const TYPE: &'static str = "sent";

    fn show(&self, page: &Page) -> String {
        let id: String = self.id.iter().flat_map(|id| id.chars()).take(SHOWN_ID).collect();
        let group = self.group.as_ref().map(|group| format!("{} ", group.shown()));
        let to = group.unwrap_or_default() + &self.to.shown();
        let file = self.file.as_ref().map(File::described).unwrap_or_default();
        let line = format!("{to}  {}  {}{file}", self.level.words(), page.dim(&id));
        format!("{}\n", line.trim_end())
    }
}
