//! How far a message got, recipient by recipient.

use serde::Serialize;

use super::{Page, Report, message::SHOWN_ID};
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
    /// What stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<crate::failure::Error>,
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

impl Report for Sent {
    const TYPE: &'static str = "sent";

    fn show(&self, page: &Page) -> String {
        let id: String = self.id.iter().flat_map(|id| id.chars()).take(SHOWN_ID).collect();
        let group = self.group.as_ref().map(|group| format!("{} ", group.shown()));
        let to = group.unwrap_or_default() + &self.to.shown();
        let line = format!("{to}  {}  {}", self.level.words(), page.dim(&id));
        format!("{}\n", line.trim_end())
    }
}
