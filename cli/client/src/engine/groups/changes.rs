//! What a commit makes of a state: pure functions on `protocol/SPEC.md`, "Groups".

use msg_protocol::{
    bounded::{List, Str},
    codec,
    group::{
        GroupChange, GroupCommit, GroupCommitHash, GroupMember, GroupPolicy, GroupState, Role,
        Writers,
    },
    id::{AccountId, GroupId},
    limits::{MAX_GROUP_EPOCHS, MAX_GROUP_STATE_BYTES},
};

/// Why a commit is not one that may follow. The fault of its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// It does not follow that commit.
    #[error("it does not follow that commit")]
    Elsewhere,
    /// Its author may not make it.
    #[error("its author is no admin")]
    NotAllowed,
    /// A change that the state before does not admit.
    #[error("a change does not fit the state before it")]
    Unfitting,
    /// A change of a kind that this version does not know.
    #[error("a change of an unknown kind")]
    Unknown,
    /// It names another state than it leads to.
    #[error("it names another state than it leads to")]
    OtherState,
}

/// The state after the first commit of a group.
pub fn begin(commit: &GroupCommit) -> Result<GroupState, Invalid> {
    if commit.epoch != 1 {
        return Err(Invalid::Elsewhere);
    }
    checked(&nobody(commit.group).ok_or(Invalid::Unfitting)?, commit)
}

/// What there is before the first commit.
pub fn nobody(group: GroupId) -> Option<GroupState> {
    Some(GroupState {
        group,
        epoch: 0,
        previous: GroupCommitHash::NONE,
        name: Str::new(String::new()).ok()?,
        policy: GroupPolicy { writers: Writers::Members, expire_s: None },
        members: List::empty(),
    })
}

/// The state after a commit that follows `previous`, in whose state its author may
/// make it.
pub fn follow(
    previous: GroupCommitHash,
    state: &GroupState,
    commit: &GroupCommit,
) -> Result<GroupState, Invalid> {
    let is_next = commit.previous == previous
        && commit.group == state.group
        && state.epoch.checked_add(1) == Some(commit.epoch);
    if !is_next {
        return Err(Invalid::Elsewhere);
    }
    if !may(state, commit.author, &commit.changes) {
        return Err(Invalid::NotAllowed);
    }
    checked(state, commit)
}

/// Whether somebody may make these changes: an admin any, everybody else only to go.
pub fn may(state: &GroupState, author: AccountId, changes: &[GroupChange]) -> bool {
    let goes = goes(author, changes);
    state.member(author).is_some_and(|member| member.role == Role::Admin || goes)
}

/// Whether a chain has room for a commit: at its end one may only go.
pub fn has_room(commit: &GroupCommit) -> bool {
    commit.epoch <= MAX_GROUP_EPOCHS || goes(commit.author, &commit.changes)
}

/// Whether all that somebody does is to go.
fn goes(author: AccountId, changes: &[GroupChange]) -> bool {
    matches!(changes, [GroupChange::RemoveMember(remove)] if remove.account == author)
}

fn checked(state: &GroupState, commit: &GroupCommit) -> Result<GroupState, Invalid> {
    let after = next(state, commit.group, commit.previous);
    let mut after = after.ok_or(Invalid::Elsewhere)?;
    for change in &commit.changes {
        after = with(after, change)?;
    }
    if !is_short(&after) {
        return Err(Invalid::Unfitting);
    }
    if after.hash() == commit.state { Ok(after) } else { Err(Invalid::OtherState) }
}

/// The state one epoch on, before any change.
pub fn next(state: &GroupState, group: GroupId, previous: GroupCommitHash) -> Option<GroupState> {
    Some(GroupState { group, epoch: state.epoch.checked_add(1)?, previous, ..state.clone() })
}

/// Those of the changes that still can be made, in their order, and the state that
/// they lead to.
pub fn still(mut state: GroupState, changes: &[GroupChange]) -> (GroupState, Vec<GroupChange>) {
    let mut made = Vec::new();
    for change in changes {
        if let Some(after) = with(state.clone(), change).ok().filter(is_short) {
            state = after;
            made.push(change.clone());
        }
    }
    (state, made)
}

/// Whether a state has no more bytes than one may: what is kept of a group holds two.
fn is_short(state: &GroupState) -> bool {
    codec::encode(state).len() <= MAX_GROUP_STATE_BYTES
}

/// A state with one change.
fn with(state: GroupState, change: &GroupChange) -> Result<GroupState, Invalid> {
    let GroupState { group, epoch, previous, mut name, mut policy, members } = state;
    let mut members = members.into_vec();
    let place = |members: &[GroupMember], account: AccountId| {
        members.iter().position(|member| member.account() == account)
    };
    let mut role = |account: AccountId, from: &[Role], to: Role| {
        let member = members.iter_mut().find(|member| member.account() == account);
        let member = member.filter(|member| from.contains(&member.role));
        member.map(|member| member.role = to).ok_or(Invalid::Unfitting)
    };
    match change {
        GroupChange::CreateGroup(create) => {
            (name, policy) = (create.name.clone(), create.policy);
            members = vec![GroupMember {
                identity: create.identity,
                address: create.address.clone(),
                pin: create.pin,
                role: Role::Admin,
            }];
        }
        GroupChange::AddMember(add) => {
            let new = GroupMember {
                identity: add.identity,
                address: add.address.clone(),
                pin: add.pin,
                role: Role::Invited,
            };
            let account = new.account();
            let index = members.partition_point(|member| member.account() < account);
            if members.get(index).is_some_and(|member| member.account() == account) {
                return Err(Invalid::Unfitting);
            }
            members.insert(index, new);
        }
        GroupChange::RemoveMember(remove) => {
            let index = place(&members, remove.account).ok_or(Invalid::Unfitting)?;
            members.remove(index);
        }
        GroupChange::RenameGroup(rename) => name = rename.name.clone(),
        GroupChange::PromoteMember(promote) => {
            role(promote.account, &[Role::Invited, Role::Member], Role::Admin)?;
        }
        GroupChange::DemoteAdmin(demote) => role(demote.account, &[Role::Admin], Role::Member)?,
        GroupChange::SetPolicy(set) => policy = set.policy,
        GroupChange::Unknown(_) => return Err(Invalid::Unknown),
    }
    let members = List::new(members).map_err(|_| Invalid::Unfitting)?;
    Ok(GroupState { group, epoch, previous, name, policy, members })
}

/// Whether a change takes the rights of an account.
pub fn strikes(changes: &[GroupChange], account: AccountId) -> bool {
    changes.iter().any(|change| match change {
        GroupChange::RemoveMember(remove) => remove.account == account,
        GroupChange::DemoteAdmin(demote) => demote.account == account,
        _ => false,
    })
}
