//! What everybody knows of who is in the group, as of each moment: it is read from
//! their rows whenever these change.

use std::collections::BTreeMap;

use msg_client::{engine::groups, store::memory::Memory};
use msg_protocol::id::AccountId;

use crate::ledger::Who;

/// What somebody knows of somebody else: whether they are in the group, and as of which
/// epoch. Several epochs may come at once, and be over when that is written.
#[derive(Debug, Clone, Copy)]
struct View {
    epoch: u32,
    is_member: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Views {
    people: Vec<AccountId>,
    views: BTreeMap<(Who, Who), View>,
}

impl Views {
    /// Who there is, by number.
    pub(crate) fn knows_people(&mut self, people: Vec<AccountId>) {
        self.people = people;
    }

    /// Somebody's rows have changed.
    pub(crate) fn looks(&mut self, who: Who, rows: &Memory) {
        let Some((_, row)) = groups::all(rows).unwrap().into_iter().next() else { return };
        let Some(state) = row.state() else { return };
        for (other, id) in self.people.iter().enumerate() {
            let is_member = state.member(*id).is_some();
            self.views.insert((who, other), View { epoch: state.epoch, is_member });
        }
    }

    /// Who knows that somebody is not in the group, and as of which epoch.
    pub(crate) fn outside(&self, of: Who) -> BTreeMap<Who, u32> {
        let gone = self.views.iter().filter(|((_, other), view)| *other == of && !view.is_member);
        gone.map(|((who, _), view)| (*who, view.epoch)).collect()
    }

    /// Whom somebody knows not to be in the group, and as of which epoch.
    pub(crate) fn left_out(&self, by: Who) -> BTreeMap<Who, u32> {
        let gone = self.views.iter().filter(|((who, _), view)| *who == by && !view.is_member);
        gone.map(|((_, other), view)| (*other, view.epoch)).collect()
    }

    /// Whether somebody has known since that epoch, which is still theirs, that somebody
    /// is not in the group.
    pub(crate) fn is_still(&self, who: Who, of: Who, since: u32) -> bool {
        self.views.get(&(who, of)).is_some_and(|view| !view.is_member && view.epoch == since)
    }
}
