//! What groups need of the laboratory.

use msg_protocol::id::GroupId;

use super::World;
use crate::engine::{account::Own, groups};

impl World {
    /// One looks for members of groups whose cards are not here.
    pub(super) fn meet(&mut self, who: usize, at_once: Option<GroupId>, fresh: &[GroupId]) {
        let sought = self.step(who, |draft, now, _| {
            let own = Own::load(draft).unwrap();
            groups::to_meet(draft, &own, at_once, fresh, now).unwrap()
        });
        for (account, place) in sought {
            let card = self.relay.cards.get(place.address.name.as_str()).cloned().unwrap();
            self.step(who, |draft, now, rng| {
                let own = Own::load(draft).unwrap();
                groups::met(draft, &own, account, place, card, now, rng).unwrap();
            });
        }
    }

    /// What waits for somebody at the relay is lost.
    pub(super) fn lose_mail_of(&mut self, who: usize) {
        let mailbox = Own::load(&self.nodes[who].store).unwrap().mailbox();
        self.relay.rows.remove(&mailbox);
    }
}
