//! Commits of our own, and who is told of them.

use std::collections::BTreeSet;

use msg_protocol::{
    bounded::List,
    content::Confirm,
    group::{
        CreateGroup, GroupChange, GroupCommit, GroupCommitHash, GroupOperation, GroupPolicy,
        GroupState, GroupStateHash, Role, Writers, commit::GROUP_FORMAT,
    },
    id::{AccountId, GroupId},
    limits::MAX_GROUP_COMMIT_BYTES,
    signed::Signed,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    GroupError,
    chain::{self, Decided},
    changes, join, kept, packs,
    refresh::refresh,
};
use crate::{
    engine::{EngineError, account::Own, contacts, inbox::News, outbox},
    rows::{CommitRow, GroupRow, GroupStanding, Standing, Tip, group::commit_key},
    step::Draft,
    store::Table,
};

/// Makes a group with us as its only member.
pub fn create<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    name: &str,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<GroupId, GroupError> {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let group = GroupId(id);
    let wanted = name.strip_prefix('#').unwrap_or(name);
    if kept::all(draft)?.iter().any(|(_, row)| row.name == wanted) {
        return Err(GroupError::NameTaken(wanted.to_owned()));
    }
    let is_usable = kept::free_name(draft, group, wanted)? == wanted;
    let name = msg_protocol::bounded::Str::new(wanted.to_owned()).ok().filter(|_| is_usable);
    let name = name.ok_or_else(|| GroupError::BadName(wanted.to_owned()))?;
    let create = CreateGroup {
        identity: own.card().identity,
        address: own.row.address.clone(),
        pin: own.row.pin,
        name,
        policy: GroupPolicy { writers: Writers::Members, expire_s: None },
    };
    let mut row = GroupRow::new(wanted.to_owned(), GroupStanding::Joined);
    let (signed, _) = signed(own, group, None, vec![create.into()])
        .ok_or_else(|| GroupError::TooMuch(wanted.to_owned()))?;
    keep(draft, group, &mut row, signed, now);
    refresh(draft, own, group, &mut row, now, rng)?;
    join::state_own(draft, own, group, &mut row, 1, now);
    kept::save(draft, group, &row);
    Ok(group)
}

/// Changes a group, and tells whom it concerns. With nothing to change it does
/// nothing.
pub fn propose<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    changes: Vec<GroupChange>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, GroupError> {
    let row = kept::with(draft, group)?;
    let mut row = row.ok_or_else(|| GroupError::NoGroup(group.to_string()))?;
    let name = row.name.clone();
    let tip = row.tip.clone().ok_or_else(|| GroupError::Unchecked(name.clone()))?;
    if row.standing == GroupStanding::Gone || tip.state.member(own.id()).is_none() {
        return Err(GroupError::NotJoined(name));
    }
    if !changes::may(&tip.state, own.id(), &changes) {
        return Err(GroupError::NotAdmin(name));
    }
    let count = changes.len();
    let Some((signed, made)) = signed(own, group, Some(&tip), changes) else {
        return Err(GroupError::TooMuch(name));
    };
    if made != count {
        return Err(GroupError::Unfitting(name));
    }
    let told = row.joined.clone();
    keep(draft, group, &mut row, signed.clone(), now);
    let (news, _) = refresh(draft, own, group, &mut row, now, rng)?;
    announce(draft, own, group, &mut row, (&tip.state, &told), &signed, now, rng)?;
    kept::save(draft, group, &row);
    Ok(news)
}

fn keep(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    signed: Signed<GroupCommit>,
    now: UnixSeconds,
) {
    let hash = signed.hash();
    draft.write(&commit_key(group, hash), &CommitRow { signed, came: now });
    row.window.push(hash);
    row.proposed.push(hash);
}

/// A commit of ours on a state, with those of the changes that can be made; and how
/// many they are. None if there is no room for it.
pub(super) fn signed(
    own: &Own,
    group: GroupId,
    tip: Option<&Tip>,
    changes: Vec<GroupChange>,
) -> Option<(Signed<GroupCommit>, usize)> {
    let mut commit = GroupCommit {
        format: GROUP_FORMAT,
        group,
        epoch: tip.map_or(Some(1), |tip| tip.state.epoch.checked_add(1))?,
        previous: tip.map_or(GroupCommitHash::NONE, |tip| tip.commit),
        author: own.id(),
        card: own.card().reference(),
        device: own.device_id(),
        changes: List::new(changes).ok()?,
        state: GroupStateHash([0; 32]),
    };
    let before = tip.map_or_else(|| changes::nobody(group), |tip| Some(tip.state.clone()))?;
    let next = changes::next(&before, group, commit.previous)?;
    let (state, made) = changes::still(next, &commit.changes);
    let count = made.len();
    commit.changes = List::new(made).ok()?;
    commit.state = state.hash();
    if !changes::has_room(&commit) {
        return None;
    }
    let signed = own.device.sign(&commit);
    (signed.raw().len() <= MAX_GROUP_COMMIT_BYTES).then_some((signed, count))
}

