//! What others tell of groups: commits, statements, questions.

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use msg_protocol::{
    bounded::List,
    content::Content,
    group::{GroupAccept, GroupCommit, GroupCommitHash, GroupOperation},
    id::{AccountId, GroupId},
    limits::{MAX_ACCEPTS_PER_MESSAGE, MAX_COMMITS_PER_MESSAGE},
    signed::Signed,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    join, kept, notices, packs,
    propose::{self, tell},
    refresh::{admit, refresh},
};
use crate::{
    engine::{EngineError, account::Own, contacts, inbox::News},
    rows::{ContactRow, GroupRow, GroupStanding, OutboxRow, Read as _},
    step::Draft,
};

/// Seconds after which somebody is asked again for what is missing.
const ASK_AGAIN_S: u64 = 20;
/// Messages about groups that wait for one member: more questions are not answered
/// before these have come.
const MAX_PENDING: usize = 128;
/// Groups there may be at a time: more invitations are passed over.
const MAX_GROUPS: usize = 256;
/// Invitations of one contact that wait for an answer.
const MAX_INVITATIONS: usize = 32;

/// Takes what somebody tells of a group.
pub fn operation<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    sender: AccountId,
    operation: GroupOperation,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    match operation {
        GroupOperation::Commits(commits) => commits_came(draft, own, sender, commits, now, rng),
        GroupOperation::Accepts(accepts) => accepts_came(draft, own, sender, accepts, now, rng),
        GroupOperation::Request { group, after } => {
            asked(draft, own, sender, group, after, now, rng)?;
            Ok(Vec::new())
        }
    }
}

fn commits_came<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    sender: AccountId,
    commits: List<Signed<GroupCommit>, MAX_COMMITS_PER_MESSAGE>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    let first = commits.first().and_then(|signed| signed.peek_unverified().ok());
    let Some(group) = first.map(|commit| commit.group) else { return Ok(Vec::new()) };
    let known = kept::with(draft, group)?;
    let is_new = known.is_none();
    let mut row = match known {
        Some(row) => row,
        None if may_invite(draft, sender)? => {
            let name = kept::free_name(draft, group, "")?;
            GroupRow::new(name, GroupStanding::Invited { by: sender })
        }
        None => return Ok(Vec::new()),
    };
    let mut was_out = row.standing == GroupStanding::Gone;
    for signed in commits.into_vec() {
        admit(draft, group, &mut row, signed, now);
    }
    let (mut news, is_missing) = refresh(draft, own, group, &mut row, now, rng)?;
    let is_in = row.has_member(own.id());
    was_out |= is_in && join::is_outdated(draft, own, group, &row)?;
    if is_in && was_out {
        row.standing = GroupStanding::Invited { by: sender };
    }
    if is_new && row.base.is_some() && !is_in && !is_missing {
        // Nothing that concerns us.
        propose::forget(draft, group, &row);
        return Ok(Vec::new());
    }
    join::greet(draft, own, group, &mut row, now, rng)?;
    if is_missing {
        ask(draft, group, &mut row, sender, now, rng)?;
    }
    kept::save(draft, group, &row);
    if is_new && news.is_empty() {
        news.push(News::Group(group));
    }
    let is_asked = matches!(row.standing, GroupStanding::Invited { .. });
    if is_asked && (is_new || was_out) {
        news.push(notices::invited(draft, group, sender, now)?);
    }
    news.extend(join::accept_unasked(draft, own, group, &row, now, rng)?);
    Ok(news)
}

/// Only contacts ask us into groups.
fn may_invite(draft: &Draft<'_>, sender: AccountId) -> Result<bool, EngineError> {
    let is_contact = contacts::with(draft, sender)?.is_some_and(|row| row.is_accepted());
    let all = kept::all(draft)?;
    let is_theirs =
        |row: &GroupRow| matches!(row.standing, GroupStanding::Invited { by } if by == sender);
    let waiting = all.iter().filter(|(_, row)| is_theirs(row)).count();
    if !is_contact || waiting >= MAX_INVITATIONS {
        return Ok(false);
    }
    if all.len() < MAX_GROUPS {
        return Ok(true);
    }
    // One that has gone, and in which nothing was ever heard, makes room.
    let is_over = |row: &GroupRow| row.standing == GroupStanding::Gone && row.recent.is_empty();
    let over = all.iter().find(|(_, row)| is_over(row));
    if let Some((group, row)) = over {
        propose::forget(draft, *group, row);
    }
    Ok(over.is_some())
}

