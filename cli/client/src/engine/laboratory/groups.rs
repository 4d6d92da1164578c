//! What groups need of the laboratory.

use msg_protocol::{
    id::{AccountId, GroupId, MailboxId},
    response::Row,
};
use rand_core::Rng as _;

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
        if self.is_away {
            return;
        }
        let cards = |account: AccountId, place: &Place| {
            let newest = self.relay.cards[place.address.name.as_str()].clone();
            let theirs = self.nodes.iter().find(|node| node.id == account);
            let all = theirs.map(|node| Own::load(&node.store).unwrap().row.cards.clone());
            all.filter(|all| all.last() == Some(&newest)).unwrap_or_else(|| vec![newest])
        };
        let found = sought.into_iter().map(|(account, place)| {
            let cards = cards(account, &place);
            (account, place, cards)
        });
        let found = found.collect();
        self.step(who, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            groups::met(draft, &own, found, now, rng).unwrap();
        });
    }

    /// A number below another.
    pub(in crate::engine) fn draw(&mut self, below: usize) -> usize {
        usize::try_from(self.rng.next_u32()).unwrap() % below
    }

    /// What waits for somebody at the relay comes in another order, and with it some
    /// of what had come before.
    pub(in crate::engine) fn stir_mail_of(&mut self, who: usize) {
        let mailbox = self.mailbox(who);
        let Self { relay, rng, .. } = self;
        relay.stir(mailbox, |below| usize::try_from(rng.next_u32()).unwrap() % below);
    }

    /// What waits for somebody at the relay is held back.
    pub(in crate::engine) fn withhold_mail_of(&mut self, who: usize) -> (MailboxId, Vec<Row>) {
        let mailbox = self.mailbox(who);
        (mailbox, self.relay.rows.remove(&mailbox).unwrap_or_default())
    }

    /// And comes in the end.
    pub(in crate::engine) fn give_back(&mut self, (mailbox, rows): (MailboxId, Vec<Row>)) {
        self.relay.give_back(mailbox, rows);
    }

    /// Envelopes that were ever sealed to somebody.
    pub(in crate::engine) fn envelopes_to(&self, who: usize) -> usize {
        let mailbox = self.mailbox(who);
        self.relay.ids.values().filter(|envelope| envelope.mailbox == mailbox).count()
    }

    fn mailbox(&self, who: usize) -> MailboxId {
        Own::load(&self.nodes[who].store).unwrap().mailbox()
    }

    /// What waits for somebody at the relay comes in the opposite order.
    pub(in crate::engine) fn turn_mail_of(&mut self, who: usize) {
        let mailbox = Own::load(&self.nodes[who].store).unwrap().mailbox();
        let rows = self.relay.rows.get_mut(&mailbox).unwrap();
        let turned: Vec<_> = rows.iter().rev().map(|row| row.envelope.clone()).collect();
        for (row, envelope) in rows.iter_mut().zip(turned) {
            row.envelope = envelope;
        }
    }

    /// What waits for somebody at the relay is lost.
    pub(in crate::engine) fn lose_mail_of(&mut self, who: usize) {
        let mailbox = self.mailbox(who);
        self.relay.rows.remove(&mailbox);
    }
}
