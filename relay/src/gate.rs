//! How many links there may be: in all, from one source, and not yet ready.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{limits::Limits, source::Source};

/// Counts links.
#[derive(Debug, Default)]
pub struct Gate {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: u64,
    unready: u64,
    of: HashMap<Source, u64>,
}

/// A link's leave to be there; given back when it is dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Gate>,
    source: Option<Source>,
    ready: bool,
}

impl Gate {
    /// A gate that nobody has passed.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets one more link in, if the limits do. Without a source it counts for
    /// the relay, not for a source.
    pub fn enter(self: &Arc<Self>, source: Option<Source>, limits: &Limits) -> Option<Pass> {
        let mut counts = self.lock();
        let of = source.map_or(0, |source| counts.of.get(&source).copied().unwrap_or(0));
        if counts.all >= limits.links
            || counts.unready >= limits.unready_links
            || of >= limits.links_per_source
        {
            return None;
        }
        counts.all += 1;
        counts.unready += 1;
        if let Some(source) = source {
            *counts.of.entry(source).or_default() += 1;
        }
        Some(Pass { gate: Arc::clone(self), source, ready: false })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The link has shown that somebody is there.
    pub fn become_ready(&mut self) {
        if !self.ready {
            self.ready = true;
            self.gate.lock().unready -= 1;
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut counts = self.gate.lock();
        counts.all -= 1;
        if !self.ready {
            counts.unready -= 1;
        }
        let Some(source) = self.source else { return };
        if let Some(count) = counts.of.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                counts.of.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_its_limit_and_gives_its_place_back() {
        let limits =
            Limits { links: 4, links_per_source: 2, unready_links: 3, ..Limits::default() };
        let gate = Gate::new();
        let source = |number: u32| Some(Source::of(std::net::IpAddr::V4(number.into())));
        let mut first = gate.enter(source(1), &limits).unwrap();
        let second = gate.enter(source(1), &limits).unwrap();
        assert!(gate.enter(source(1), &limits).is_none(), "a third of one source");
        let _third = gate.enter(source(2), &limits).unwrap();
        assert!(gate.enter(source(3), &limits).is_none(), "a fourth that is not ready");
        first.become_ready();
        let _fourth = gate.enter(None, &limits).unwrap();
        assert!(gate.enter(None, &limits).is_none(), "a fifth");
        drop(first);
        drop(second);
        assert!(gate.enter(source(1), &limits).is_some());
        assert_eq!(gate.lock().of.len(), 1, "no source is remembered without a link");
    }
}
