//! What is on its way.

use serde::Serialize;

use super::{Page, Report, message::SHOWN_ID, sent::Level, when};
use crate::text::{Body, Untrusted};

/// `outbox`: a message on its way to a device.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Waiting {
    /// The message's id.
    pub(crate) id: String,
    /// To whom.
    pub(crate) to: Untrusted,
    /// How far it is.
    pub(crate) level: Level,
    /// Why it goes no further, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Untrusted>,
    /// When it was queued.
    pub(crate) queued_at: String,
    /// When it is given up.
    pub(crate) expires_at: String,
    /// When it is tried again.
    pub(crate) next_try_at: String,
    /// Deposits tried since it last got further.
    pub(crate) tries: u32,
    /// What it says; nothing, if it is none of the texts.
    #[serde(skip)]
    pub(crate) text: Option<Body>,
    /// When it was queued, for people.
    #[serde(skip)]
    pub(crate) queued_ms: u64,
}

/// `outbox cancel`: messages were given up.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Cancelled {
    /// The message.
    pub(crate) id: String,
    /// Devices that it will not be sent to any more.
    pub(crate) devices: usize,
}

/// `outbox retry`: what came of it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Retried {
    /// Envelopes that relays took.
    pub(crate) deposited: usize,
    /// Messages that wait still.
    pub(crate) waiting: usize,
}

const PREVIEW: usize = 30;

impl Report for Waiting {
    const TYPE: &'static str = "waiting";

    fn show(&self, page: &Page) -> String {
        let id: String = self.id.chars().take(SHOWN_ID).collect();
        let lines = self.text.as_ref().map(|text| text.lines(Some(PREVIEW))).unwrap_or_default();
        let more = if lines.len() > 1 { "…" } else { "" };
        let first = lines.into_iter().next().map(|line| format!("{line}{more}"));
        let reason = self.reason.as_ref().map(|reason| format!(" ({})", reason.shown()));
        let line = format!(
            "{}  {}  {:<8}  {}{}  {}",
            page.dim(&when::near(self.queued_ms, &page.now)),
            page.dim(&id),
            self.to.shown(),
            self.level.words(),
            reason.unwrap_or_default(),
            first.unwrap_or_default(),
        );
        format!("{}\n", line.trim_end())
    }
}

impl Report for Cancelled {
    const TYPE: &'static str = "cancelled";

    fn show(&self, _: &Page) -> String {
        let id: String = self.id.chars().take(SHOWN_ID).collect();
        format!("{id} is given up\n")
    }
}

impl Report for Retried {
    const TYPE: &'static str = "retried";

    fn show(&self, _: &Page) -> String {
        format!("{} sent, {} wait\n", self.deposited, self.waiting)
    }
}
