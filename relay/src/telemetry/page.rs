//! Numbers as Prometheus reads them: each family with its help and its type.

use core::fmt::{Display, Write as _};

use super::figures::Durations;

/// What every name begins with that is the relay's own.
const PREFIX: &str = "msg_relay_";
const US_PER_S: f64 = 1e6;

/// A page of numbers.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// A number that only grows; `name` without its `_total`.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        let name = format!("{PREFIX}{name}_total");
        self.head(&name, "counter", help);
        self.line(&name, "", value);
    }

    /// Numbers that only grow, told apart by a label.
    pub(super) fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, u64)>,
    ) {
        let name = format!("{PREFIX}{name}_total");
        self.head(&name, "counter", help);
        for (of, value) in values {
            self.line(&name, &labelled(label, of), value);
        }
    }

    /// A number of now.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.bare_gauge(&format!("{PREFIX}{name}"), help, value);
    }

    /// A number of now whose name is not the relay's own.
    pub(super) fn bare_gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.line(name, "", value);
    }

    /// Numbers of now, told apart by a label.
    pub(super) fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, u64)>,
    ) {
        let name = format!("{PREFIX}{name}");
        self.head(&name, "gauge", help);
        for (of, value) in values {
            self.line(&name, &labelled(label, of), value);
        }
    }

    /// How long something took, in seconds.
    pub(super) fn histogram(&mut self, name: &str, help: &str, durations: &Durations) {
        let name = format!("{PREFIX}{name}_seconds");
        self.head(&name, "histogram", help);
        // Counted on while it is read: the sum of all must not be the smaller one.
        let (mut last, buckets) = (0, format!("{name}_bucket"));
        for (bound_us, count) in durations.cumulative() {
            last = count;
            self.line(&buckets, &labelled("le", &seconds(bound_us).to_string()), count);
        }
        let count = durations.count().max(last);
        self.line(&buckets, &labelled("le", "+Inf"), count);
        self.line(&format!("{name}_sum"), "", seconds(durations.total_us()));
        self.line(&format!("{name}_count"), "", count);
    }

    /// All of it.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }
}

/// Labels are words of the program: nothing in them needs escaping.
fn labelled(label: &str, value: &str) -> String {
    format!("{{{label}=\"{value}\"}}")
}

#[expect(clippy::cast_precision_loss, reason = "a sum of times need not be exact")]
fn seconds(us: u64) -> f64 {
    us as f64 / US_PER_S
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_histogram_rises_and_ends_with_all() {
        let durations = Durations::default();
        durations.note(Duration::from_micros(200));
        durations.note(Duration::from_mins(1));
        let mut page = Page::default();
        page.histogram("x_duration", "How long.", &durations);
        let text = page.into_text();
        assert!(text.starts_with(
            "# HELP msg_relay_x_duration_seconds How long.\n\
             # TYPE msg_relay_x_duration_seconds histogram\n\
             msg_relay_x_duration_seconds_bucket{le=\"0.0001\"} 0\n\
             msg_relay_x_duration_seconds_bucket{le=\"0.00025\"} 1\n"
        ));
        assert!(text.ends_with(
            "_bucket{le=\"10\"} 1\n\
             msg_relay_x_duration_seconds_bucket{le=\"+Inf\"} 2\n\
             msg_relay_x_duration_seconds_sum 60.0002\n\
             msg_relay_x_duration_seconds_count 2\n"
        ));
    }
}
