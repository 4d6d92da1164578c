//! Who has joined: statements outside the chain, each with the door of a member.

use msg_protocol::{
    group::{GroupAccept, commit::GROUP_FORMAT},
    id::{AccountId, GroupId},
    signed::Signed,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    GroupError, introduce, kept, notices, packs,
    propose::{self, propose, tell},
    refresh::{card, refresh},
    replay,
};
use crate::{
    engine::{EngineError, account::Own, contacts, inbox::News, settings},
    rows::{
        Accept, Entrant, GroupRow, GroupStanding, StatementRow, contact::key as contact_key,
        group::statement_key,
    },
    step::Draft,
    store::Table,
};

/// Joins a group that we were asked into, and tells its members.
pub fn accept<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, GroupError> {
    let row = kept::with(draft, group)?;
    let mut row = row.ok_or_else(|| GroupError::NoGroup(group.to_string()))?;
    if !matches!(row.standing, GroupStanding::Invited { .. }) {
        return Err(GroupError::NotInvited(row.name));
    }
    let added = kept::added(draft, group, &row, own.id())?;
    let added = added.filter(|_| row.has_member(own.id()));
    let Some((stored, epoch)) = added else { return Err(GroupError::Unchecked(row.name)) };
    let by = stored.signed.peek_unverified().ok().map(|commit| commit.author);
    row.standing = GroupStanding::Joined;
    // Some are only known when their cards have been looked at.
    let others = row.joined.iter().chain(&row.unproven).copied();
    row.untold = others.filter(|other| *other != own.id()).collect();
    // The statement of whoever asked us in is the last of an invitation.
    let absent = by.filter(|by| !row.untold.contains(by));
    row.is_early = absent.is_some();
    row.untold.extend(absent);
    state_own(draft, own, group, &mut row, epoch, now);
    kept::save(draft, group, &row);
    let (news, _) = refresh(draft, own, group, &mut row, now, rng)?;
    greet(draft, own, group, &mut row, now, rng)?;
    kept::save(draft, group, &row);
    Ok(news)
}

/// Joins if its owner need not be asked: by the setting whoever asks is verified, or
/// another contact; or everybody is let in. Their statement ends the invitation: then
/// all who are to be told are known.
pub(super) fn accept_unasked<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &GroupRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    if !matches!(row.standing, GroupStanding::Invited { .. }) {
        return Ok(Vec::new());
    }
    // Whoever has asked us in, not whoever has passed that on.
    let added = kept::added(draft, group, row, own.id())?;
    let added = added.and_then(|(stored, _)| stored.signed.peek_unverified().ok());
    let Some(by) = added.map(|commit| commit.author) else { return Ok(Vec::new()) };
    if !row.has_member(own.id()) || !row.has_joined(by) {
        return Ok(Vec::new());
    }
    let contact = contacts::with(draft, by)?.filter(crate::rows::ContactRow::is_accepted);
    let Some(contact) = contact else { return Ok(Vec::new()) };
    let settings = settings::of(draft)?;
    if !settings.groups.includes(&contact) && settings.accept != Accept::Everybody {
        return Ok(Vec::new());
    }
    match accept(draft, own, group, now, rng) {
        Ok(news) => Ok(news),
        Err(GroupError::Engine(error)) => Err(error),
        // It stays an invitation.
        Err(_) => Ok(Vec::new()),
    }
}

/// Says no, or goes: whoever is in it is told.
pub fn decline<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), GroupError> {
    let row = kept::with(draft, group)?;
    let row = row.ok_or_else(|| GroupError::NoGroup(group.to_string()))?;
    if row.standing == GroupStanding::Gone {
        return Err(GroupError::NotJoined(row.name));
    }
    if propose::is_last_admin(&row, own.id()) {
        return Err(GroupError::LastAdmin(row.name));
    }
    if row.tip.is_none() {
        propose::forget(draft, group, &row);
        return Ok(());
    }
    let goes = msg_protocol::group::RemoveMember { account: own.id() };
    propose(draft, own, group, vec![goes.into()], now, rng)?;
    if let Some(mut row) = kept::with(draft, group)? {
        row.standing = GroupStanding::Gone;
        kept::save(draft, group, &row);
    }
    Ok(())
}

/// Our own statement.
pub(super) fn state_own(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    epoch: u32,
    now: UnixSeconds,
) {
    let signed = own.device.sign(&GroupAccept {
        format: GROUP_FORMAT,
        group,
        epoch,
        account: own.id(),
        card: own.card().reference(),
        device: own.device_id(),
        door: own.row.door.clone(),
    });
    let stored = StatementRow { signed, came: now, is_checked: true };
    draft.write(&statement_key(group, own.id()), &stored);
    row.join(own.id());
}

