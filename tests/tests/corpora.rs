//! What fuzzers have found, once more: every input of every corpus, and every one
//! that has broken something, through the functions that the fuzzers run.

#![cfg(test)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use msg_tests::{
    fuzzing::{TARGETS, Target, seeds},
    place,
};

fn fuzz() -> PathBuf {
    place::repository().join("tests/fuzz")
}

/// The names in a folder, in order; none if there is no such folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn targets() -> BTreeSet<String> {
    TARGETS.iter().map(|target| target.name.to_owned()).collect()
}

/// Runs all inputs of a folder; gives how many there were, and how many were accepted.
fn replay(target: &Target, folder: &Path) -> (usize, usize) {
    let names = names(folder);
    let mut accepted = 0;
    for name in &names {
        let input = folder.join(name);
        eprintln!("{}", input.display()); // shown only if this one fails
        accepted += usize::from((target.run)(&fs::read(input).unwrap()));
    }
    (names.len(), accepted)
}

#[test]
fn every_corpus_still_reaches_its_target() {
    for target in TARGETS {
        let (found, accepted) = replay(target, &fuzz().join("corpus").join(target.name));
        assert!(found > 0, "{} has no corpus", target.name);
        assert!(
            accepted > 0,
            "{} accepts none of its {found} inputs: `cargo run -p msg-tests --bin fuzz-seeds` \
             writes those that it starts from anew",
            target.name
        );
    }
}

#[test]
fn what_once_broke_a_target_no_longer_does() {
    for target in TARGETS {
        replay(target, &fuzz().join("crashes").join(target.name));
    }
}

#[test]
fn every_target_accepts_a_seed_of_its_own() {
    let seeds = seeds::all();
    for target in TARGETS {
        let mut own = seeds.iter().filter(|seed| seed.target == target.name);
        assert!(own.any(|seed| (target.run)(&seed.bytes)), "{} accepts no seed", target.name);
    }
    let strange = seeds.iter().find(|seed| !targets().contains(seed.target));
    assert!(strange.is_none(), "a seed for a target that does not exist");
}

#[test]
fn targets_and_their_files_belong_together() {
    let shims = names(&fuzz().join("fuzz_targets"));
    let shims: BTreeSet<_> = shims.iter().map(|name| name.replace(".rs", "")).collect();
    assert_eq!(shims, targets());
    assert_eq!(names(&fuzz().join("corpus")), targets());
    let crashes = names(&fuzz().join("crashes"));
    assert!(crashes.is_subset(&targets()), "crashes of no target: {crashes:?}");

    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for target in TARGETS {
        let shim = fuzz().join("fuzz_targets").join(target.name).with_extension("rs");
        let call = format!("msg_tests::fuzzing::{}(input)", target.name);
        assert!(fs::read_to_string(shim).unwrap().contains(&call), "{} is not run", target.name);
        let entry = format!("name = \"{}\"\n", target.name);
        assert!(manifest.contains(&entry), "{} is not in the manifest", target.name);
    }
}
