//! A relay under mixed load for as long as a soak says: people with the real program
//! who write, read, share files and talk in a group, newcomers, and devices that are
//! written to in batches; each hundredth connection is cut somewhere.
//!
//! ```text
//! people ── lines ── nonces ──▶ relay ◀── lines ── mailboxes
//!                                 ▲
//!                              samples
//! ```
//!
//! What was confirmed is shown once; what was answered for is collected; and the
//! relay's memory, descriptors and files do not grow with time.

#![cfg(test)]

mod lines;
mod mailboxes;
mod people;
mod samples;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use msg_tests::{
    nonces::Nonces,
    relay::{Liar, RelayBuilder},
    soak::{self, Found, Row},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::{lines::Lines, mailboxes::Mailboxes, people::People, samples::Samples};

/// How long it goes on for every change.
const BRIEFLY: Duration = Duration::from_secs(15);
/// From this length on slopes say something, and connections have been cut.
const LONG: Duration = Duration::from_mins(30);
/// So little that it is full before the slopes begin.
const CACHE: &str = "4MiB";
/// Between two things that people do.
const PACE: Duration = Duration::from_millis(900);

#[test]
fn a_relay_under_mixed_load_loses_nothing_and_does_not_grow() {
    let base = soak::base(51);
    let mut row = Row::begin("load", base);
    row.run(base);
    let lasts = soak::lasts().unwrap_or(BRIEFLY);
    let relay = RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).arg("--metrics").arg("off");
    let relay = relay.env("MSG_RELAY_CACHE_BYTES", CACHE).start();
    let nonces = Nonces::default();
    let liar = Liar::before(relay.endpoint());
    liar.lies(nonces.clone());
    let to_liar = Lines::before(liar.link(), base);
    let to_relay = Lines::before(relay.link(), base + 1);
    let mut people = People::meet(to_liar.link(), ChaCha20Rng::seed_from_u64(base + 2));
    let mailboxes = Mailboxes::make(relay.endpoint(), to_relay.endpoint(), base + 3);
    let is_over = Arc::new(AtomicBool::new(false));
    let mailboxes = mailboxes.run(Arc::clone(&is_over));
    let samples = Samples::take(relay.id(), relay.data(), Arc::clone(&is_over));
    for lines in [&to_liar, &to_relay] {
        lines.cut(true);
    }
    let begun = Instant::now();
    while begun.elapsed() < lasts {
        people.do_something();
        thread::sleep(PACE);
    }
    is_over.store(true, Ordering::SeqCst);
    for lines in [&to_liar, &to_relay] {
        lines.cut(false);
    }
    let said = people.settle();
    let sums = mailboxes.join().unwrap();
    let slopes = samples.join().unwrap();
    let (opened, cut) = [&to_liar, &to_relay]
        .map(Lines::counts)
        .into_iter()
        .fold((0, 0), |(opened, cut), (more, of_them)| (opened + more, cut + of_them));
    assert_eq!((nonces.reused(), relay.panics()), (0, 0));
    if lasts >= LONG {
        slopes.assert_flat();
        assert!(cut > 0, "of {opened} connections none was cut");
    }
    row.holds(&Found {
        acknowledged: said + sums.answered as u64,
        lost: Some(0),
        twice: Some(0),
        keys_reused: Some(nonces.reused()),
        panics: Some(relay.panics()),
        note: format!("{slopes}; {cut} of {opened} connections cut"),
    });
}