/// Our own commits that a rival has displaced are proposed again, as far as they
/// still can be.
pub(super) fn again<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    decided: &mut Decided,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let is_lost = |hash: &GroupCommitHash| {
        decided.displaced.contains(hash) || decided.refused.contains_key(hash)
    };
    let lost: Vec<_> = row.proposed.iter().copied().filter(is_lost).collect();
    row.proposed.retain(|hash| !lost.contains(hash));
    let Some(base) = row.base.clone() else { return Ok(()) };
    for link in kept::links(draft, group, &lost)? {
        let tip = decided.tip.clone();
        let next = changes::next(&tip.state, group, tip.commit);
        let Some(next) = next else { continue };
        let (_, made) = changes::still(next, &link.commit.changes);
        if made.is_empty() || !changes::may(&tip.state, own.id(), &made) {
            continue;
        }
        let Some((signed, _)) = signed(own, group, Some(&tip), made) else { continue };
        keep(draft, group, row, signed.clone(), now);
        *decided = chain::decide(&base, &kept::links(draft, group, &row.window)?);
        let joined = row.joined.clone();
        announce(draft, own, group, row, (&tip.state, &joined), &signed, now, rng)?;
    }
    Ok(())
}

/// Tells a commit of ours to the members there were, and all there is to whom it
/// asks in.
#[expect(clippy::too_many_arguments, reason = "a verb of the engine takes the world as arguments")]
fn announce<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    (before, joined): (&GroupState, &[AccountId]),
    signed: &Signed<GroupCommit>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let Ok(said) = signed.peek_unverified() else { return Ok(()) };
    let new: BTreeSet<AccountId> = said
        .changes
        .iter()
        .filter_map(|change| match change {
            GroupChange::AddMember(add) => Some(AccountId::of(&add.identity)),
            _ => None,
        })
        .collect();
    let news = packs::commits(std::slice::from_ref(signed));
    // Who was asked in and has not answered hears that it does not stand any more, with
    // all that was changed meanwhile: they cannot ask for it.
    let waiting = said.changes.iter().filter_map(|change| match change {
        GroupChange::RemoveMember(remove) => Some(remove.account),
        _ => None,
    });
    let waiting: Vec<AccountId> = waiting.filter(|gone| before.member(*gone).is_some()).collect();
    let told: BTreeSet<AccountId> = joined.iter().chain(&waiting).copied().collect();
    for account in told.into_iter().filter(|account| *account != own.id()) {
        if joined.contains(&account) {
            tell(draft, account, &news, now, rng)?;
        } else {
            let added = kept::added(draft, group, row, account)?;
            let since = added.map(|(stored, _)| stored.signed.hash());
            tell(draft, account, &history(draft, group, row, since)?, now, rng)?;
        }
    }
    for account in new {
        if !row.guests.contains(&account) {
            row.guests.push(account);
        }
        invite(draft, own, group, row, account, now, rng)?;
    }
    Ok(())
}

/// Tells somebody all commits, and who has joined.
fn invite<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &GroupRow,
    account: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let mut operations = history(draft, group, row, None)?;
    let mut joined = Vec::new();
    // Ours is the last: then all are there.
    let others = row.joined.iter().filter(|account| **account != own.id());
    for account in others.chain([&own.id()]) {
        joined.extend(kept::statement(draft, group, *account)?.map(|stored| stored.signed));
    }
    operations.extend(packs::accepts(joined));
    tell(draft, account, &operations, now, rng)
}

/// The commits after one, or all, in as few messages as they fit.
pub(super) fn history(
    draft: &Draft<'_>,
    group: GroupId,
    row: &GroupRow,
    after: Option<GroupCommitHash>,
) -> Result<Vec<GroupOperation>, EngineError> {
    let all: Vec<_> = kept::chain(row).collect();
    let from = after.and_then(|after| all.iter().position(|hash| *hash == after));
    let mut commits = Vec::new();
    for hash in all.into_iter().skip(from.map_or(0, |place| place + 1)) {
        commits.extend(kept::commit(draft, group, hash)?.map(|stored| stored.signed));
    }
    Ok(packs::commits(&commits))
}

/// Says something about a group to somebody, if they are known here.
pub(super) fn tell<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    account: AccountId,
    operations: &[GroupOperation],
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let contact = contacts::with(draft, account)?;
    let contact = contact.filter(|row| row.standing != Standing::Blocked && row.place.is_some());
    let Some(contact) = contact else { return Ok(()) };
    for operation in operations {
        let post = outbox::Post {
            account,
            message: outbox::new_message_id(rng),
            sent_ms: now.0.saturating_mul(1_000),
            content: operation.clone().into(),
            confirm: Confirm::Later,
            is_kept: false,
            group: None,
        };
        outbox::post(draft, &contact, post, now)?;
    }
    Ok(())
}

/// Whether nobody else could make changes if we went, though others are there.
pub fn is_last_admin(row: &GroupRow, own: AccountId) -> bool {
    let Some(state) = row.state() else { return false };
    let is_admin =
        |account: AccountId| state.member(account).is_some_and(|member| member.role == Role::Admin);
    let others = || row.joined.iter().filter(|account| **account != own);
    is_admin(own) && others().count() > 0 && !others().any(|account| is_admin(*account))
}

/// Forgets a group.
pub(super) fn forget(draft: &Draft<'_>, group: GroupId, row: &GroupRow) {
    for hash in kept::chain(row).chain(row.unchecked.iter().copied()) {
        draft.remove(Table::Commits, &commit_key(group, hash));
    }
    draft.remove(Table::Groups, &crate::rows::group::key(group));
}
