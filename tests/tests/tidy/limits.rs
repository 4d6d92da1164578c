//! No limit is granted unseen: each has a test that reaches it and bears its name.

use std::collections::BTreeSet;

use msg_relay::limits::Limits;

use crate::{
    assert_none,
    repository::{self, File},
};

#[test]
fn every_limit_has_a_test_that_bears_its_name() {
    let names: Vec<_> = Limits::ALL.iter().map(|limit| limit.name).collect();
    assert_none(&unreached(&names, &repository::files(".rs")));
}

#[test]
fn a_limit_without_a_test_is_seen() {
    let text = "#[test]\nfn limit_links_per_source_and_idle_s_hold() {}\n\n\
                fn limit_requests_is_no_test() {}\n";
    let code = [File { path: "tests/x.rs".into(), text: text.into() }];
    let names = ["links", "links-per-source", "idle-s", "requests"];
    assert_eq!(unreached(&names, &code), ["links", "requests"]);
}

/// The limits whose name no test bears.
fn unreached(names: &[&str], code: &[File]) -> Vec<String> {
    let mut longest_first = names.to_vec();
    longest_first.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut reached = BTreeSet::new();
    for test in code.iter().flat_map(tests) {
        let mut words = format!("{test}_");
        for name in &longest_first {
            let part = format!("_{}_", name.replace('-', "_"));
            if words.contains(&part) {
                reached.insert(*name);
                // What is left must not pass for a limit with a shorter name.
                words = words.replace(&part, "_/_");
            }
        }
    }
    let missing = names.iter().filter(|name| !reached.contains(*name));
    missing.map(|name| (*name).to_owned()).collect()
}

/// The tests of a file that are named after limits.
fn tests(file: &File) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in file.text.lines().map(str::trim_start) {
        let code = line.strip_prefix("async ").unwrap_or(line);
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = code.strip_prefix("fn ") {
            let name = rest.split('(').next().unwrap_or_default();
            if is_test && name.starts_with("limit_") {
                found.push(name);
            }
            is_test = false;
        }
    }
    found
}
