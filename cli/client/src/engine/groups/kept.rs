//! The rows of groups.

use msg_protocol::{
    group::{GroupChange, GroupCommitHash},
    id::{AccountId, GroupId},
};

use super::{GroupError, chain::Link};
use crate::{
    rows::{
        CommitRow, GroupRow, GroupStanding, Read as _, StatementRow,
        group::{commit_key, key, statement_key},
    },
    step::Draft,
    store::{Rows, StoreError},
};

/// The row of a group.
pub fn with(rows: &(impl Rows + ?Sized), group: GroupId) -> Result<Option<GroupRow>, StoreError> {
    rows.row(&key(group))
}

/// All groups, by name.
pub fn all(rows: &(impl Rows + ?Sized)) -> Result<Vec<(GroupId, GroupRow)>, StoreError> {
    let found = rows.all::<GroupRow>(&[])?;
    let mut found: Vec<_> = found
        .into_iter()
        .filter_map(|(key, row)| Some((GroupId(key.try_into().ok()?), row)))
        .collect();
    found.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    Ok(found)
}

/// The names of those that we are asked into.
pub fn invitations(rows: &(impl Rows + ?Sized)) -> Result<Vec<String>, StoreError> {
    let mut all = all(rows)?;
    all.retain(|(_, row)| matches!(row.standing, GroupStanding::Invited { .. }));
    Ok(all.into_iter().map(|(_, row)| row.name).collect())
}

/// A group by the name that it has here, with its sign or without.
pub fn find(rows: &(impl Rows + ?Sized), name: &str) -> Result<(GroupId, GroupRow), GroupError> {
    let name = name.strip_prefix('#').unwrap_or(name);
    let found = all(rows)?.into_iter().find(|(_, row)| row.name == name);
    found.ok_or_else(|| GroupError::NoGroup(name.to_owned()))
}

pub(super) fn save(draft: &Draft<'_>, group: GroupId, row: &GroupRow) {
    draft.write(&key(group), row);
}

/// A name that no other group has here, and that can be written on a command line.
pub(super) fn free_name(
    rows: &(impl Rows + ?Sized),
    group: GroupId,
    wanted: &str,
) -> Result<String, StoreError> {
    let is_odd =
        |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, ',' | '#');
    let plain: String =
        wanted.chars().map(|letter| if is_odd(letter) { '-' } else { letter }).collect();
    let plain = if plain.is_empty() { "group".to_owned() } else { plain };
    let others: Vec<_> = all(rows)?.into_iter().filter(|(id, _)| *id != group).collect();
    let is_taken = |name: &str| others.iter().any(|(_, row)| row.name == name);
    let mut name = plain.clone();
    let mut number = 1_u32;
    while is_taken(&name) {
        number += 1;
        name = format!("{plain}-{number}");
    }
    Ok(name)
}

pub(super) fn commit(
    rows: &(impl Rows + ?Sized),
    group: GroupId,
    hash: GroupCommitHash,
) -> Result<Option<CommitRow>, StoreError> {
    rows.row(&commit_key(group, hash))
}

/// Commits as the chain is decided of them. What is stored was checked.
pub(super) fn links(
    rows: &(impl Rows + ?Sized),
    group: GroupId,
    hashes: &[GroupCommitHash],
) -> Result<Vec<Link>, StoreError> {
    let mut links = Vec::new();
    for hash in hashes {
        let row = commit(rows, group, *hash)?;
        let commit = row.and_then(|row| row.signed.peek_unverified().ok());
        links.extend(commit.map(|commit| Link { hash: *hash, commit }));
    }
    Ok(links)
}

pub(super) fn statement(
    rows: &(impl Rows + ?Sized),
    group: GroupId,
    account: AccountId,
) -> Result<Option<StatementRow>, StoreError> {
    rows.row(&statement_key(group, account))
}

/// The commits of a group as it is, in order.
pub(super) fn chain(row: &GroupRow) -> impl DoubleEndedIterator<Item = GroupCommitHash> {
    row.settled.iter().chain(&row.window).copied()
}

/// The last commit that put somebody in, and its epoch.
pub(super) fn added(
    rows: &(impl Rows + ?Sized),
    group: GroupId,
    row: &GroupRow,
    account: AccountId,
) -> Result<Option<(CommitRow, u32)>, StoreError> {
    let mut found: Option<(CommitRow, u32)> = None;
    for hash in chain(row).rev() {
        // Nothing that is settled is later than what is not.
        if found.is_some() && row.settled.contains(&hash) {
            break;
        }
        let Some(stored) = commit(rows, group, hash)? else { continue };
        let Ok(said) = stored.signed.peek_unverified() else { continue };
        let adds = |change: &GroupChange| match change {
            GroupChange::CreateGroup(create) => AccountId::of(&create.identity) == account,
            GroupChange::AddMember(add) => AccountId::of(&add.identity) == account,
            _ => false,
        };
        let is_later = found.as_ref().is_none_or(|(_, epoch)| *epoch < said.epoch);
        if is_later && said.changes.iter().any(adds) {
            found = Some((stored, said.epoch));
        }
    }
    Ok(found)
}
