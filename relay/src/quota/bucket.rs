//! One token bucket in one number: the time at which it will be full again.

use super::TooOften;

const HOUR_NS: u64 = 3_600_000_000_000;

/// How much fits, and how fast it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What may be taken at once.
    pub burst: u64,
    /// What comes back in an hour.
    pub per_hour: u64,
}

impl Rate {
    /// Takes `amount` from a bucket that will be full at `full_at_ns`, and gives
    /// when it will be full now.
    pub fn take(self, full_at_ns: u64, amount: u64, now_ns: u64) -> Result<u64, TooOften> {
        let cost = |amount: u64| {
            let ns = u128::from(amount) * u128::from(HOUR_NS);
            u64::try_from(ns / u128::from(self.per_hour.max(1))).unwrap_or(u64::MAX)
        };
        if amount > self.burst {
            return Err(TooOften { retry_after_s: seconds(cost(amount)) });
        }
        let full_at = full_at_ns.max(now_ns).saturating_add(cost(amount));
        let latest = now_ns.saturating_add(cost(self.burst));
        if full_at > latest {
            return Err(TooOften { retry_after_s: seconds(full_at - latest) });
        }
        Ok(full_at)
    }
}

fn seconds(ns: u64) -> u32 {
    u32::try_from(ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_at_its_rate() {
        let rate = Rate { burst: 10, per_hour: 3_600 };
        let full_at = rate.take(0, 10, 0).unwrap();
        assert_eq!(full_at, 10_000_000_000);
        assert_eq!(rate.take(full_at, 1, 0), Err(TooOften { retry_after_s: 1 }));
        assert_eq!(rate.take(full_at, 4, 1_000_000_000), Err(TooOften { retry_after_s: 3 }));
        assert!(rate.take(full_at, 4, 4_000_000_000).is_ok());
        assert!(rate.take(full_at, 10, u64::MAX / 2).is_ok(), "no more than full");
        assert!(rate.take(0, 11, u64::MAX / 2).is_err(), "never more than a burst");
    }

    #[test]
    fn a_rate_of_nothing_lets_the_burst_pass_and_no_more() {
        let rate = Rate { burst: 2, per_hour: 0 };
        let after = rate.take(rate.take(0, 1, 0).unwrap(), 1, 0).unwrap();
        assert!(rate.take(after, 1, 1_000_000_000).is_err());
        assert!(Rate { burst: 0, per_hour: 0 }.take(0, 1, 0).is_err());
    }
}
