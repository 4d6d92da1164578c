//! Groups: what their members agree on, who has joined, and what waits.

use msg_protocol::{
    content::Confirm,
    group::{GroupAccept, GroupCommit, GroupCommitHash, GroupState, GroupStateHash},
    id::{AccountId, GroupId, MessageId},
    signed::Signed,
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// Messages that may wait for cards of members, each as often as there are of those.
const MAX_UNSENT: usize = 16_384;

/// A state, and the commit that the next one names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// The last commit; of several that apply together the one of the highest hash.
    pub commit: GroupCommitHash,
    /// The state after it.
    pub state: GroupState,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// What it is called here, without its sign; no other group has that name.
    pub name: String,
    /// How we stand in it.
    pub standing: GroupStanding,
    /// What nothing can change any more; none before the first commit was checked.
    pub base: Option<Tip>,
    /// What it is now.
    pub tip: Option<Tip>,
    /// Commits up to the base, in order.
    pub settled: Vec<GroupCommitHash>,
    /// Commits since then whose author has been checked.
    pub window: Vec<GroupCommitHash>,
    /// Commits whose author's card is not here yet.
    pub unchecked: Vec<GroupCommitHash>,
    /// States that it had of late, on whichever branch.
    pub states: Vec<GroupStateHash>,
    /// Who has joined, by a statement that is here.
    pub joined: Vec<AccountId>,
    /// Whose statements are here and cannot be checked yet.
    pub unproven: Vec<AccountId>,
    /// Whom we have asked in.
    pub guests: Vec<AccountId>,
    /// Who gets how many of the last messages once they have joined.
    pub promised: Vec<(AccountId, u32)>,
    /// Who has not been told that we have joined.
    pub untold: Vec<AccountId>,
    /// Whether we joined before all of the invitation was here: then we may still learn
    /// of people who were in it before us, and do not know that we are.
    pub is_early: bool,
    /// What is still to be said to whom, by the messages' numbers: their card is not
    /// here yet.
    pub unsent: Vec<(AccountId, Vec<u64>)>,
    /// Our own commits that are proposed again if a rival wins.
    pub proposed: Vec<GroupCommitHash>,
    /// Commits since the base that were told of, or need not be.
    pub noted: Vec<GroupCommitHash>,
    /// The latest messages in it.
    pub recent: Vec<MessageId>,
    /// Messages whose writers had seen one that has not come: both ids.
    pub gaps: Vec<(MessageId, MessageId)>,
    /// Who wrote without being in it, or without the right to, and how often.
    pub refused: Vec<(AccountId, u32)>,
    /// Commits that came too late to count.
    pub late: u32,
    /// When a member was last asked for what is missing.
    pub asked: UnixSeconds,
    /// When members' cards were last looked for.
    pub looked: UnixSeconds,
}

/// How we stand in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupStanding {
    /// Somebody wants us in it.
    Invited {
        /// Who.
        by: AccountId,
    },
    /// We are in it.
    Joined,
    /// We have left, declined or been removed.
    Gone,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRow {
    /// As its author has signed it.
    pub signed: Signed<GroupCommit>,
    /// When it came.
    pub came: UnixSeconds,
}

/// A statement by which somebody has joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRow {
    /// As they have signed it.
    pub signed: Signed<GroupAccept>,
    /// When it came.
    pub came: UnixSeconds,
    /// Whether their device has been checked: their card was here.
    pub is_checked: bool,
}

/// Who has joined, so that an admin can let them know of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntrantsRow {
    /// In the order in which they came.
    pub entered: Vec<Entrant>,
}

/// Somebody who has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrant {
    /// Who.
    pub account: AccountId,
    /// When the commit came that asked them in.
    pub asked: UnixSeconds,
    /// When their statement came.
    pub came: UnixSeconds,
    /// How many of the others they have been told of, from the first on.
    pub told: usize,
}

impl Entrant {
    /// One who has been told of nobody.
    pub const fn new(account: AccountId, asked: UnixSeconds, came: UnixSeconds) -> Self {
        Self { account, asked, came, told: 0 }
    }

    /// Whether the other was not in the group yet when this one was asked, nor this
    /// one when the other was.
    pub fn is_unaware_of(&self, other: &Self) -> bool {
        self.account != other.account && self.came >= other.asked && other.came >= self.asked
    }
}