/// Tells our statement to those members who do not have it and whose card is here.
pub(super) fn greet<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    if row.standing != GroupStanding::Joined {
        return Ok(());
    }
    for account in row.joined.clone() {
        befriend(draft, own, group, account)?;
    }
    let Some(stored) = kept::statement(draft, group, own.id())? else { return Ok(()) };
    let statement = packs::accepts(vec![stored.signed]);
    for account in std::mem::take(&mut row.untold) {
        if contacts::with(draft, account)?.is_some_and(|contact| contact.is_reached()) {
            tell(draft, account, &statement, now, rng)?;
        } else if row.has_member(account) {
            row.untold.push(account);
        }
    }
    Ok(())
}

/// Whether we have been put out and asked in again since we joined: then our statement
/// counts no more.
pub(super) fn is_outdated(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &GroupRow,
) -> Result<bool, EngineError> {
    if row.standing != GroupStanding::Joined {
        return Ok(false);
    }
    let since = kept::added(draft, group, row, own.id())?.map(|(_, epoch)| epoch);
    let stated = stated(draft, own, group)?;
    Ok(since.is_some() && stated.is_some() && since != stated)
}

/// The epoch since which we are in a group, by our statement.
fn stated(draft: &Draft<'_>, own: &Own, group: GroupId) -> Result<Option<u32>, EngineError> {
    let stored = kept::statement(draft, group, own.id())?;
    Ok(stored.and_then(|stored| stored.signed.peek_unverified().ok()).map(|said| said.epoch))
}

/// Whoever is in a group with us is written to there, and told of a new door.
fn befriend(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    account: AccountId,
) -> Result<(), EngineError> {
    if account == own.id() {
        return Ok(());
    }
    let Some(mut contact) = contacts::with(draft, account)? else { return Ok(()) };
    if contact.is_fellow && contact.door.is_some() {
        return Ok(());
    }
    let stored = kept::statement(draft, group, account)?;
    let said = stored.and_then(|stored| stored.signed.peek_unverified().ok());
    contact.door = contact.door.or_else(|| said.map(|said| said.door));
    if !contact.is_fellow && contact.told_door == 0 {
        contact.told_door = own.row.door_number;
    }
    contact.is_fellow = true;
    draft.write(&contact_key(account), &contact);
    Ok(())
}

/// Keeps a statement that somebody brought, until it can be checked. What is brought by
/// who is neither its author nor a member takes no other's place.
pub(super) fn claim(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    (sender, account): (AccountId, AccountId),
    signed: Signed<GroupAccept>,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let stored = kept::statement(draft, group, account)?;
    let is_member = |who| row.state().is_none_or(|state| state.member(who).is_some());
    let is_displacing = stored.is_some() && sender != account && !is_member(sender);
    let is_known = stored.is_some_and(|stored| stored.is_checked);
    if (is_known && row.has_joined(account)) || is_displacing {
        return Ok(());
    }
    if row.unproven.len() >= msg_protocol::limits::MAX_GROUP_MEMBERS {
        // The oldest of those who are in it by no commit so far.
        let place = row.unproven.iter().position(|one| !row.has_member(*one));
        let Some(place) = place else { return Ok(()) };
        let gone = row.unproven.remove(place);
        draft.remove(Table::Statements, &statement_key(group, gone));
    }
    let stored = StatementRow { signed, came: now, is_checked: false };
    draft.write(&statement_key(group, account), &stored);
    if !row.unproven.contains(&account) {
        row.unproven.push(account);
    }
    Ok(())
}

/// Checks the statements that can be: their author is in the group, since the commit
/// that they name. Admins let them and others know of each other later.
pub(super) fn prove<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    let mut news = Vec::new();
    for account in std::mem::take(&mut row.unproven) {
        let Some(mut stored) = kept::statement(draft, group, account)? else { continue };
        let Ok(said) = stored.signed.peek_unverified() else { continue };
        let added = kept::added(draft, group, row, account)?;
        let added = added.filter(|_| row.has_member(account));
        let Some((since, epoch)) = added else {
            row.unproven.push(account);
            continue;
        };
        let Some(held) = card(draft, own, account, &said.card)? else {
            row.unproven.push(account);
            continue;
        };
        if epoch != said.epoch || stored.signed.clone().verify_by_author(&held).is_err() {
            draft.remove(Table::Statements, &statement_key(group, account));
            continue;
        }
        stored.is_checked = true;
        draft.write(&statement_key(group, account), &stored);
        if !row.join(account) {
            continue;
        }
        news.push(News::Group(group));
        kept::save(draft, group, row);
        if row.standing == GroupStanding::Joined {
            befriend(draft, own, group, account)?;
            let is_before_us =
                row.is_early && stated(draft, own, group)?.is_some_and(|ours| epoch < ours);
            if is_before_us && !row.untold.contains(&account) {
                row.untold.push(account);
            }
            if row.guests.contains(&account) {
                // What was changed while they had not answered.
                let later = propose::history(draft, group, row, Some(since.signed.hash()))?;
                tell(draft, account, &later, now, rng)?;
            }
            let entrant = Entrant::new(account, since.came, stored.came);
            introduce::note(draft, own.id(), group, row, entrant)?;
            news.extend(notices::joined(draft, own, group, row, account, now)?);
            replay::pass_on(draft, own.id(), group, row, account, now, rng)?;
        }
    }
    Ok(news)
}
