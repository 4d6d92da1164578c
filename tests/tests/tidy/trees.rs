//! What is linked into what: absences in the trees of dependencies, and in the
//! sources of the two crates that only compute.

use std::collections::BTreeSet;

use crate::{assert_none, repository};

/// Crates that read the world: runtimes, sockets, files, clocks, randomness.
const WORLDLY: &[&str] = &[
    "async-std",
    "chrono",
    "fastrand",
    "getrandom",
    "hyper",
    "jiff",
    "libc",
    "memmap2",
    "mio",
    "native-tls",
    "oorandom",
    "openssl",
    "polling",
    "rand",
    "redb",
    "reqwest",
    "rusqlite",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "ureq",
    "walkdir",
    "web-time",
    "windows-sys",
];

/// Crates that compress.
const COMPRESSING: &[&str] = &[
    "async-compression",
    "brotli",
    "bzip2",
    "deflate",
    "flate2",
    "libz-sys",
    "lz4",
    "lz4_flex",
    "lzma-rs",
    "miniz_oxide",
    "ruzstd",
    "snap",
    "xz2",
    "zlib-rs",
    "zstd",
    "zstd-sys",
];

/// Names with two versions in the trees of `protocol` and `crypto`, and why.
const TWICE: &[(&str, &str)] =
    &[("syn", "runs at build time only, in derive macros of two generations")];

/// Which crates of the workspace each of them may link. A new crate is given its
/// place here; `None` is everything.
const LAYERS: &[(&str, Option<&[&str]>)] = &[
    ("msg-protocol", Some(&[])),
    ("msg-crypto", Some(&["msg-protocol"])),
    ("msg-relay", Some(&["msg-protocol"])),
    ("msg-client", Some(&["msg-crypto", "msg-protocol"])),
    ("msg-cli", Some(&["msg-client", "msg-crypto", "msg-protocol"])),
    ("msg-tests", None),
    ("msg-postgres-rig", Some(&[])),
    ("msg-soak", Some(&[])),
    ("msg-bench", None),
    ("xtask", Some(&["msg-soak"])),
];

/// Names and versions of a package and all that is linked with it.
pub(crate) fn tree(package: &str) -> BTreeSet<(String, String)> {
    parse(&repository::cargo(&format!("tree --package {package} --edges normal --prefix none")))
}

fn parse(text: &str) -> BTreeSet<(String, String)> {
    let pair = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

fn members() -> Vec<String> {
    let metadata = repository::cargo("metadata --no-deps --format-version 1");
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect()
}

fn found(tree: &BTreeSet<(String, String)>, unwanted: &[&str]) -> Vec<String> {
    let names = tree.iter().map(|(name, _)| name);
    names.filter(|name| unwanted.contains(&name.as_str())).cloned().collect()
}

#[test]
fn protocol_and_crypto_link_nothing_that_reads_the_world() {
    assert_eq!(
        found(&parse("a v1\ngetrandom v0.4.0\ntokio v1.0.0 (*)"), WORLDLY),
        ["getrandom", "tokio"]
    );
    for package in ["msg-protocol", "msg-crypto"] {
        assert_none(&found(&tree(package), WORLDLY));
    }
}

#[test]
fn protocol_and_crypto_never_name_the_standard_library() {
    assert!(
        names_std("use std::fs;")
            && names_std("extern crate std;")
            && !names_std("/// use std::fs;")
    );
    for package in ["protocol", "crypto"] {
        let root = repository::file(&format!("{package}/src/lib.rs"));
        assert!(root.text.contains("\n#![no_std]\n"), "{package} is not no_std");
        let files = repository::files(".rs")
            .into_iter()
            .filter(|file| file.path.starts_with(&format!("{package}/src/")));
        let mut complaints = Vec::new();
        for file in files {
            let lines = file.product_lines().filter(|(_, line)| names_std(line));
            complaints
                .extend(lines.map(|(number, line)| format!("{}:{number}: {line}", file.path)));
        }
        assert_none(&complaints);
    }
}

fn names_std(line: &str) -> bool {
    let code = !line.trim_start().starts_with("//");
    code && (line.contains("std::") || line.contains("extern crate std"))
}

#[test]
fn every_crate_links_only_what_its_layer_may() {
    assert_eq!(
        intruders("msg-relay", &parse("msg-relay v0\nmsg-protocol v0\nmsg-crypto v0")),
        ["msg-relay links msg-crypto"]
    );
    let complaints =
        members().iter().flat_map(|member| intruders(member, &tree(member))).collect::<Vec<_>>();
    assert_none(&complaints);
}

fn intruders(member: &str, tree: &BTreeSet<(String, String)>) -> Vec<String> {
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == member) else {
        return vec![format!("{member} has no place in the layers")];
    };
    let Some(allowed) = allowed else {
        return Vec::new();
    };
    let ours = tree
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| LAYERS.iter().any(|(ours, _)| ours == name));
    let wrong = ours.filter(|name| *name != member && !allowed.contains(name));
    wrong.map(|name| format!("{member} links {name}")).collect()
}

#[test]
fn nothing_in_the_tree_compresses() {
    assert_eq!(found(&parse("flate2 v1.0.0"), COMPRESSING), ["flate2"]);
    for member in members() {
        assert_none(&found(&tree(&member), COMPRESSING));
    }
}

#[test]
fn each_cryptographic_crate_is_there_in_one_version() {
    assert_eq!(twice(&parse("sha2 v0.10.9\nsha2 v0.11.1\nsyn v2.0.0\nsyn v3.0.0")), ["sha2"]);
    assert_none(&twice(&tree("msg-crypto")));
}

fn twice(tree: &BTreeSet<(String, String)>) -> Vec<String> {
    let names = tree.iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    let several = |name: &&String| tree.iter().filter(|(other, _)| other == *name).count() > 1;
    let excused = |name: &&String| TWICE.iter().any(|(other, _)| *other == name.as_str());
    names.into_iter().filter(several).filter(|name| !excused(name)).cloned().collect()
}
