//! Files: what a message says of one, and where it was put.

use serde::Serialize;

use super::{Page, Report};
use crate::text::Untrusted;

/// A file in a message, as its sender describes it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct File {
    /// The name that its sender gave it: never to be trusted as a path.
    pub(crate) name: Untrusted,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// Whether it is a text that is too long for a message.
    pub(crate) as_text: bool,
    /// Pixels from left to right, if its sender says that it is an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<u32>,
    /// Pixels from top to bottom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u32>,
}

/// `get`: a file is here.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Got {
    /// The message's id.
    pub(crate) id: String,
    /// Where the file is; nothing, if it was written to stdout.
    pub(crate) path: Option<Untrusted>,
    /// Its bytes.
    pub(crate) bytes: u64,
}

impl File {
    /// In a line: name, kind of image, bytes.
    pub(crate) fn described(&self) -> String {
        let image = match (self.width, self.height) {
            (Some(width), Some(height)) => format!("{width} x {height}, "),
            _ => String::new(),
        };
        format!("{} ({image}{})", self.name.shown(), size(self.bytes))
    }
}

impl Report for Got {
    const TYPE: &'static str = "got";

    fn show(&self, _: &Page) -> String {
        match &self.path {
            Some(path) => format!("{}  {}\n", path.shown(), size(self.bytes)),
            None => String::new(),
        }
    }
}

/// So many bytes, in words.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    // Tenths of the unit, so that nothing is rounded up to a unit that is not reached.
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_in_the_unit_that_fits() {
        for (bytes, said) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_999, "9.9 kB"),
            (10_000, "10 kB"),
            (999_999, "999 kB"),
            (1_000_000, "1.0 MB"),
            (67_108_864, "67 MB"),
            (1_073_741_824, "1.0 GB"),
        ] {
            assert_eq!(size(bytes), said, "{bytes}");
        }
    }
}
