//! Values as people write them, in all sources alike.

use core::ops::RangeInclusive;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use msg_protocol::{address::DEFAULT_PORT, version::Registration};

use super::{Color, LogFormat, LogLevel, Metrics};

/// What reading a value gives: the value, or what is wrong with the text.
pub(super) type Parsed<T> = Result<T, String>;

const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

/// A whole number in that range; digits may be grouped by `_`.
pub(super) fn number(text: &str, range: &RangeInclusive<u64>) -> Parsed<u64> {
    let value = digits(text).ok_or("a whole number is expected")?;
    within(value, range, |value| value.to_string())
}

/// A number of bytes in that range: `65536` or `64KiB`.
pub(super) fn size(text: &str, range: &RangeInclusive<u64>) -> Parsed<u64> {
    let unit = UNITS.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, *bits)));
    let (number, bits) = unit.unwrap_or((text, 0));
    let value = digits(number.trim_end())
        .and_then(|value| value.checked_mul(1 << bits))
        .ok_or("a number of bytes is expected, or one with KiB, MiB, GiB or TiB")?;
    within(value, range, size_text)
}

/// How a number of bytes is written.
pub(crate) fn size_text(bytes: u64) -> String {
    let fits = |bits: u32| bytes != 0 && bytes.trailing_zeros() >= bits;
    let unit = UNITS.iter().find(|(_, bits)| fits(*bits));
    unit.map_or_else(|| bytes.to_string(), |(unit, bits)| format!("{}{unit}", bytes >> bits))
}

fn digits(text: &str) -> Option<u64> {
    let starts = text.starts_with(|c: char| c.is_ascii_digit());
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    (starts && plain).then(|| text.replace('_', "").parse().ok())?
}

fn within(value: u64, range: &RangeInclusive<u64>, show: fn(u64) -> String) -> Parsed<u64> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(format!("it must be from {} to {}", show(*range.start()), show(*range.end())))
}

/// `true` or `false`.
pub(super) fn truth(text: &str) -> Parsed<bool> {
    text.parse().map_err(|_| "true or false is expected".to_owned())
}

/// `HOST:PORT` or `HOST`, where the host is an IP address or `localhost`: a relay
/// asks no name server where it is.
pub(super) fn listen(text: &str) -> Parsed<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match text.rsplit_once(':') {
        Some(("localhost", port)) => Ok(SocketAddr::new(host("localhost")?, self::port(port)?)),
        _ => Ok(SocketAddr::new(host(text)?, DEFAULT_PORT)),
    }
}

/// The host alone.
pub(super) fn host(text: &str) -> Parsed<IpAddr> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    inner.parse().map_err(|_| {
        "an IP address of this machine is expected, as 127.0.0.1:7777 or [::]:7777".to_owned()
    })
}

/// The port alone; 0 for any that is free.
pub(super) fn port(text: &str) -> Parsed<u16> {
    let port = digits(text).and_then(|port| u16::try_from(port).ok());
    port.ok_or_else(|| "a port from 0 to 65535 is expected".to_owned())
}

/// `open`, `invited` or `closed`.
pub(super) fn registration(text: &str) -> Parsed<Registration> {
    match text {
        "open" => Ok(Registration::Open),
        "invited" => Ok(Registration::Invited),
        "closed" => Ok(Registration::Closed),
        _ => Err("open, invited or closed is expected".to_owned()),
    }
}

/// How a policy is written.
pub(crate) const fn registration_text(registration: Registration) -> &'static str {
    match registration {
        Registration::Open => "open",
        Registration::Invited => "invited",
        Registration::Closed => "closed",
    }
}

/// `auto`, `off`, or a loopback address with its port.
pub(super) fn metrics(text: &str) -> Parsed<Metrics> {
    match text {
        "auto" => Ok(Metrics::Auto),
        "off" => Ok(Metrics::Off),
        _ => match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Metrics::At(address)),
            Ok(_) => Err("only a loopback address may serve metrics".to_owned()),
            Err(_) => Err("auto, off or a loopback address with its port is expected".to_owned()),
        },
    }
}

/// An address of this machine with its port.
pub(super) fn address(text: &str) -> Parsed<SocketAddr> {
    text.parse().map_err(|_| "an IP address with its port is expected, as 0.0.0.0:7779".to_owned())
}

/// `error`, `warn`, `info`, `debug` or `trace`.
pub(super) fn log_level(text: &str) -> Parsed<LogLevel> {
    let level = LogLevel::ALL.into_iter().find(|level| level.as_str() == text);
    level.ok_or_else(|| "error, warn, info, debug or trace is expected".to_owned())
}

/// `auto`, `always` or `never`.
pub(super) fn color(text: &str) -> Parsed<Color> {
    let color = Color::ALL.into_iter().find(|color| color.as_str() == text);
    color.ok_or_else(|| "auto, always or never is expected".to_owned())
}

/// `text` or `json`.
pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_have_a_binary_unit() {
        let any = 0..=u64::MAX;
        assert_eq!(size("65_536", &any), Ok(65_536));
        assert_eq!(size("64KiB", &any), Ok(65_536));
        assert_eq!(size("64 MiB", &any), Ok(64 << 20));
        for wrong in ["", "KiB", "-1", "+1", "1.5MiB", "64MB", "64kib", "_1", "99999999999TiB"] {
            assert!(size(wrong, &any).is_err(), "{wrong}");
        }
        assert_eq!(size("3KiB", &(4_096..=8_192)), Err("it must be from 4KiB to 8KiB".into()));
    }

    #[test]
    fn a_size_is_written_so_that_it_reads_back() {
        for bytes in [0, 1, 1_023, 1_024, 73_728, 64 << 20, 9 << 20, 1 << 40, u64::MAX] {
            assert_eq!(size(&size_text(bytes), &(0..=u64::MAX)), Ok(bytes));
        }
        assert_eq!(size_text(73_728), "72KiB");
    }

    #[test]
    fn a_listening_address_is_an_address_and_never_a_name() {
        assert_eq!(listen("0.0.0.0:9"), Ok("0.0.0.0:9".parse().unwrap()));
        assert_eq!(listen("localhost:0"), Ok("127.0.0.1:0".parse().unwrap()));
        assert_eq!(listen("::1"), Ok("[::1]:7777".parse().unwrap()));
        assert_eq!(listen("[::]"), Ok("[::]:7777".parse().unwrap()));
        for wrong in ["relay.example:7777", ":7777", "127.0.0.1:70000", "127.0.0.1:"] {
            assert!(listen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn metrics_are_served_to_this_machine_only() {
        assert!(metrics("0.0.0.0:7778").is_err());
        assert!(metrics("192.0.2.1:7778").is_err());
        assert_eq!(metrics("[::1]:1"), Ok(Metrics::At("[::1]:1".parse().unwrap())));
    }
}
