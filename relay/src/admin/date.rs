//! Days and seconds as ISO 8601 writes them, in UTC.

use msg_protocol::time::{UnixDay, UnixSeconds};

use crate::clock::DAY_S;

/// A day: `2026-01-31`.
pub(crate) fn day(day: UnixDay) -> String {
    let (year, month, day) = civil(i64::from(day.0));
    format!("{year:04}-{month:02}-{day:02}")
}

/// A second: `2026-01-31T12:34:56Z`.
pub(crate) fn second(at: UnixSeconds) -> String {
    let (hour, minute, second) = (at.0 % DAY_S / 3_600, at.0 % 3_600 / 60, at.0 % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", day(at.day()))
}

/// Year, month and day of a day since 1970. Years begin in March here, so that
/// the day that some lack is their last one.
const fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    const MARCH_OF_YEAR_0_TO_1970: i64 = 719_468;
    let days = days + MARCH_OF_YEAR_0_TO_1970;
    let (era, of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let of_next_year = month >= 10;
    let month = if of_next_year { month - 9 } else { month + 3 };
    (era * 400 + year + of_next_year as i64, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (number, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(UnixDay(number)), text);
        }
        assert_eq!(second(UnixSeconds(1_767_225_599)), "2025-12-31T23:59:59Z");
    }
}