/// A message that waits for commits, by its number or that of its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRow {
    /// In which group.
    pub group: GroupId,
    /// Whose it is.
    pub sender: AccountId,
    /// Its id; lines have others beside it.
    pub message: MessageId,
    /// The number of its last line, or its own.
    pub last: u64,
    /// Which confirmation is asked for.
    pub confirm: Confirm,
    /// The sender's epoch.
    pub epoch: u32,
    /// The sender's state.
    pub state: GroupStateHash,
    /// When it came.
    pub came: UnixSeconds,
}

impl GroupRow {
    /// A group of which nothing is known yet.
    pub fn new(name: String, standing: GroupStanding) -> Self {
        Self {
            name,
            standing,
            base: None,
            tip: None,
            settled: Vec::new(),
            window: Vec::new(),
            unchecked: Vec::new(),
            states: Vec::new(),
            joined: Vec::new(),
            unproven: Vec::new(),
            guests: Vec::new(),
            promised: Vec::new(),
            untold: Vec::new(),
            is_early: false,
            unsent: Vec::new(),
            proposed: Vec::new(),
            noted: Vec::new(),
            recent: Vec::new(),
            gaps: Vec::new(),
            refused: Vec::new(),
            late: 0,
            asked: UnixSeconds(0),
            looked: UnixSeconds(0),
        }
    }

    /// Its state, once that is known.
    pub fn state(&self) -> Option<&GroupState> {
        self.tip.as_ref().map(|tip| &tip.state)
    }

    /// Whether somebody is in it, or asked in.
    pub fn has_member(&self, account: AccountId) -> bool {
        self.state().is_some_and(|state| state.member(account).is_some())
    }

    /// Whether somebody is in it and has said so.
    pub fn has_joined(&self, account: AccountId) -> bool {
        self.joined.binary_search(&account).is_ok()
    }

    /// A message cannot be said to somebody yet. Of more than may wait, the oldest of
    /// whoever has most to hear is given up: whose that is, and its number.
    pub fn put_off(&mut self, account: AccountId, number: u64) -> Option<(AccountId, u64)> {
        match self.unsent.iter_mut().find(|(whom, _)| *whom == account) {
            Some((_, numbers)) => numbers.push(number),
            None => self.unsent.push((account, vec![number])),
        }
        let count: usize = self.unsent.iter().map(|(_, numbers)| numbers.len()).sum();
        let most = self.unsent.iter_mut().max_by_key(|(_, numbers)| numbers.len());
        let (whom, numbers) = most.filter(|_| count > MAX_UNSENT)?;
        Some((*whom, numbers.remove(0)))
    }

    /// What could not be said yet: to whom, and the number of each.
    pub fn take_unsent(&mut self) -> Vec<(AccountId, u64)> {
        let all = std::mem::take(&mut self.unsent).into_iter();
        all.flat_map(|(whom, numbers)| numbers.into_iter().map(move |number| (whom, number)))
            .collect()
    }

    /// Somebody has joined; gives whether that is news.
    pub fn join(&mut self, account: AccountId) -> bool {
        match self.joined.binary_search(&account) {
            Ok(_) => false,
            Err(place) => {
                self.joined.insert(place, account);
                true
            }
        }
    }
}

impl Row for GroupRow {
    const TABLE: Table = Table::Groups;
}

impl Row for CommitRow {
    const TABLE: Table = Table::Commits;
}

impl Row for StatementRow {
    const TABLE: Table = Table::Statements;
}

impl Row for EntrantsRow {
    const TABLE: Table = Table::Entrants;
}

impl Row for HeldRow {
    const TABLE: Table = Table::Held;
}

/// The key of a group.
pub fn key(group: GroupId) -> [u8; 16] {
    group.0
}

/// The key of a commit.
pub fn commit_key(group: GroupId, commit: GroupCommitHash) -> Vec<u8> {
    [group.0.as_slice(), &commit.0].concat()
}

/// The key of a statement.
pub fn statement_key(group: GroupId, account: AccountId) -> Vec<u8> {
    [group.0.as_slice(), &account.0].concat()
}
