//! Two devices through every weather: hundreds of seeds, each a schedule of its
//! own. `MSG_TEST_SEED=N` runs one seed alone.

#![cfg(test)]

use std::collections::BTreeMap;

use msg_tests::{
    lab::{Weather, run},
    soak::seeds,
};

/// Runs all seeds, and sees that each thing in `expected` has happened in some.
fn survive(weather: &Weather, count: u64, expected: &[&str]) {
    let mut tally = BTreeMap::new();
    for seed in seeds(count) {
        for (what, times) in run(weather, seed).tally {
            *tally.entry(what).or_insert(0) += times;
        }
    }
    eprintln!("{}: {tally:?}", weather.name);
    let all = std::env::var_os("MSG_TEST_SEED").is_none();
    let missing: Vec<_> = expected.iter().filter(|what| !tally.contains_key(*what)).collect();
    assert!(!all || missing.is_empty(), "{missing:?} has never happened");
}

#[test]
fn two_devices_talk_in_fair_weather() {
    survive(&Weather::FAIR, 100, &["accepted", "opened", "refused", "agreed after both began"]);
}

#[test]
fn two_devices_talk_through_loss_disorder_copies_and_alterations() {
    survive(
        &Weather::STORM,
        100,
        &["altered", "replay", "refused", "agreed after both began", "agreed"],
    );
}

#[test]
fn two_devices_talk_after_weeks_of_silence() {
    survive(
        &Weather::SILENCE,
        100,
        &["expired prekeys", "out of bounds", "healed by a new handshake"],
    );
}

#[test]
fn two_devices_talk_after_more_was_lost_than_may_be_skipped() {
    survive(&Weather::CHASM, 40, &["out of bounds", "healed by a new handshake"]);
}

#[test]
fn two_devices_talk_after_one_has_lost_its_sessions() {
    survive(&Weather::AMNESIA, 100, &["forgotten", "healed by a new handshake"]);
}

#[test]
fn the_same_seed_makes_the_same_trace() {
    let (first, second) = (run(&Weather::STORM, 7), run(&Weather::STORM, 7));
    assert!(first == second && first.trace.len() > 100);
    assert!(first.trace != run(&Weather::STORM, 8).trace);
}
