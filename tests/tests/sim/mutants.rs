//! Defects that the oracle must find: each is planted, and runs are made until it
//! objects.

use msg_client::mutant as client;
use msg_relay::mutant as relay;

use crate::runs;

/// Runs after which a defect must have been found.
const RUNS: u64 = 200;

/// A defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A relay answers a deposit before it has kept it.
    AcknowledgeBeforeCommit,
    /// A relay leaves a commit to the system.
    SkipSync,
    /// A client does not know again what has come.
    ForgetDedupeRow,
    /// A client does not keep that it has used a key.
    ReuseChainKey,
    /// A client shows what is said in a group, whoever says it.
    ShowBeforeVerifying,
    /// A client takes an older card for a newer one.
    TrustOldCard,
}

/// Plants one, or none, on this thread.
pub(crate) fn plant(mutant: Option<Mutant>) {
    let (here, there) = match mutant {
        None => (None, None),
        Some(Mutant::AcknowledgeBeforeCommit) => (None, Some(relay::Mutant::AcknowledgesEarly)),
        Some(Mutant::SkipSync) => (None, Some(relay::Mutant::SkipsSync)),
        Some(Mutant::ForgetDedupeRow) => (Some(client::Mutant::ForgetsKnown), None),
        Some(Mutant::ReuseChainKey) => (Some(client::Mutant::ReusesChainKey), None),
        Some(Mutant::ShowBeforeVerifying) => (Some(client::Mutant::ShowsUnjudged), None),
        Some(Mutant::TrustOldCard) => (Some(client::Mutant::TrustsOldCard), None),
    };
    client::plant(here);
    relay::plant(there);
}

/// Runs until the oracle says of a run what the defect comes to.
#[track_caller]
fn is_found(mutant: Mutant, by: &str) {
    for seed in 0..RUNS {
        let outcome = runs::one(seed, Some(mutant));
        if let Some(what) = outcome.wrong.iter().find(|what| what.contains(by))
            && runs::one(seed, None).wrong.is_empty()
        {
            eprintln!("{mutant:?} is found by seed {seed}: {what}");
            return;
        }
    }
    panic!("{mutant:?} passes for sound in {RUNS} runs");
}

#[test]
fn an_acknowledgement_before_the_commit_is_found() {
    is_found(Mutant::AcknowledgeBeforeCommit, "never came");
}

#[test]
fn a_sync_that_is_skipped_is_found() {
    is_found(Mutant::SkipSync, "has lost what it had answered for");
}

#[test]
fn a_message_that_is_not_known_again_is_found() {
    is_found(Mutant::ForgetDedupeRow, "twice");
}

#[test]
fn a_chain_key_that_is_used_twice_is_found() {
    is_found(Mutant::ReuseChainKey, "seals two plaintexts");
}

#[test]
fn a_text_that_is_shown_before_its_writer_is_judged_is_found() {
    is_found(Mutant::ShowBeforeVerifying, "had gone");
}

#[test]
fn a_card_that_goes_back_and_is_trusted_is_found() {
    is_found(Mutant::TrustOldCard, "went back to card");
}
