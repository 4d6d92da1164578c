//! The numbers of a run: counted, never named.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use msg_protocol::{error::Code, request::Request, version::LinkKind};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The number.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds, in microseconds, between which durations are counted.
pub const BOUNDS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// How long something took, as counts between bounds.
#[derive(Debug, Default)]
pub struct Durations {
    counts: [Count; BOUNDS_US.len()],
    beyond: Count,
    total_us: Count,
}

impl Durations {
    /// It took that long once more.
    pub fn note(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.iter().zip(&self.counts).find(|(bound, _)| us <= **bound);
        place.map_or(&self.beyond, |(_, count)| count).add(1);
        self.total_us.add(us);
    }

    /// Each upper bound with how often it took so long at most.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut sum = 0;
        BOUNDS_US.iter().zip(&self.counts).map(move |(bound, count)| {
            sum += count.value();
            (*bound, sum)
        })
    }

    /// How often.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(Count::value).sum::<u64>() + self.beyond.value()
    }

    /// How long altogether, in microseconds.
    pub fn total_us(&self) -> u64 {
        self.total_us.value()
    }
}

const KINDS: usize = Request::KINDS.len();
const CODES: usize = Code::ALL.len();

/// All numbers of a run.
#[derive(Debug)]
pub struct Figures {
    requests: [Count; KINDS],
    refusals: [Count; CODES],
    /// Links that became ready, anonymous and signed in.
    pub links_ready: [Count; 2],
    /// Links that were refused before they cost anything.
    pub links_refused: Count,
    /// TLS handshakes that did not come about.
    pub handshakes_failed: Count,
    /// Links that were cut for breaking the protocol.
    pub violations: Count,
    /// Links that were cut for being slow or silent.
    pub too_slow: Count,
    /// Times that the operating system gave no descriptor for a link.
    pub accepts_failed: Count,
    /// Envelopes that came, and bytes of their bodies.
    pub deposits: Count,
    /// Bytes of bodies that came.
    pub deposited_bytes: Count,
    /// Envelopes that were pushed.
    pub pushes: Count,
    /// Ephemeral envelopes that were handed on.
    pub passed: Count,
    /// How long deposits took, from frame to answer.
    pub deposit_durations: Durations,
    /// How long other requests took.
    pub request_durations: Durations,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            requests: std::array::from_fn(|_| Count::default()),
            refusals: std::array::from_fn(|_| Count::default()),
            links_ready: Default::default(),
            links_refused: Count::default(),
            handshakes_failed: Count::default(),
            violations: Count::default(),
            too_slow: Count::default(),
            accepts_failed: Count::default(),
            deposits: Count::default(),
            deposited_bytes: Count::default(),
            pushes: Count::default(),
            passed: Count::default(),
            deposit_durations: Durations::default(),
            request_durations: Durations::default(),
        }
    }
}

impl Figures {
    /// A request was answered.
    pub fn answered(&self, kind: u16, refused: Option<Code>, took: Duration) {
        let place = Request::KINDS.iter().position(|(known, _)| *known == kind);
        if let Some(count) = place.and_then(|place| self.requests.get(place)) {
            count.add(1);
        }
        if let Some(code) = refused {
            self.refused(code);
        }
        match place.and_then(|place| Request::KINDS.get(place)) {
            Some((_, "Deposit")) => self.deposit_durations.note(took),
            _ => self.request_durations.note(took),
        }
    }

    /// Something was refused.
    pub fn refused(&self, code: Code) {
        let place = Code::ALL.iter().position(|(known, _)| *known == code.0);
        if let Some(count) = place.and_then(|place| self.refusals.get(place)) {
            count.add(1);
        }
    }

    /// A link became ready.
    pub fn link_ready(&self, kind: LinkKind) {
        let [anonymous, signed_in] = &self.links_ready;
        match kind {
            LinkKind::Anonymous => anonymous.add(1),
            LinkKind::SignedIn => signed_in.add(1),
        }
    }

    /// An envelope came.
    pub fn deposited(&self, bytes: u64) {
        self.deposits.add(1);
        self.deposited_bytes.add(bytes);
    }

    /// Each kind of request with how often it was answered.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Request::KINDS.iter().zip(&self.requests).map(|((_, name), count)| (*name, count.value()))
    }

    /// Each code with how often something was refused with it.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Code::ALL.iter().zip(&self.refusals).map(|((_, text), count)| (*text, count.value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_each_bound() {
        let durations = Durations::default();
        for us in [50, 100, 101, 9_000, 99_000_000] {
            durations.note(Duration::from_micros(us));
        }
        let counts: Vec<(u64, u64)> = durations.cumulative().collect();
        assert_eq!(counts[0], (100, 2));
        assert_eq!(counts[1], (250, 3));
        assert_eq!(counts[6], (10_000, 4));
        assert_eq!(counts[11], (10_000_000, 4));
        assert_eq!((durations.count(), durations.total_us()), (5, 99_009_251));
    }
}
