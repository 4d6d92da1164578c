//! Time as an argument: nothing here reads a clock.

use serde::{Deserialize, Serialize};

const SECONDS_PER_DAY: u64 = 86_400;

/// Seconds since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// The day that holds this second.
    pub fn day(self) -> UnixDay {
        UnixDay(u32::try_from(self.0 / SECONDS_PER_DAY).unwrap_or(u32::MAX))
    }

    /// This instant, `days` later.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(u64::from(days) * SECONDS_PER_DAY))
    }

    /// Whether more than `days` whole days lie between `earlier` and this instant.
    pub fn is_days_after(self, earlier: Self, days: u32) -> bool {
        self.0 > earlier.plus_days(days).0
    }
}

/// Days since 1970-01-01 UTC: all the precision that published objects carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixDay(pub u32);

/// Milliseconds on a clock that only goes forward, from any beginning: for
/// deadlines, never for dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// This moment, `ms` later.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
