//! What is said in a group: shown if its writer is in it, held while commits are
//! missing, refused from everybody else.

use std::collections::BTreeSet;

use msg_protocol::{
    content::Content,
    group::{GroupContext, GroupState, GroupStateHash, Role, Writers},
    id::{AccountId, GroupId, MessageId},
    limits::MAX_SEEN,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{came, chain::MAX_DAYS_LATE, kept};
use crate::{
    engine::{
        EngineError,
        inbox::News,
        marks::{self, Marked},
        receipts,
    },
    mutant::{self, Mutant},
    rows::{
        ContactRow, GroupRow, GroupStanding, HeldRow, KnownRow, MessageRow, Place, Read as _,
        Standing, UnreadRow,
        contact::key as contact_key,
        message::{known_in, known_key},
    },
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Messages that wait for commits at a time.
const MAX_HELD: usize = 1_024;
/// Of those: one member's; or, by lines, of all who are in no group that they write to.
const MAX_HELD_OF_ONE: u64 = 256;
/// Messages by which gaps are seen.
const MAX_RECENT: usize = 256;
/// Gaps, and people who were refused, that are remembered.
const MAX_NOTED: usize = 64;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the group's.
    Show,
    /// Commits are missing: its writer is asked for them.
    Hold,
    /// They are, and there is no room to wait: as if it had not come.
    Pass,
    /// Its writer is not in the group, or may not write.
    Refuse,
}

/// Judges a message of somebody; one without an id is nobody's latest.
pub fn hear<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    sender: AccountId,
    contact: &mut ContactRow,
    message: Option<MessageId>,
    context: &GroupContext,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Verdict, EngineError> {
    let group = context.group;
    let row = kept::with(draft, group)?.filter(|row| row.standing == GroupStanding::Joined);
    let Some(mut row) = row else { return Ok(Verdict::Refuse) };
    let mut verdict = judge(&row, sender, context.epoch, context.state);
    if verdict == Verdict::Hold && !has_room(draft, &row, group, sender)? {
        verdict = Verdict::Pass;
    }
    if mutant::is_planted(Mutant::ShowsUnjudged) {
        verdict = Verdict::Show;
    }
    settle_in(draft, &row, sender, contact);
    match verdict {
        Verdict::Show => {
            if let Some(message) = message {
                note(&mut row, message, context);
            }
        }
        Verdict::Hold | Verdict::Pass => came::ask(draft, group, &mut row, sender, now, rng)?,
        Verdict::Refuse => {}
    }
    if verdict == Verdict::Show && !row.has_joined(sender) {
        // They write, so they have joined: their statement is on its way, or is asked for.
        came::ask(draft, group, &mut row, sender, now, rng)?;
    }
    kept::save(draft, group, &row);
    Ok(verdict)
}

/// Whether one more message of somebody may wait: who is not in the group takes no
/// room from those who are.
fn has_room(
    draft: &Draft<'_>,
    row: &GroupRow,
    group: GroupId,
    sender: AccountId,
) -> Result<bool, EngineError> {
    let is_in = |account: AccountId| row.has_member(account);
    let all = held(draft)?;
    let is_strange = !is_in(sender);
    let like = all.iter().filter(|(_, held)| {
        held.sender == sender || (is_strange && held.group == group && !is_in(held.sender))
    });
    // Of a member's message the lines are one.
    let size = |(first, held): &(u64, HeldRow)| if is_strange { held.last - first + 1 } else { 1 };
    Ok(like.map(size).sum::<u64>() < MAX_HELD_OF_ONE
        && (!is_strange || all.len() < MAX_HELD / 2)
        && all.len() < MAX_HELD)
}

fn judge(row: &GroupRow, sender: AccountId, epoch: u32, state: GroupStateHash) -> Verdict {
    let (Some(now), Some(base)) = (row.state(), &row.base) else { return Verdict::Hold };
    let is_known = row.states.contains(&state) || epoch < base.state.epoch;
    match (may_write(now, sender), is_known) {
        (true, true) => Verdict::Show,
        (true, false) => Verdict::Hold,
        // A later commit may have let them in.
        (false, false) if epoch > now.epoch => Verdict::Hold,
        (false, _) => Verdict::Refuse,
    }
}

fn may_write(state: &GroupState, sender: AccountId) -> bool {
    let is_free = state.policy.writers == Writers::Members;
    state.member(sender).is_some_and(|member| is_free || member.role == Role::Admin)
}

/// A member whose card was not here, and who seemed to be a stranger, is none.
fn settle_in(draft: &Draft<'_>, row: &GroupRow, sender: AccountId, contact: &mut ContactRow) {
    let member = row.state().and_then(|state| state.member(sender));
    let Some(member) = member.filter(|_| contact.place.is_none()) else { return };
    if contact.standing == Standing::Request && contact.claim.is_none() {
        contact.standing = Standing::Removed;
        contact.name = member.address.to_string();
        contact.place = Some(Place { address: member.address.clone(), pin: member.pin });
        contact.is_fellow = true;
        draft.write(&contact_key(sender), contact);
    }
}

fn note(row: &mut GroupRow, message: MessageId, context: &GroupContext) {
    // Who has just come knows nothing of what was before.
    if row.recent.len() >= MAX_SEEN {
        for missing in context.seen.iter().filter(|seen| !row.recent.contains(seen)) {
            row.gaps.push((message, *missing));
        }
    }
    said(row, message);
}

/// A message is the group's latest.
pub(super) fn said(row: &mut GroupRow, message: MessageId) {
    row.gaps.retain(|(_, missing)| *missing != message);
    let more = row.gaps.len().saturating_sub(MAX_NOTED);
    row.gaps.drain(..more);
    row.recent.push(message);
    let more = row.recent.len().saturating_sub(MAX_RECENT);
    row.recent.drain(..more);
}

/// Remembers that a message was refused: it is not confirmed, and judged again if it
/// comes again. Gives whether that is news.
pub fn refuse(
    draft: &Draft<'_>,
    group: GroupId,
    sender: AccountId,
    message: MessageId,
    now: UnixSeconds,
) -> Result<bool, EngineError> {
    let is_new = draft.row::<KnownRow>(&known_key(sender, message))?.is_none();
    not_shown(draft, sender, message, now);
    if let Some(mut row) = kept::with(draft, group)?.filter(|_| is_new) {
        refused(&mut row, sender);
        kept::save(draft, group, &row);
    }
    Ok(is_new)
}

fn not_shown(draft: &Draft<'_>, sender: AccountId, message: MessageId, now: UnixSeconds) {
    let known = KnownRow { is_refused: true, ..KnownRow::new(None, now) };
    draft.write(&known_key(sender, message), &known);
}

fn refused(row: &mut GroupRow, sender: AccountId) {
    if let Some((_, count)) = row.refused.iter_mut().find(|(account, _)| *account == sender) {
        *count = count.saturating_add(1);
    } else if row.refused.len() < MAX_NOTED {
        row.refused.push((sender, 1));
    }
}

fn held(rows: &(impl Rows + ?Sized)) -> Result<Vec<(u64, HeldRow)>, StoreError> {
    let found = rows.all::<HeldRow>(&[])?;
    let mut found: Vec<_> = found
        .into_iter()
        .filter_map(|(key, row)| Some((u64::from_be_bytes(key.try_into().ok()?), row)))
        .collect();
    found.sort_by_key(|(number, _)| *number);
    Ok(found)
}

/// What is not shown yet, by number.
pub fn waiting(rows: &(impl Rows + ?Sized)) -> Result<BTreeSet<u64>, StoreError> {
    Ok(held(rows)?.into_iter().flat_map(|(first, held)| first..=held.last).collect())
}

/// Judges again what waits for commits of a group.
pub(super) fn release<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    let mut news = Vec::new();
    for (first, held) in held(draft)?.into_iter().filter(|(_, held)| held.group == group) {
        let verdict = judge(row, held.sender, held.epoch, held.state);
        if verdict == Verdict::Hold && !now.is_days_after(held.came, MAX_DAYS_LATE) {
            continue;
        }
        draft.remove(Table::Held, &first.to_be_bytes());
        if verdict == Verdict::Show {
            news.extend(show(draft, row, first, &held, now, rng)?);
        } else {
            discard(draft, first, &held, now)?;
            if !row.state().is_some_and(|state| may_write(state, held.sender)) {
                refused(row, held.sender);
                news.push(News::Refused(held.sender));
            }
        }
    }
    Ok(news)
}

