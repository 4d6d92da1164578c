//! How long things took.

use std::time::Duration;

/// Times of many things of one kind.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// What so many of a thousand did not exceed, in milliseconds, for each given.
    pub(crate) fn per_mille<const N: usize>(&self, marks: [usize; N]) -> [f64; N] {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        marks.map(|mark| {
            let index = (sorted.len() * mark / 1_000).min(sorted.len().saturating_sub(1));
            sorted.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_off_the_sorted_times() {
        let mut latencies = Latencies::new();
        (0..1_000).rev().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        let marks = latencies.per_mille([500, 990, 999, 1_000]);
        assert_eq!(
            marks.map(|ms| format!("{ms:.3}")),
            ["500.000", "990.000", "999.000", "999.000"]
        );
        assert!(Latencies::new().per_mille([500])[0].is_nan());
    }
}
