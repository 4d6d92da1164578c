//! The parts of a soak, the shortest first.

/// Tests that run together.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// Which tests, in words of `cargo test`.
    pub(super) tests: &'static str,
    pub(super) runs: Runs,
}

/// What a release gets.
pub(super) enum Runs {
    /// So many times the runs of every change.
    Times(u64),
    /// As long as the command says.
    Minutes,
}

const fn part(name: &'static str, tests: &'static str, times: u64) -> Part {
    Part { name, tests, runs: Runs::Times(times) }
}

/// All parts.
pub(super) const PARTS: &[Part] = &[
    part("relay-kills", "--test faults -- --nocapture killing::", 5),
    part("relay-points", "--test faults -- --nocapture fail_points::", 2),
    part("client-kills", "--test cli -- --nocapture kills::", 5),
    part("store-kills", "--lib -- --nocapture sealed::tests::kills::", 20),
    part("relay-power", "--lib -- --nocapture redb::tests::power_loss::", 10),
    part("client-power", "--lib -- --nocapture sealed::tests::power::", 10),
    part("relay-shutdowns", "--test faults -- --nocapture shutdowns::", 100),
    part("client-shutdowns", "--test cli -- --nocapture shutdowns::", 100),
    part("rollbacks", "--test cli -- --nocapture rollbacks::", 250),
    part("disk-errors", "--lib -- --nocapture redb::tests::io_errors:: redb::tests::moving::", 10),
    part("damage", "--lib --test faults -- --nocapture corruption::", 20),
    part("stops", "--test faults -- --nocapture stopping::", 10),
    part("garbage", "--test hostile -- --nocapture soak::", 20),
    part("transfers", "--test transfer -- --nocapture kills::", 10),
    part("simulation", "--test sim -- --nocapture everything", 20),
    Part { name: "load", tests: "--test load -- --nocapture", runs: Runs::Minutes },
];
