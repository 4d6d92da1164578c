//! Groups of several accounts, in simulated time: honest members, and others.

mod attacks;
mod cards;
mod floods;
mod joining;
mod marks;
mod notices;
mod replay;

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

#[test]
fn members_hear_each_other_though_they_are_no_contacts() {
    let mut world = people(1);
    let group = group(&mut world, 3);
    let message = says(&mut world, 1, group, "hello all");
    world.settle();
    assert_eq!(world.read(0), ["hello all"]);
    assert_eq!(world.read(2), ["hello all"]);
    world.settle();
    assert_eq!(world.level(1, 0, message), Some(Level::Read));
    let by_carol = world.level(1, 2, message);
    assert_eq!(by_carol, Some(Level::Delivered), "who has read what is for contacts to know");
    let names: Vec<String> = contacts::all(&world.nodes[1].store)
        .unwrap()
        .into_iter()
        .map(|(_, row)| row.name)
        .collect();
    assert_eq!(names, ["alice"], "carol is in the group, and no contact");
    assert!(row(&world, 2, group).gaps.is_empty());
}

#[test]
fn nothing_is_sealed_to_whom_has_not_accepted() {
    let mut world = people(2);
    for other in 1..3 {
        connect(&mut world, 0, other);
    }
    let group = world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        create(draft, &own, "ops", now, rng).unwrap()
    });
    for other in 1..3 {
        let adds = adds(&world, other);
        change(&mut world, 0, group, adds);
    }
    world.settle();
    assert_eq!(
        row(&world, 1, group).standing,
        GroupStanding::Invited { by: id(&world, 0) },
        "a person is asked"
    );
    accepts(&mut world, 1, group);
    world.step(2, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        decline(draft, &own, group, now, rng).unwrap();
    });
    world.settle();
    says(&mut world, 0, group, "bob alone");
    world.settle();
    assert_eq!(world.read(1), ["bob alone"]);
    assert_eq!(world.read(2), Vec::<String>::new());
    assert!(state(&world, 0, group).member(id(&world, 2)).is_none());
}

pub(super) fn verifies(world: &mut World, who: usize, whom: AccountId) {
    world.step(who, |draft, _, _| {
        let mut contact = contacts::with(draft, whom).unwrap().unwrap();
        contact.trust = Trust::Verified;
        draft.write(&key(whom), &contact);
    });
}

#[test]
fn who_is_asked_by_a_verified_contact_joins_unasked() {
    let mut world = people(3);
    connect(&mut world, 0, 1);
    let alice = id(&world, 0);
    verifies(&mut world, 1, alice);
    let group = world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        create(draft, &own, "ops", now, rng).unwrap()
    });
    let bob = adds(&world, 1);
    change(&mut world, 0, group, bob);
    world.settle();
    assert_eq!(row(&world, 1, group).standing, GroupStanding::Joined);
    assert!(row(&world, 0, group).has_joined(id(&world, 1)), "and says so");
    // And to those of whom nothing was known but their statements.
    connect(&mut world, 0, 2);
    verifies(&mut world, 2, alice);
    let carol = adds(&world, 2);
    change(&mut world, 0, group, carol);
    world.settle();
    assert!(row(&world, 1, group).has_joined(id(&world, 2)), "to all");
    says(&mut world, 1, group, "here");
    world.settle();
    assert_eq!(world.read(0), ["here"]);
}

#[test]
fn the_owner_chooses_whose_groups_are_joined_unasked() {
    for (value, is_asked) in [("contacts", false), ("verified", true), ("none", true)] {
        let mut world = people(4);
        connect(&mut world, 0, 1);
        world.step(1, |draft, _, _| {
            let mut settings = settings::of(draft).unwrap();
            Setting::Groups.set(&mut settings, value).unwrap();
            draft.write(crate::rows::account::key::SETTINGS, &settings);
        });
        let group = world.step(0, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            create(draft, &own, "ops", now, rng).unwrap()
        });
        let adds = adds(&world, 1);
        change(&mut world, 0, group, adds);
        world.settle();
        let is_joined = row(&world, 1, group).standing == GroupStanding::Joined;
        assert_eq!(is_joined, !is_asked, "{value}");
    }
}

