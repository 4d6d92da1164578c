//! Which commits make up a group: the same for everybody who has the same commits,
//! in whichever order they came. `protocol/SPEC.md`, "Rivals".
//!
//! ```text
//! settled … ── base ──┬── a ── b ── tip
//!                     └── a' (a rival: displaced, and its author proposes again)
//! ```
//!
//! What may still change is bounded: a commit is settled [`MAX_EPOCHS_BACK`] epochs
//! later, or [`MAX_DAYS_LATE`] days after it came. Absent: who signed what is
//! checked before a commit gets here.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use msg_protocol::{
    group::{GroupChange, GroupCommit, GroupCommitHash, GroupStateHash},
    id::AccountId,
    time::UnixSeconds,
};

use super::changes::{self, Invalid};
use crate::rows::Tip;

/// Epochs after which a rival comes too late.
pub const MAX_EPOCHS_BACK: usize = 16;
/// Days after which a rival comes too late.
pub const MAX_DAYS_LATE: u32 = 7;

/// A commit that its author has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its hash.
    pub hash: GroupCommitHash,
    /// What it says.
    pub commit: GroupCommit,
}

/// One epoch of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The commit; several if each of them takes the rights of another's author.
    pub commits: Vec<GroupCommitHash>,
    /// Where it leads.
    pub tip: Tip,
}

/// What a set of commits amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The chain from the base on.
    pub chain: Vec<Applied>,
    /// Its end.
    pub tip: Tip,
    /// Commits that could have been and are not: a rival was stronger.
    pub displaced: BTreeSet<GroupCommitHash>,
    /// Commits that may not be.
    pub refused: BTreeMap<GroupCommitHash, Invalid>,
    /// Commits whose predecessor is missing.
    pub waiting: BTreeSet<GroupCommitHash>,
}

/// Decides what the commits after `base` amount to.
pub fn decide(base: &Tip, links: &[Link]) -> Decided {
    let mut children: BTreeMap<GroupCommitHash, Vec<&Link>> = BTreeMap::new();
    for link in links {
        let siblings = children.entry(link.commit.previous).or_default();
        if !siblings.iter().any(|known| known.hash == link.hash) {
            siblings.push(link);
        }
    }
    let mut search = Search {
        children,
        valid: BTreeSet::new(),
        refused: BTreeMap::new(),
        walked: BTreeMap::new(),
    };
    let chain = search.best(base).chain();
    let on_chain: BTreeSet<_> =
        chain.iter().flat_map(|applied| applied.commits.iter().copied()).collect();
    let displaced: BTreeSet<_> = search.valid.difference(&on_chain).copied().collect();
    let mut refused = search.refused;
    refused.retain(|hash, _| !search.valid.contains(hash));
    let is_reached = |hash: &GroupCommitHash| {
        on_chain.contains(hash) || displaced.contains(hash) || refused.contains_key(hash)
    };
    let waiting = links.iter().map(|link| link.hash).filter(|hash| !is_reached(hash)).collect();
    let tip = chain.last().map_or_else(|| base.clone(), |applied| applied.tip.clone());
    Decided { chain, tip, displaced, refused, waiting }
}

/// How many epochs of a chain nothing can change any more.
pub fn settled(
    chain: &[Applied],
    came: impl Fn(GroupCommitHash) -> UnixSeconds,
    now: UnixSeconds,
) -> usize {
    let is_old = |applied: &Applied| {
        applied.commits.iter().all(|hash| now.is_days_after(came(*hash), MAX_DAYS_LATE))
    };
    let by_time = chain.iter().rposition(is_old).map_or(0, |last| last + 1);
    by_time.max(chain.len().saturating_sub(MAX_EPOCHS_BACK))
}

/// A walk over the commits from a base on.
struct Search<'l> {
    children: BTreeMap<GroupCommitHash, Vec<&'l Link>>,
    /// Commits that may follow their predecessor.
    valid: BTreeSet<GroupCommitHash>,
    refused: BTreeMap<GroupCommitHash, Invalid>,
    /// Where the walk was before: commits that apply together can lead to a state to
    /// which one of them leads alone, again and again.
    walked: BTreeMap<(GroupCommitHash, GroupStateHash), Rc<Branch>>,
}

/// A chain from somewhere on, and whose rights it takes.
#[derive(Default)]
struct Branch {
    first: Option<(Applied, Rc<Branch>)>,
    struck: BTreeSet<AccountId>,
}

impl Branch {
    fn chain(&self) -> Vec<Applied> {
        let mut chain = Vec::new();
        let mut at = self;
        while let Some((applied, next)) = &at.first {
            chain.push(applied.clone());
            at = next;
        }
        chain
    }
}

