//! What a source waits after sign-ins that failed. The account never waits: who
//! guesses must not be able to lock its owner out.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{TooOften, make_room};
use crate::{limits::Limits, source::Source};

/// The failures of each source.
#[derive(Debug, Default)]
pub struct Penalties {
    sources: Mutex<HashMap<Source, Record>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Record {
    failures: u64,
    free_at_ms: u64,
    forgotten_at_ms: u64,
}

impl Penalties {
    /// Whether a source may try now.
    pub fn check(&self, source: Source, now_ms: u64) -> Result<(), TooOften> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let free_at_ms = sources.get(&source).map_or(0, |record| record.free_at_ms);
        if free_at_ms <= now_ms {
            return Ok(());
        }
        let seconds = (free_at_ms - now_ms).div_ceil(1_000);
        Err(TooOften { retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX) })
    }

    /// A sign-in from there failed.
    pub fn note_failure(&self, source: Source, limits: &Limits, now_ms: u64) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let mut record = sources.get(&source).copied().unwrap_or_default();
        if record.forgotten_at_ms <= now_ms {
            record = Record::default();
        }
        record.failures += 1;
        let beyond = record.failures.checked_sub(limits.sign_in_failures.max(1));
        let wait_s = beyond.map_or(0, |beyond| {
            let doubled = 1_u64.checked_shl(u32::try_from(beyond).unwrap_or(u32::MAX));
            let wait = limits.sign_in_penalty_s.saturating_mul(doubled.unwrap_or(u64::MAX));
            wait.min(limits.sign_in_penalty_max_s)
        });
        record.free_at_ms = now_ms.saturating_add(wait_s.saturating_mul(1_000));
        let remember_ms = limits.sign_in_penalty_max_s.saturating_mul(2_000);
        record.forgotten_at_ms = record.free_at_ms.saturating_add(remember_ms);
        make_room(&mut sources, limits.sources, |record| record.forgotten_at_ms <= now_ms);
        sources.insert(source, record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_a_source_waits_longer_each_time_and_others_do_not() {
        let (penalties, limits) = (Penalties::default(), Limits::default());
        let [guesser, other] = [1_u32, 2].map(|n| Source::of(std::net::IpAddr::V4(n.into())));
        let mut now_ms = 0;
        let mut waits = Vec::new();
        for _ in 0..12 {
            penalties.note_failure(guesser, &limits, now_ms);
            let wait = penalties.check(guesser, now_ms).err().map_or(0, |wait| wait.retry_after_s);
            assert_eq!(penalties.check(other, now_ms), Ok(()));
            now_ms += u64::from(wait) * 1_000;
            assert_eq!(penalties.check(guesser, now_ms), Ok(()));
            waits.push(wait);
        }
        assert_eq!(waits, [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 600, 600]);
        penalties.note_failure(guesser, &limits, now_ms + 10_000_000);
        assert_eq!(penalties.check(guesser, now_ms + 10_000_000), Ok(()), "forgotten");
    }
}
