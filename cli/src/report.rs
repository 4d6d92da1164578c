//! What a command has to say: one type a command, shown to people as text and to
//! programs as a line of JSON. Field names are for good: scripts rely on them.
//! Their schemas, in `docs/schema`, are made from the same types.

use serde::Serialize;

/// Version of all lines of JSON. It changes when a field goes or means something else.
const VERSION: u32 = 1;

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
