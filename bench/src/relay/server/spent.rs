//! Processor time of processes, as the kernel counts it.

use std::{fs, io, time::Duration};

/// Processor time so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// Of relays.
    pub(crate) relays: Duration,
    /// Of the servers of their database.
    pub(crate) database: Duration,
}

impl Spent {
    /// Nothing.
    pub(crate) const NONE: Self = Self { relays: Duration::ZERO, database: Duration::ZERO };

    /// What was spent since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            relays: self.relays.saturating_sub(before.relays),
            database: self.database.saturating_sub(before.database),
        }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { relays: self.relays + other.relays, database: self.database + other.database }
    }
}

/// Of a process and of the processes that it has started.
pub(crate) fn by_family(id: u32) -> io::Result<Duration> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let Ok(text) = fs::read_to_string(path.join("stat")) else { continue };
        let own = path.file_name().is_some_and(|name| *name == *id.to_string());
        // The name of the program may hold anything but ends with the last bracket.
        let fields: Vec<&str> =
            text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |place: usize| fields.get(place).and_then(|text| text.parse::<u64>().ok());
        if own || field(1) == Some(u64::from(id)) {
            ticks += field(11).unwrap_or(0) + field(12).unwrap_or(0);
        }
    }
    Ok(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second()))
}
