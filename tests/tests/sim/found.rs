//! Seeds that have failed, each with what it showed. What a seed makes of a run changes
//! with every number that is drawn: what was mended has a test of its own as well.

use crate::runs;

#[track_caller]
fn pass(seeds: &[u64]) {
    for seed in seeds {
        assert_eq!(runs::one(*seed, None).wrong, [""; 0], "seed {seed}");
    }
}

#[test]
fn who_is_removed_before_they_are_known_to_have_joined_learns_it() {
    pass(&[56, 77, 176]);
}

#[test]
fn who_joins_before_all_of_the_invitation_is_here_is_known() {
    pass(&[75, 114, 163, 185, 252]);
}

#[test]
fn a_relay_that_was_full_is_asked_again_within_the_minute() {
    pass(&[101, 164, 186]);
}

#[test]
fn of_two_processes_one_says_that_a_text_comes_again() {
    pass(&[1070]);
}
