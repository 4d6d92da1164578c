//! The relay in numbers, as people read them.

use super::{amount, pairs};
use crate::{admin::report::Stats, clock::DAY_S, output};

pub(super) fn text(stats: &Stats) -> String {
    let count_and_size = |count: u64, bytes: u64| format!("{count}, {}", amount(bytes));
    pairs(&[
        ("version", output::shown(&stats.version)),
        ("running", duration(stats.running_s)),
        ("links", stats.links.to_string()),
        ("devices there", stats.devices_there.to_string()),
        ("accounts", stats.accounts.to_string()),
        ("devices", stats.devices.to_string()),
        ("envelopes waiting", count_and_size(stats.envelopes, stats.envelope_bytes)),
        ("blobs", count_and_size(stats.blobs, stats.blob_bytes)),
        ("damaged rows", stats.damaged.to_string()),
        ("store file", amount(stats.file_bytes)),
        ("room", stats.room_bytes.map_or_else(|| "unknown".to_owned(), amount)),
        ("commits", stats.commits.to_string()),
        ("deposits", count_and_size(stats.deposits, stats.deposited_bytes)),
        ("pushes", stats.pushes.to_string()),
        ("requests", stats.requests.to_string()),
        ("refusals", stats.refusals.to_string()),
        ("links refused", stats.links_refused.to_string()),
    ])
}

/// The two largest units of a time.
fn duration(seconds: u64) -> String {
    let (days, hours) = (seconds / DAY_S, seconds % DAY_S / 3_600);
    let (minutes, seconds) = (seconds % 3_600 / 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_two_units() {
        let all = [59, 61, 3_661, 90_061].map(duration);
        assert_eq!(all, ["59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
    }
}
