//! What has happened in a group, kept among its messages: who was asked in, joined,
//! left, was removed, and so on. Only what others did, since we joined.

use msg_protocol::{
    bounded::Bytes,
    content::{EncodeMessageError, Text},
    group::{GroupChange, GroupCommit, GroupMember, GroupState},
    hash::{hash_unlabelled, truncate},
    id::{AccountId, GroupId, MessageId},
    time::UnixSeconds,
};

use super::{
    chain::{Decided, Link},
    kept,
};
use crate::{
    engine::{EngineError, account::Own, contacts, inbox::News, numbers},
    rows::{ContactRow, Direction, GroupRow, Happened, MessageRow, Notice, UnreadRow},
    step::Draft,
    store::Rows,
};

/// Members up to whom it is told that somebody has joined.
const MAX_TOLD: usize = 50;

/// Somebody wants us in a group.
pub(super) fn invited(
    draft: &Draft<'_>,
    group: GroupId,
    by: AccountId,
    now: UnixSeconds,
) -> Result<News, EngineError> {
    let notice = Notice { what: Happened::Invited, whom: Vec::new(), name: None };
    keep(draft, group, by, notice, b"invited", now)
}

/// A member has joined.
pub(super) fn joined(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &GroupRow,
    account: AccountId,
    now: UnixSeconds,
) -> Result<Option<News>, EngineError> {
    let ours = kept::statement(draft, group, own.id())?;
    let theirs = kept::statement(draft, group, account)?;
    let is_later = match (ours, theirs) {
        (Some(ours), Some(theirs)) => theirs.came > ours.came,
        _ => false,
    };
    if !is_later || row.joined.len() > MAX_TOLD {
        return Ok(None);
    }
    let notice = Notice { what: Happened::Joined, whom: Vec::new(), name: None };
    keep(draft, group, account, notice, b"joined", now).map(Some)
}

/// Commits that count now and did not before.
pub(super) fn decided(
    draft: &Draft<'_>,
    own: &Own,
    group: GroupId,
    row: &mut GroupRow,
    (before, was_joined): (Option<&GroupState>, bool),
    decided: &Decided,
    now: UnixSeconds,
) -> Result<Vec<News>, EngineError> {
    let all: Vec<_> = decided.chain.iter().flat_map(|one| one.commits.iter().copied()).collect();
    let fresh: Vec<_> = all.iter().filter(|hash| !row.noted.contains(hash)).copied().collect();
    row.noted = all;
    let (Some(before), true, false) = (before, was_joined, fresh.is_empty()) else {
        return Ok(Vec::new());
    };
    let Some((_, since)) = kept::added(draft, group, row, own.id())? else {
        return Ok(Vec::new());
    };
    let mut news = Vec::new();
    for Link { hash, commit } in kept::links(draft, group, &fresh)? {
        if commit.author == own.id() || commit.epoch <= since {
            continue;
        }
        for notice in notices(draft, before, &commit)? {
            news.push(keep(draft, group, commit.author, notice, &hash.0, now)?);
        }
    }
    Ok(news)
}

/// What a commit does, change by change; those of one kind together.
fn notices(
    rows: &(impl Rows + ?Sized),
    before: &GroupState,
    commit: &GroupCommit,
) -> Result<Vec<Notice>, EngineError> {
    let mut found: Vec<Notice> = Vec::new();
    for change in &commit.changes {
        let (what, whom, name) = match change {
            GroupChange::AddMember(add) => {
                let account = AccountId::of(&add.identity);
                (Happened::Added, called(rows, account, Some(add.address.to_string()))?, None)
            }
            GroupChange::RemoveMember(gone) if gone.account == commit.author => {
                (Happened::Left, None, None)
            }
            GroupChange::RemoveMember(gone) => {
                (Happened::Removed, member(rows, before, gone.account)?, None)
            }
            GroupChange::PromoteMember(one) => {
                (Happened::Promoted, member(rows, before, one.account)?, None)
            }
            GroupChange::DemoteAdmin(one) => {
                (Happened::Demoted, member(rows, before, one.account)?, None)
            }
            GroupChange::RenameGroup(rename) => {
                (Happened::Renamed, None, Some(rename.name.to_string()))
            }
            GroupChange::SetPolicy(_) => (Happened::Policy, None, None),
            GroupChange::CreateGroup(_) | GroupChange::Unknown(_) => continue,
        };
        match found.last_mut() {
            Some(last) if last.what == what && whom.is_some() => last.whom.extend(whom),
            _ => found.push(Notice { what, whom: whom.into_iter().collect(), name }),
        }
    }
    Ok(found)
}

fn member(
    rows: &(impl Rows + ?Sized),
    before: &GroupState,
    account: AccountId,
) -> Result<Option<String>, EngineError> {
    let is_meant = |member: &&GroupMember| member.account() == account;
    let address = before.members.iter().find(is_meant).map(|member| member.address.to_string());
    called(rows, account, address)
}

/// A contact's name; everybody else's address.
fn called(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
    address: Option<String>,
) -> Result<Option<String>, EngineError> {
    let contact = contacts::with(rows, account)?.filter(ContactRow::is_accepted);
    let otherwise = || address.unwrap_or_else(|| account.to_string());
    Ok(Some(contact.map_or_else(otherwise, |row| row.name)))
}

fn keep(
    draft: &Draft<'_>,
    group: GroupId,
    by: AccountId,
    notice: Notice,
    part: &[u8],
    now: UnixSeconds,
) -> Result<News, EngineError> {
    let number = numbers::next_message(draft)?;
    let place = number.to_be_bytes();
    let nothing = Bytes::new(Vec::new()).map_err(EncodeMessageError::from)?;
    let row = MessageRow {
        id: MessageId(truncate(hash_unlabelled(&[b"notice", &group.0, part, &place]))),
        with: by,
        group: Some(group),
        direction: Direction::In { read: false, shown: false, doubtful: false },
        sent_ms: now.0.saturating_mul(1_000),
        stored: now,
        content: Text { bytes: nothing, reply_to: None, expire_s: None }.into(),
        notice: Some(notice),
    };
    draft.write(&place, &row);
    draft.write(&place, &UnreadRow { of: by, group: Some(group), knocks: false });
    Ok(News::Message(number))
}