/// What has waited is the group's, and is confirmed.
fn show<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    row: &mut GroupRow,
    first: u64,
    held: &HeldRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<News>, EngineError> {
    let (mut news, mut ids) = (Vec::new(), Vec::new());
    for number in first..=held.last {
        let key = number.to_be_bytes();
        let Some(message) = draft.row::<MessageRow>(&key)? else { continue };
        ids.push(message.id);
        if !matches!(message.content, Content::Replay(_)) {
            said(row, message.id);
        }
        if !marks::is_mark(&message.content) || marked(draft, number, &message, now)? {
            let unread = UnreadRow { of: held.sender, group: Some(held.group), knocks: false };
            draft.write(&key, &unread);
            news.push(News::Message(number));
        }
    }
    receipts::confirm(draft, held.sender, &ids, held.confirm, now, rng)?;
    Ok(news)
}

/// What has waited goes, and nothing of it stays but that it was refused.
fn discard(
    draft: &Draft<'_>,
    first: u64,
    held: &HeldRow,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    for number in first..=held.last {
        let message = draft.row::<MessageRow>(&number.to_be_bytes())?;
        let Some(MessageRow { id, .. }) = message else { continue };
        let place = known_in(held.group, id);
        let known = draft.row::<KnownRow>(&place)?;
        if known.is_some_and(|known| known.number == Some(number)) {
            draft.remove(Table::Known, &place);
        }
        marks::remove(draft, number)?;
        not_shown(draft, held.sender, id, now);
    }
    not_shown(draft, held.sender, held.message, now);
    Ok(())
}

/// Puts what somebody did to an earlier message to it, now that they may; whether its
/// owner is told.
fn marked(
    draft: &Draft<'_>,
    number: u64,
    message: &MessageRow,
    now: UnixSeconds,
) -> Result<bool, EngineError> {
    let content = &message.content;
    let found = marks::take(draft, message.with, message.group, content, now)?;
    if let Marked::Told(target) = found {
        marks::tells(draft, target, number, content)?;
        return Ok(true);
    }
    marks::remove(draft, number)?;
    Ok(false)
}