#[test]
fn two_admins_at_once_come_to_one_state_with_the_changes_of_both() {
    for seed in 10..16 {
        let mut world = people(seed);
        connect(&mut world, 1, 3);
        let group = group(&mut world, 3);
        let promote = PromoteMember { account: id(&world, 1) };
        change(&mut world, 0, group, promote.into());
        world.settle();
        let name = RenameGroup { name: Str::new("night".into()).unwrap() };
        change(&mut world, 0, group, name.into());
        let adds = adds(&world, 3);
        change(&mut world, 1, group, adds);
        world.settle();
        let states = [0, 1, 2].map(|who| state(&world, who, group));
        assert_eq!(states[0], states[1]);
        assert_eq!(states[0], states[2]);
        assert_eq!(&*states[0].name, "night");
        assert!(states[0].member(id(&world, 3)).is_some());
        accepts(&mut world, 3, group);
        world.settle();
        says(&mut world, 2, group, "all of you");
        world.settle();
        for who in [0, 1, 3] {
            assert_eq!(world.read(who), ["all of you"], "seed {seed}, {who}");
        }
        assert_eq!(row(&world, 2, group).name, "night");
    }
}

#[test]
fn a_member_removed_while_offline_neither_reads_nor_writes_a_later_message() {
    let mut world = people(20);
    let group = group(&mut world, 3);
    // Carol is away: what she writes has not left, what she is sent waits.
    let early = says(&mut world, 2, group, "from carol");
    let remove = RemoveMember { account: id(&world, 2) };
    change(&mut world, 0, group, remove.into());
    says(&mut world, 0, group, "not for carol");
    for _ in 0..3 {
        world.now.0 += 70;
        for who in [0, 1] {
            world.collect(who, false);
            world.deliver(who, 0);
        }
    }
    says(&mut world, 1, group, "nor this");
    // She sends before she knows.
    world.deliver(2, 0);
    world.settle();
    assert_eq!(world.read(2), Vec::<String>::new());
    assert_eq!(world.read(1), ["not for carol"]);
    assert_eq!(world.read(0), ["nor this"]);
    assert_eq!(row(&world, 2, group).standing, GroupStanding::Gone);
    assert_eq!(row(&world, 0, group).refused, [(id(&world, 2), 1)]);
    assert_ne!(world.level(2, 0, early), Some(Level::Read));
    let refused = world.step(2, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        say(draft, &own, group, message, text("still"), Confirm::Later, 0, now)
    });
    assert!(matches!(refused, Err(GroupError::NotJoined(_))));
}

/// Somebody writes to another as if to a group, whatever their own rows say.
fn forge(world: &mut World, who: usize, whom: usize, context: &GroupContext, what: &str) {
    let account = id(world, whom);
    world.step(who, |draft, now, rng| {
        let contact = contacts::with(draft, account).unwrap().unwrap();
        let post = outbox::Post {
            account,
            message: outbox::new_message_id(rng),
            sent_ms: 0,
            content: text(what),
            confirm: Confirm::Later,
            is_kept: false,
            group: Some(context.clone()),
        };
        outbox::post(draft, &contact, post, now).unwrap();
    });
}

fn context_of(world: &World, who: usize, group: GroupId) -> GroupContext {
    let state = state(world, who, group);
    GroupContext { group, epoch: state.epoch, state: state.hash(), seen: List::empty() }
}

#[test]
fn a_former_member_who_writes_on_is_refused_whatever_state_he_names() {
    let mut world = people(21);
    let group = group(&mut world, 3);
    let before = context_of(&world, 0, group);
    let remove = RemoveMember { account: id(&world, 1) };
    change(&mut world, 0, group, remove.into());
    world.settle();
    let after = context_of(&world, 0, group);
    let mut ahead = after.clone();
    ahead.epoch += 3;
    for context in [before, after, ahead] {
        forge(&mut world, 1, 0, &context, "I am still here");
    }
    world.settle();
    assert_eq!(world.read(0), Vec::<String>::new());
    assert_eq!(row(&world, 0, group).refused[0].0, id(&world, 1));
    // What names a state to come waits, and is refused in the end.
    world.now.0 += 8 * 86_400;
    let rename = RenameGroup { name: Str::new("later".into()).unwrap() };
    change(&mut world, 0, group, rename.into());
    world.settle();
    assert_eq!(world.read(0), Vec::<String>::new());
    assert_eq!(row(&world, 0, group).refused[0].1, 3);
}

