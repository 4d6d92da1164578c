//! Commits and statements in as few messages as they fit.

use msg_protocol::{
    bounded::List,
    group::{GroupAccept, GroupCommit, GroupOperation},
    limits::{MAX_ACCEPTS_PER_MESSAGE, MAX_COMMITS_PER_MESSAGE},
    signed::Signed,
};

use crate::engine::outbox::MAX_CONTENT_BYTES;

/// Commits, in their order.
pub(super) fn commits(commits: &[Signed<GroupCommit>]) -> Vec<GroupOperation> {
    let mut packs: Vec<(usize, Vec<Signed<GroupCommit>>)> = Vec::new();
    for commit in commits {
        let size = commit.raw().len() + 80;
        match packs.last_mut() {
            Some((bytes, pack))
                if *bytes + size <= MAX_CONTENT_BYTES && pack.len() < MAX_COMMITS_PER_MESSAGE =>
            {
                *bytes += size;
                pack.push(commit.clone());
            }
            _ => packs.push((size, vec![commit.clone()])),
        }
    }
    packs
        .into_iter()
        .filter_map(|(_, pack)| List::new(pack).ok())
        .map(GroupOperation::Commits)
        .collect()
}

/// Statements of people who have joined.
pub(super) fn accepts(mut accepts: Vec<Signed<GroupAccept>>) -> Vec<GroupOperation> {
    let mut packs = Vec::new();
    while !accepts.is_empty() {
        let rest = accepts.split_off(accepts.len().min(MAX_ACCEPTS_PER_MESSAGE));
        packs.extend(List::new(accepts).ok().map(GroupOperation::Accepts));
        accepts = rest;
    }
    packs
}