fn accepts_came<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    sender: AccountId,
    accepts: List<Signed<GroupAccept>, MAX_ACCEPTS_PER_MESSAGE>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    let first = accepts.first().and_then(|signed| signed.peek_unverified().ok());
    let Some(group) = first.map(|said| said.group) else { return Ok(Vec::new()) };
    let Some(mut row) = kept::with(draft, group)? else {
        // They have overtaken the commits: both are wanted once more.
        if may_invite(draft, sender)? && pending(draft, sender)? < MAX_PENDING {
            let after = GroupCommitHash::NONE;
            tell(draft, sender, &[GroupOperation::Request { group, after }], now, rng)?;
        }
        return Ok(Vec::new());
    };
    if row.standing == GroupStanding::Gone {
        return Ok(Vec::new());
    }
    let mut claimed = Vec::new();
    for signed in accepts.into_vec() {
        let Ok(said) = signed.peek_unverified() else { continue };
        if said.group == group && said.account != own.id() {
            claimed.push(said.account);
            join::claim(draft, group, &mut row, (sender, said.account), signed, now)?;
        }
    }
    let (mut news, _) = refresh(draft, own, group, &mut row, now, rng)?;
    if row.is_early {
        // Whoever has turned out to have joined before us does not know of us.
        join::greet(draft, own, group, &mut row, now, rng)?;
    }
    claimed.retain(|account| row.unproven.contains(account));
    let is_member = |account: &AccountId| row.has_member(*account);
    if claimed.iter().any(is_member) {
        // Their cards are to be looked for.
        news.push(News::Group(group));
    }
    if !claimed.iter().all(is_member) {
        // Who passes it on has the commit that let them in.
        ask(draft, group, &mut row, sender, now, rng)?;
    }
    kept::save(draft, group, &row);
    news.extend(join::accept_unasked(draft, own, group, &row, now, rng)?);
    Ok(news)
}

/// Asks somebody for the commits after those that are here.
pub(super) fn ask<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    whom: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    if now.0.abs_diff(row.asked.0) < ASK_AGAIN_S {
        return Ok(());
    }
    row.asked = now;
    // From the base on: there may be rivals that are not here.
    let after = row.base.as_ref().map_or(GroupCommitHash::NONE, |base| base.commit);
    tell(draft, whom, &[GroupOperation::Request { group, after }], now, rng)
}

/// Answers a member who lacks commits or statements.
fn asked<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    sender: AccountId,
    group: GroupId,
    after: GroupCommitHash,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let Some(row) = kept::with(draft, group)? else { return Ok(()) };
    if row.standing != GroupStanding::Joined || !row.has_member(sender) {
        return Ok(());
    }
    let is_reached = contacts::with(draft, sender)?.as_ref().is_some_and(ContactRow::is_reached);
    if !is_reached || pending(draft, sender)? >= MAX_PENDING {
        return Ok(());
    }
    let mut operations = propose::history(draft, group, &row, Some(after))?;
    let known = kept::commit(draft, group, after)?;
    let known = known.and_then(|stored| stored.signed.peek_unverified().ok());
    let since = known.map_or(0, |commit| commit.epoch);
    let mut accepts = Vec::new();
    for joined in &row.joined {
        let Some(stored) = kept::statement(draft, group, *joined)? else { continue };
        let is_later = stored.signed.peek_unverified().is_ok_and(|said| said.epoch > since);
        if is_later || *joined == own.id() {
            accepts.push(stored.signed);
        }
    }
    operations.extend(packs::accepts(accepts));
    tell(draft, sender, &operations, now, rng)
}

/// How much is on its way to somebody about groups.
fn pending(draft: &Draft<'_>, account: AccountId) -> Result<usize, EngineError> {
    let mut found = BTreeSet::new();
    draft.each::<OutboxRow>(&[], |_, row| {
        if row.account == account && matches!(row.content, Content::GroupOperation(_)) {
            found.insert(row.message);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found.len())
}
