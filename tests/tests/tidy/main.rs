//! The rules of the repository, as tests. ARCHITECTURE.md says which invariant
//! each of them guards. Every rule is a function from text to complaints, and is
//! shown a small text that breaks it beside the repository that must not.

#![cfg(test)]

mod absences;
mod documents;
mod evidence;
mod labels;
mod limits;
mod manifests;
mod repository;
mod style;
mod supply;
mod trees;

/// Fails with all complaints at once.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
