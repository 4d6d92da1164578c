//! Points in time: exact for programs, as near as it matters for people.

use jiff::{Timestamp, ToSpan as _, Zoned};

/// A point in time as JSON has it: RFC 3339, UTC, milliseconds.
pub(crate) fn exact(unix_ms: u64) -> String {
    stamp(unix_ms).map_or_else(String::new, |at| format!("{at:.3}"))
}

/// The same of seconds.
pub(crate) fn exact_s(unix_s: u64) -> String {
    exact(unix_s.saturating_mul(1_000))
}

/// For people: the time of today, the weekday of the last days, else the date.
pub(crate) fn near(unix_ms: u64, now: &Zoned) -> String {
    let Some(at) = stamp(unix_ms) else { return "?".to_owned() };
    let at = at.to_zoned(now.time_zone().clone());
    let is_past = at <= *now;
    let week = now.checked_sub(6.days()).ok();
    let form = if at.date() == now.date() {
        "%H:%M"
    } else if is_past && week.is_some_and(|week| at.date() > week.date()) {
        "%a %H:%M"
    } else if at.year() == now.year() {
        "%d %b %H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    at.strftime(form).to_string()
}

fn stamp(unix_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()
}

/// A point in time in UTC, for tests and where no zone is known.
#[cfg(test)]
pub(crate) fn utc(unix_ms: u64) -> Zoned {
    stamp(unix_ms).unwrap().to_zoned(jiff::tz::TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_what_they_need() {
        let now_ms = 1_780_000_000_000; // Thursday, 28 May 2026, 20:26:40
        let now = utc(now_ms);
        let day = 86_400_000;
        assert_eq!(near(now_ms, &now), "20:26");
        assert_eq!(near(now_ms - day, &now), "Wed 20:26");
        assert_eq!(near(now_ms - 6 * day, &now), "22 May 20:26");
        assert_eq!(near(now_ms + day, &now), "29 May 20:26");
        assert_eq!(near(now_ms - 200 * day, &now), "2025-11-09 20:26");
        assert_eq!(near(u64::MAX, &now), "?");
    }

    #[test]
    fn programs_get_it_exactly() {
        assert_eq!(exact(1_780_000_000_123), "2026-05-28T20:26:40.123Z");
        assert_eq!(exact_s(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(exact(u64::MAX), "");
    }
}