#[test]
fn a_member_without_rights_changes_nothing() {
    let mut world = people(22);
    let group = group(&mut world, 3);
    let before = state(&world, 0, group);
    let removes: GroupChange = RemoveMember { account: id(&world, 0) }.into();
    let own_rights: GroupChange = PromoteMember { account: id(&world, 1) }.into();
    for change in [removes, own_rights] {
        let refused = try_change(&mut world, 1, group, change.clone());
        assert!(matches!(refused, Err(GroupError::NotAdmin(_))));
        // His own program is another than ours.
        let tip = row(&world, 1, group).tip.unwrap();
        for whom in [0, 2] {
            let account = id(&world, whom);
            world.step(1, |draft, now, rng| {
                let own = Own::load(draft).unwrap();
                let forged = propose::signed(&own, group, Some(&tip), vec![change.clone()]);
                let commits = List::new(vec![forged.unwrap().0]).unwrap();
                let operation = GroupOperation::Commits(commits);
                propose::tell(draft, account, &[operation], now, rng).unwrap();
            });
        }
    }
    world.settle();
    for who in [0, 2] {
        assert_eq!(state(&world, who, group), before);
    }
    says(&mut world, 2, group, "as ever");
    world.settle();
    assert_eq!(world.read(0), ["as ever"]);
}

#[test]
fn a_stranger_who_knows_all_about_a_group_puts_nothing_into_it() {
    let mut world = people(23);
    let group = group(&mut world, 3);
    let context = context_of(&world, 0, group);
    connect(&mut world, 0, 3);
    forge(&mut world, 3, 0, &context, "trust me");
    world.settle();
    assert_eq!(world.read(0), Vec::<String>::new());
    assert_eq!(row(&world, 0, group).refused, [(id(&world, 3), 1)]);
}

#[test]
fn a_relay_that_loses_a_commit_makes_nobody_show_what_they_cannot_judge() {
    let mut world = people(24);
    let group = group(&mut world, 3);
    // What tells bob of another name is lost, and what carol then says is not.
    let rename = RenameGroup { name: Str::new("day".into()).unwrap() };
    change(&mut world, 0, group, rename.into());
    world.deliver(0, 0);
    world.lose_mail_of(1);
    world.collect(2, false);
    says(&mut world, 2, group, "in the day");
    world.deliver(2, 0);
    world.deliver(2, 0);
    world.collect(1, false);
    assert_eq!(&*state(&world, 1, group).name, "ops");
    assert_eq!(world.read(1), Vec::<String>::new(), "held until bob has what carol has");
    world.settle();
    assert_eq!(&*state(&world, 1, group).name, "day");
    assert_eq!(world.read(1), ["in the day"]);
}

#[test]
fn a_gap_is_seen_and_closed() {
    let mut world = people(25);
    let group = group(&mut world, 3);
    for number in 0..5 {
        says(&mut world, 0, group, &format!("{number}"));
        world.settle();
    }
    says(&mut world, 0, group, "lost on the way to bob");
    world.deliver(0, 0);
    world.lose_mail_of(1);
    world.collect(2, false);
    says(&mut world, 2, group, "an answer");
    world.deliver(2, 0);
    world.deliver(2, 0);
    world.collect(1, false);
    assert_eq!(row(&world, 1, group).gaps.len(), 1);
    // It is said again a day later, because bob has not confirmed it.
    world.now.0 += 2 * 86_400;
    world.settle();
    assert!(row(&world, 1, group).gaps.is_empty());
    assert_eq!(world.read(1).len(), 7);
}

#[test]
fn an_admin_goes_only_if_another_is_left() {
    let mut world = people(26);
    let group = group(&mut world, 2);
    let leave = |world: &mut World, who: usize| {
        world.step(who, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            decline(draft, &own, group, now, rng)
        })
    };
    assert!(matches!(leave(&mut world, 0), Err(GroupError::LastAdmin(_))));
    let promote = PromoteMember { account: id(&world, 1) };
    change(&mut world, 0, group, promote.into());
    world.settle();
    leave(&mut world, 0).unwrap();
    world.settle();
    let left = state(&world, 1, group);
    assert_eq!(left.members.len(), 1);
    assert_eq!(left.members[0].role, Role::Admin);
    let demote = DemoteAdmin { account: id(&world, 0) };
    assert!(try_change(&mut world, 1, group, demote.into()).is_err(), "nobody is called that");
}
