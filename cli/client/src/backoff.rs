//! How long to wait before trying again: longer each time, up to a bound, and
//! never the same for all who were cut off together.

use std::time::Duration;

use rand_core::Rng;

/// The bound of the first wait.
const FIRST: Duration = Duration::from_millis(500);

/// The bound of every wait.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest that a relay may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Counts what failed in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Nothing has failed yet.
    pub(crate) const fn new() -> Self {
        Self { failures: 0 }
    }

    /// One more failure. Gives the wait: anything from nothing to a bound that
    /// doubles each time, after what the relay has asked for.
    pub(crate) fn next(&mut self, asked: Option<Duration>, rng: &mut impl Rng) -> Duration {
        let bound = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        let jitter = Duration::from_millis(rng.next_u64() % bound_ms.saturating_add(1).max(1));
        asked.unwrap_or_default().min(LONGEST_ASKED) + jitter
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::*;

    fn waits(asked: Option<Duration>, count: usize, seed: u8) -> Vec<Duration> {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let mut backoff = Backoff::new();
        (0..count).map(|_| backoff.next(asked, &mut rng)).collect()
    }

    #[test]
    fn waits_grow_to_their_bound_and_differ() {
        let all: Vec<_> = (0..64).map(|seed| waits(None, 12, seed)).collect();
        for (failures, most) in (0..).zip([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
        {
            let of_all: Vec<_> = all.iter().map(|waits| waits[failures].as_millis()).collect();
            let (low, high) = (of_all.iter().min().unwrap(), of_all.iter().max().unwrap());
            assert!(*high <= most, "{high} after {failures}");
            assert!(
                *low < most / 4 && *high > most / 2,
                "spread over all of {most}: {low}..{high}"
            );
        }
        assert!(all.iter().flatten().all(|wait| *wait <= LONGEST));
    }

    #[test]
    fn a_relay_that_names_a_time_is_heard_within_reason() {
        let asked = Duration::from_secs(90);
        assert!(waits(Some(asked), 9, 1).iter().all(|wait| *wait >= asked));
        let absurd = Duration::from_secs(u64::from(u32::MAX));
        assert!(waits(Some(absurd), 9, 1).iter().all(|wait| *wait <= LONGEST_ASKED + LONGEST));
    }
}
