//! What is said about who is there.

use serde::Serialize;

use super::{Page, Report};
use crate::text::{Untrusted, columns};

const NAME_COLUMNS: usize = 12;

/// `who` and `ping`: one contact.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Presence {
    /// Who, by the name that they have here.
    pub(crate) with: Untrusted,
    /// Their address, if it is known.
    pub(crate) address: Option<String>,
    /// Whether they have answered. Who has not may be there all the same.
    pub(crate) present: bool,
    /// How long the answer took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) round_trip_ms: Option<u64>,
}

impl Report for Presence {
    const TYPE: &'static str = "presence";

    fn show(&self, page: &Page) -> String {
        let name = self.with.shown();
        let blanks = " ".repeat(NAME_COLUMNS.saturating_sub(columns(&name)));
        let said = match self.round_trip_ms {
            Some(time) => format!("there  {}", page.dim(&format!("{time} ms"))),
            None => page.dim("no answer"),
        };
        format!("{}{blanks}  {said}\n", page.bold(&name))
    }
}
