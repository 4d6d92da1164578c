//! What is said in a group: shown if its writer is in it, held while commits are
//! missing, refused from everybody else.

use std::collections::BTreeSet;

use msg_protocol::{
    content::Content,
    group::{GroupContext, GroupStateHash, Role, Writers},
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
    },
    mutant::{self, Mutant},
    rows::{
        ContactRow, GroupRow, GroupStanding, HeldRow, MessageRow, Place, Read as _, Standing,
        UnreadRow, contact::key as contact_key,
    },
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Messages that wait for commits at a time.
const MAX_HELD: usize = 1_024;
/// Of those: one member's, or all of those who are in no group that they write to.
const MAX_HELD_OF_ONE: usize = 256;
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
        verdict = Verdict::Refuse;
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
        Verdict::Hold => came::ask(draft, group, &mut row, sender, now, rng)?,
        Verdict::Refuse => refused(&mut row, sender),
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
    Ok(like.count() < MAX_HELD_OF_ONE
        && (!is_strange || all.len() < MAX_HELD / 2)
        && all.len() < MAX_HELD)
}

fn judge(row: &GroupRow, sender: AccountId, epoch: u32, state: GroupStateHash) -> Verdict {
    let (Some(now), Some(base)) = (row.state(), &row.base) else { return Verdict::Hold };
    let may_write = now
        .member(sender)
        .is_some_and(|member| now.policy.writers == Writers::Members || member.role == Role::Admin);
    let is_known = row.states.contains(&state) || epoch < base.state.epoch;
    match (may_write, is_known) {
        (true, true) => Verdict::Show,
        (true, false) => Verdict::Hold,
        // A later commit may have let them in.
        (false, false) if epoch > now.epoch => Verdict::Hold,
        (false, _) => Verdict::Refuse,
    }
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

fn refused(row: &mut GroupRow, sender: AccountId) {
    if let Some((_, count)) = row.refused.iter_mut().find(|(account, _)| *account == sender) {
        *count = count.saturating_add(1);
    } else if row.refused.len() < MAX_NOTED {
        row.refused.push((sender, 1));
    }
}

/// Remembers for what a message waits.
pub fn hold(
    draft: &Draft<'_>,
    number: u64,
    sender: AccountId,
    context: &GroupContext,
    now: UnixSeconds,
) {
    let row = HeldRow {
        group: context.group,
        sender,
        epoch: context.epoch,
        state: context.state,
        came: now,
    };
    draft.write(&number.to_be_bytes(), &row);
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

/// Messages that are not shown yet, by number.
pub fn waiting(rows: &(impl Rows + ?Sized)) -> Result<BTreeSet<u64>, StoreError> {
    Ok(held(rows)?.into_iter().map(|(number, _)| number).collect())
}

/// Judges again what waits for commits of a group.
pub(super) fn release(
    draft: &Draft<'_>,
    group: GroupId,
    row: &mut GroupRow,
    now: UnixSeconds,
) -> Result<Vec<News>, EngineError> {
    let mut news = Vec::new();
    for (number, held) in held(draft)?.into_iter().filter(|(_, held)| held.group == group) {
        let key = number.to_be_bytes();
        let verdict = match judge(row, held.sender, held.epoch, held.state) {
            Verdict::Hold if !now.is_days_after(held.came, MAX_DAYS_LATE) => continue,
            Verdict::Hold => Verdict::Refuse,
            verdict => verdict,
        };
        draft.remove(Table::Held, &key);
        let Some(message) = draft.row::<MessageRow>(&key)? else { continue };
        if verdict == Verdict::Show {
            if !matches!(message.content, Content::Replay(_)) {
                said(row, message.id);
            }
            if !marks::is_mark(&message.content) || marked(draft, number, &message, now)? {
                let group = Some(group);
                draft.write(&key, &UnreadRow { of: held.sender, group, knocks: false });
                news.push(News::Message(number));
            }
        } else {
            refused(row, held.sender);
            news.push(News::Refused(held.sender));
            marks::remove(draft, number)?;
        }
    }
    Ok(news)
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
