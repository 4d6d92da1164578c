//! Lengths of time as people write them: `30s`, `5m`, `1h30m`, `2d`.

use core::{fmt, str::FromStr, time::Duration};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// The longest that makes sense: clocks and kernels count further, but not much.
const LONGEST_S: u64 = 10 * 365 * DAY;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

/// Why a text is no length of time. The writer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpanError {
    /// Nothing at all.
    #[error("a time is expected, such as 30s, 5m or 8h")]
    Empty,
    /// Something where digits belong.
    #[error("a number is expected before the unit, as in 30s, 5m or 8h")]
    NoNumber,
    /// A number alone.
    #[error("{0} of what? Write {0}s for seconds, {0}m for minutes or {0}h for hours")]
    NoUnit(u64),
    /// A unit that nobody knows.
    #[error("`{0}` is no unit; there are ms, s, m, h, d and w")]
    Unit(String),
    /// More than anybody waits.
    #[error("that is longer than ten years")]
    TooLong,
}

/// Reads a length of time, for clap.
pub(crate) fn span(text: &str) -> Result<Span, SpanError> {
    text.parse()
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(SpanError::Empty);
        }
        if rest == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let mut sum = Duration::ZERO;
        while !rest.is_empty() {
            let (number, behind) = split(rest, |c| c.is_ascii_digit());
            let (unit, behind) = split(behind, |c| !c.is_ascii_digit());
            sum = sum.checked_add(part(number, unit.trim())?).ok_or(SpanError::TooLong)?;
            rest = behind;
        }
        if sum > Duration::from_secs(LONGEST_S) { Err(SpanError::TooLong) } else { Ok(Self(sum)) }
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn part(number: &str, unit: &str) -> Result<Duration, SpanError> {
    if number.is_empty() {
        return Err(SpanError::NoNumber);
    }
    let number: u64 = number.parse().map_err(|_| SpanError::TooLong)?;
    let seconds = match unit {
        "" => return Err(SpanError::NoUnit(number)),
        "ms" => return Ok(Duration::from_millis(number)),
        "s" | "sec" => 1,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => WEEK,
        other => return Err(SpanError::Unit(other.to_owned())),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or(SpanError::TooLong)
}

/// As it is read, in the largest units.
impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return write!(formatter, "{}ms", self.0.as_millis());
        }
        for (unit, seconds) in [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)] {
            if rest >= seconds {
                write!(formatter, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<u64, SpanError> {
        span(text).map(|span| span.0.as_secs())
    }

    #[test]
    fn people_write_lengths_of_time_in_these_ways() {
        for (text, expected) in [
            ("30s", 30),
            ("5m", 300),
            ("5 min", 300),
            ("1h", 3_600),
            ("1h30m", 5_400),
            ("8h", 28_800),
            ("2d", 172_800),
            ("1w", 604_800),
            ("0", 0),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        assert_eq!(span("250ms"), Ok(Span(Duration::from_millis(250))));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(seconds(""), Err(SpanError::Empty));
        assert_eq!(seconds("30"), Err(SpanError::NoUnit(30)));
        assert_eq!(seconds("h"), Err(SpanError::NoNumber));
        assert_eq!(seconds("-5s"), Err(SpanError::NoNumber));
        assert_eq!(seconds("5x"), Err(SpanError::Unit("x".into())));
        assert_eq!(seconds("1.5h"), Err(SpanError::Unit(".".into())));
        assert_eq!(seconds("99999999999999999999s"), Err(SpanError::TooLong));
        assert_eq!(seconds("18446744073709551615w"), Err(SpanError::TooLong));
        assert_eq!(seconds("11000d"), Err(SpanError::TooLong));
        let text = span("30").unwrap_err().to_string();
        assert_eq!(text, "30 of what? Write 30s for seconds, 30m for minutes or 30h for hours");
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["30s", "1h30m", "2d", "1d1s", "250ms"] {
            assert_eq!(span(text).unwrap().to_string(), text);
        }
    }
}
