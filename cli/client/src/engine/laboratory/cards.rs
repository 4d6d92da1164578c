//! What becomes of cards in the laboratory: others, later ones, two of one version.

use msg_crypto::identity::IdentitySecret;
use msg_protocol::{card::Card, signed::Signed};

use super::World;
use crate::{
    engine::{account::Own, cards, groups},
    rows::account::key,
};

impl World {
    /// Another identity takes somebody's name, as the relay tells it.
    pub(in crate::engine) fn replace_card(&mut self, whom: usize) {
        let name = self.nodes[whom].address.name.to_string();
        let mut card = self.relay.cards[&name].clone().verify_by_own_identity().unwrap();
        let mut unsigned = Card::clone(&card);
        let other = IdentitySecret::generate(&mut self.rng);
        unsigned.identity = other.public();
        card = other.sign(&unsigned).verify_by_own_identity().unwrap();
        self.relay.cards.insert(name, card.into_signed());
    }

    /// Somebody makes the next version of their card.
    pub(in crate::engine) fn next_card(&mut self, whom: usize) {
        let mut own = Own::load(&self.nodes[whom].store).unwrap();
        let mut next = Card::clone(own.card());
        next.version += 1;
        next.previous = own.card().hash();
        own.row.cards.push(own.identity.sign(&next));
        let card = own.row.cards.last().cloned().unwrap();
        self.relay.cards.insert(own.row.address.name.to_string(), card);
        self.step(whom, |draft, _, _| draft.write(key::ACCOUNT, &own.row));
    }

    /// Somebody's own device has another card of the newest version.
    pub(in crate::engine) fn fork_card(&mut self, whom: usize) {
        let mut own = Own::load(&self.nodes[whom].store).unwrap();
        let mut other = Card::clone(own.card());
        other.created.0 += 1;
        own.row.cards.pop();
        own.row.cards.push(own.identity.sign(&other));
        self.step(whom, |draft, _, _| draft.write(key::ACCOUNT, &own.row));
    }

    /// One is shown all cards of another.
    pub(in crate::engine) fn shows_cards(&mut self, who: usize, whom: usize) {
        let theirs = Own::load(&self.nodes[whom].store).unwrap();
        let (account, all) = (theirs.id(), theirs.row.cards.clone());
        self.step(who, |draft, now, rng| {
            cards::shown(draft, account, all, now).unwrap();
            let own = Own::load(draft).unwrap();
            groups::recheck(draft, &own, now, rng).unwrap();
        });
    }

    /// What the relay shows of somebody.
    pub(in crate::engine) fn card_of(&self, whom: usize) -> Signed<Card> {
        self.relay.cards[self.nodes[whom].address.name.as_str()].clone()
    }
}
