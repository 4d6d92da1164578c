//! Groups of several accounts, in simulated time: honest members, and others.

mod attacks;
mod bounds;
mod cards;
mod floods;
mod held;
mod invitations;
mod joining;
mod kinds;
mod marks;
mod notices;
mod order;
mod replay;
mod rights;

use msg_protocol::{
    bounded::{Bytes, List, Str},
    content::{Confirm, Content, Text},
    group::{
        AddMember, DemoteAdmin, GroupChange, GroupContext, GroupOperation, GroupState,
        PromoteMember, RemoveMember, RenameGroup, Role,
    },
    id::{AccountId, GroupId, MessageId},
};

use super::{GroupError, accept, create, decline, kept, propose, say};
use crate::{
    engine::{
        account::Own,
        contacts,
        inbox::News,
        laboratory::World,
        outbox,
        settings::{self, Setting},
    },
    rows::{GroupRow, GroupStanding, Level, Trust, contact::key},
};

fn text(text: &str) -> Content {
    let bytes = Bytes::new(text.as_bytes().to_vec()).unwrap();
    Text { bytes, reply_to: None, expire_s: None }.into()
}

pub(super) fn connect(world: &mut World, one: usize, other: usize) {
    world.add(one, other);
    world.add(other, one);
    world.settle();
}

pub(super) fn adds(world: &World, who: usize) -> GroupChange {
    let own = Own::load(&world.nodes[who].store).unwrap();
    AddMember { identity: own.card().identity, address: own.row.address.clone(), pin: own.row.pin }
        .into()
}

pub(super) fn change(world: &mut World, who: usize, group: GroupId, change: GroupChange) {
    try_change(world, who, group, change).unwrap();
}

/// A group of one, who asks others in by one commit.
pub(super) fn invites(world: &mut World, who: usize, others: &[usize]) -> GroupId {
    let group = world.step(who, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        create(draft, &own, "#crowd", now, rng).unwrap()
    });
    let changes = others.iter().map(|other| adds(world, *other)).collect();
    world.step(who, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        propose(draft, &own, group, changes, now, rng).unwrap();
    });
    world.deliver(who, 0);
    group
}

fn try_change(
    world: &mut World,
    who: usize,
    group: GroupId,
    change: GroupChange,
) -> Result<Vec<News>, GroupError> {
    world.step(who, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        propose(draft, &own, group, vec![change], now, rng)
    })
}

pub(super) fn accepts(world: &mut World, who: usize, group: GroupId) {
    world.meet(who, Some(group), &[]);
    world.step(who, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        accept(draft, &own, group, now, rng).unwrap();
    });
    world.meet(who, Some(group), &[]);
}

pub(super) fn says(world: &mut World, who: usize, group: GroupId, what: &str) -> MessageId {
    let result = world.step(who, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        let sent_ms = now.0 * 1_000;
        say(draft, &own, group, message, text(what), Confirm::Later, sent_ms, now)
    });
    result.unwrap().message
}

pub(super) fn row(world: &World, who: usize, group: GroupId) -> GroupRow {
    kept::with(&world.nodes[who].store, group).unwrap().unwrap()
}

fn state(world: &World, who: usize, group: GroupId) -> GroupState {
    row(world, who, group).tip.unwrap().state
}

/// A group of people of whom only the first knows the others.
fn group(world: &mut World, people: usize) -> GroupId {
    for other in 1..people {
        connect(world, 0, other);
    }
    let group = world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        create(draft, &own, "#ops", now, rng).unwrap()
    });
    for other in 1..people {
        let adds = adds(world, other);
        change(world, 0, group, adds);
    }
    world.settle();
    for other in 1..people {
        accepts(world, other, group);
    }
    world.settle();
    group
}

fn people(seed: u64) -> World {
    World::new(seed, &["alice", "bob", "carol", "dan"])
}

fn id(world: &World, who: usize) -> AccountId {
    world.nodes[who].id
}

pub(super) fn verifies(world: &mut World, who: usize, whom: AccountId) {
    world.step(who, |draft, _, _| {
        let mut contact = contacts::with(draft, whom).unwrap().unwrap();
        contact.trust = Trust::Verified;
        draft.write(&key(whom), &contact);
    });
}

fn context_of(world: &World, who: usize, group: GroupId) -> GroupContext {
    let state = state(world, who, group);
    GroupContext { group, epoch: state.epoch, state: state.hash(), seen: List::empty() }
}
