//! Writes the seeds of all corpora anew: after a change to a format, and when a
//! target is added. What fuzzers have found beside them stays.
#![allow(clippy::unwrap_used, reason = "a tool of the repository stops at its first surprise")]

use std::fs;

use msg_tests::{fuzzing::seeds, place};

fn main() {
    let corpora = place::repository().join("tests/fuzz/corpus");
    for seed in seeds::all() {
        let folder = corpora.join(seed.target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(seed.name), seed.bytes).unwrap();
    }
}
