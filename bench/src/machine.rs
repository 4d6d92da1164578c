//! What a figure was measured on.

use std::{fs, thread};

/// The processor, how many there are, and the version of Rust.
pub(crate) fn describe() -> String {
    let name = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let count = thread::available_parallelism().map_or(1, usize::from);
    format!("{name}, {count} cores, Rust {}", env!("CARGO_PKG_RUST_VERSION"))
}
