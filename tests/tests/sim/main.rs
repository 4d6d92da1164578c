//! The real clients, links, services and stores in one process and in virtual time,
//! under every fault at once, each run from one seed.
//!
//! ```text
//! machine    chance, virtual time, a wall clock for each host
//! network    connections that carry frames; wire, lies
//! flaky      a relay's store that takes its time, is full, fails
//! relay      service and links over a store, started and crashed
//! person     the client over rows in memory, and what people do
//! scenario   what a seed makes of it; stranger: somebody with two cards
//! world      a storm, and the calm after it
//! ledger     the oracle: what was said and shown
//! views      who knows whom in the group; seals: keys and plaintexts
//! mutants    what must be found; found: what was
//! ```
//!
//! A seed that has failed is in `found`, with what it showed.
//!
//! Not in it: TLS, whose randomness has no seed; the process of either program; files.

#![cfg(test)]

mod flaky;
mod found;
mod ledger;
mod machine;
mod mutants;
mod network;
mod person;
mod relay;
mod runs;
mod scenario;
mod seals;
mod stranger;
mod views;
mod world;

use msg_tests::soak::{self, Found, Row};

/// Runs for every change; a soak makes so many more.
const RUNS: u64 = 1_000;

#[test]
fn everything_is_shown_once_and_in_order_whatever_goes_wrong() {
    let seeds = soak::seeds(RUNS);
    let mut row = Row::begin("simulation", seeds.start);
    let sums = runs::all(seeds.clone());
    seeds.take(usize::try_from(sums.runs).unwrap()).for_each(|seed| row.run(seed));
    if let Some(first) = sums.failed.first() {
        row.fails_at(*first);
    }
    assert_eq!(sums.failed, [0; 0], "{sums}");
    // The oracle looks for all of them.
    let zero = Some(0);
    row.holds(&Found {
        acknowledged: u64::try_from(sums.taken()).unwrap(),
        lost: zero,
        twice: zero,
        keys_reused: zero,
        panics: zero,
        note: sums.to_string(),
    });
}

#[test]
fn a_seed_makes_the_same_run_every_time() {
    for seed in soak::seeds(4) {
        let [first, second] = [0, 1].map(|_| runs::one(seed, None));
        assert_eq!(first, second, "seed {seed}");
    }
}
