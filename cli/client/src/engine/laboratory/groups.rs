//! What groups need of the laboratory.

use msg_protocol::id::GroupId;

use super::World;
use crate::{
    engine::{account::Own, groups, inbox::News},
    rows::Place,
};

impl World {
    /// One looks for whoever has joined a group that has changed.
    pub(super) fn meet_new(&mut self, who: usize, news: &[News]) {
        let changed = |item: &News| if let News::Group(id) = item { Some(*id) } else { None };
        let changed: Vec<GroupId> = news.iter().filter_map(changed).collect();
        self.meet(who, None, &changed);
    }

    /// One looks for members of groups whose cards are not here.
    pub(in crate::engine) fn meet(
        &mut self,
        who: usize,
        at_once: Option<GroupId>,
        fresh: &[GroupId],
    ) {
        let sought = self.step(who, |draft, now, _| {
            let own = Own::load(draft).unwrap();
            groups::to_meet(draft, &own, at_once, fresh, now).unwrap()
        });
        let card = |place: &Place| self.relay.cards[place.address.name.as_str()].clone();
        let found = sought.into_iter().map(|(account, place)| (account, card(&place), place));
        let found = found.map(|(account, card, place)| (account, place, card)).collect();
        self.step(who, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            groups::met(draft, &own, found, now, rng).unwrap();
        });
    }

    /// What waits for somebody at the relay is lost.
    pub(in crate::engine) fn lose_mail_of(&mut self, who: usize) {
        let mailbox = Own::load(&self.nodes[who].store).unwrap().mailbox();
        self.relay.rows.remove(&mailbox);
    }
}