/// One of several commits on one predecessor.
struct Rival<'l> {
    link: &'l Link,
    tip: Tip,
    branch: Rc<Branch>,
}

impl<'l> Search<'l> {
    /// The chain that goes on from `tip`.
    fn best(&mut self, tip: &Tip) -> Rc<Branch> {
        let place = (tip.commit, tip.state.hash());
        if let Some(branch) = self.walked.get(&place) {
            return Rc::clone(branch);
        }
        let branch = self.walk(tip);
        self.walked.insert(place, Rc::clone(&branch));
        branch
    }

    fn walk(&mut self, tip: &Tip) -> Rc<Branch> {
        let mut rivals = Vec::new();
        for link in self.children.get(&tip.commit).cloned().unwrap_or_default() {
            match changes::follow(tip.commit, &tip.state, &link.commit) {
                Ok(state) => {
                    self.valid.insert(link.hash);
                    let tip = Tip { commit: link.hash, state };
                    let branch = self.best(&tip);
                    rivals.push(Rival { link, tip, branch });
                }
                Err(why) => {
                    self.refused.insert(link.hash, why);
                }
            }
        }
        rivals.sort_by_key(|rival| rival.link.hash);
        let together = strongest(&rivals);
        match together.as_slice() {
            [] => Rc::default(),
            [only] => rivals
                .into_iter()
                .nth(*only)
                .map(|rival| joined(&[rival.link], rival.tip, rival.branch))
                .unwrap_or_default(),
            several => {
                let links: Vec<&Link> =
                    several.iter().filter_map(|at| rivals.get(*at)).map(|one| one.link).collect();
                self.merged(tip, &links)
            }
        }
    }

    /// All of them apply, in the order of their hashes, as far as they can.
    fn merged(&mut self, before: &Tip, links: &[&'l Link]) -> Rc<Branch> {
        let next = changes::next(&before.state, before.state.group, before.commit);
        let (Some(mut state), Some(last)) = (next, links.last()) else { return Rc::default() };
        let commit = last.hash;
        for link in links {
            (state, _) = changes::still(state, &link.commit.changes);
        }
        let tip = Tip { commit, state };
        let branch = self.best(&tip);
        joined(links, tip, branch)
    }
}

fn joined(links: &[&Link], tip: Tip, next: Rc<Branch>) -> Rc<Branch> {
    let mut struck = next.struck.clone();
    for link in links {
        struck.extend(struck_by(link));
    }
    let commits = links.iter().map(|link| link.hash).collect();
    Rc::new(Branch { first: Some((Applied { commits, tip }, next)), struck })
}

/// Whose rights a commit takes.
fn struck_by(link: &Link) -> Vec<AccountId> {
    let account = |change: &GroupChange| match change {
        GroupChange::RemoveMember(remove) => Some(remove.account),
        GroupChange::DemoteAdmin(demote) => Some(demote.account),
        _ => None,
    };
    link.commit.changes.iter().filter_map(account).collect()
}

impl Rival<'_> {
    /// Takes the rights of the other's author by itself.
    fn strikes(&self, other: &Self) -> bool {
        changes::strikes(&self.link.commit.changes, other.link.commit.author)
    }

    /// Does so later on its branch.
    fn strikes_later(&self, other: &Self) -> bool {
        self.branch.struck.contains(&other.link.commit.author)
    }

    /// Wins over the other whatever the hashes are.
    fn outranks(&self, other: &Self) -> bool {
        match (self.strikes(other), other.strikes(self)) {
            (true, is_mutual) => !is_mutual,
            (false, true) => false,
            (false, false) => self.strikes_later(other) && !other.strikes_later(self),
        }
    }
}

/// Which of rivals, in the order of their hashes, make up the chain: the first of
/// those whom none outranks, with all that it strikes and that strike it.
fn strongest(rivals: &[Rival<'_>]) -> Vec<usize> {
    let is_free = |one: &Rival<'_>| !rivals.iter().any(|other| other.outranks(one));
    let is_any_free = rivals.iter().any(is_free);
    let may_win = |one: &Rival<'_>| !is_any_free || is_free(one);
    let Some(winner) = rivals.iter().position(may_win) else { return Vec::new() };
    let Some(first) = rivals.get(winner) else { return Vec::new() };
    let is_with = |(at, one): (usize, &Rival<'_>)| {
        let is_mutual = first.strikes(one) && one.strikes(first);
        (at == winner || (is_mutual && may_win(one))).then_some(at)
    };
    rivals.iter().enumerate().filter_map(is_with).collect()
}

#[cfg(test)]
mod tests;
