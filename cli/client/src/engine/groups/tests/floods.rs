//! Somebody who sends more than anybody can keep: what the others said still comes.

use std::collections::BTreeSet;

use msg_protocol::{
    card::{CardHash, CardRef},
    content::Lines,
    group::{GroupCommit, GroupCommitHash, GroupStateHash},
    signed::Signed,
};

use super::*;
use crate::{
    engine::{
        groups::{hear, propose, to_meet},
        inbox,
    },
    rows::Tip,
};

/// Commits that lead nowhere; some in the name of people whom nobody knows, who are
/// said to live elsewhere.
fn junk(world: &mut World, who: usize, group: GroupId) -> Vec<Signed<GroupCommit>> {
    let tip = row(world, who, group).tip.unwrap();
    world.step(who, |draft, _, rng| {
        let own = Own::load(draft).unwrap();
        let mut some = Vec::new();
        for number in 0..64_u8 {
            let nowhere = GroupCommitHash([number ^ 0x80; 32]);
            let from = if number < 16 { tip.commit } else { nowhere };
            let tip = Tip { commit: from, state: tip.state.clone() };
            let (signed, _) =
                propose::signed(&own, group, Some(&tip), vec![rename(&format!("{number}"))])
                    .unwrap();
            if number < 32 {
                some.push(signed);
                continue;
            }
            let mut identity = [number; 32];
            rand_core::Rng::fill_bytes(rng, &mut identity);
            let identity = msg_protocol::key::IdentityKey(identity);
            let address = "somebody@elsewhere.example".parse().unwrap();
            let commit = GroupCommit {
                author: AccountId::of(&identity),
                card: CardRef { version: 1, hash: CardHash([0; 32]) },
                changes: List::new(vec![AddMember { identity, address, pin: None }.into()])
                    .unwrap(),
                ..signed.peek_unverified().unwrap()
            };
            some.push(own.device.sign(&commit));
        }
        some
    })
}

fn rename(name: &str) -> GroupChange {
    RenameGroup { name: Str::new(name.to_owned()).unwrap() }.into()
}

fn floods(world: &mut World, who: usize, whom: usize, group: GroupId) {
    for _ in 0..4 {
        let commits = junk(world, who, group);
        let account = id(world, whom);
        world.step(who, |draft, now, rng| {
            let operation = GroupOperation::Commits(List::new(commits).unwrap());
            propose::tell(draft, account, &[operation], now, rng).unwrap();
        });
        world.deliver(who, 0);
        world.collect(whom, false);
    }
}

#[test]
fn a_member_who_floods_another_with_commits_is_removed_all_the_same() {
    let mut world = people(70);
    let group = group(&mut world, 3);
    floods(&mut world, 2, 1, group);
    let remove = RemoveMember { account: id(&world, 2) };
    change(&mut world, 0, group, remove.into());
    world.deliver(0, 0);
    world.collect(1, false);
    assert!(state(&world, 1, group).member(id(&world, 2)).is_none());
    for _ in 0..2 {
        // That she is told what has come of it, and what of hers has come.
        world.deliver(1, 0);
        world.now.0 += 70;
    }
    let before = world.envelopes_to(2);
    says(&mut world, 1, group, "without her");
    world.deliver(1, 0);
    assert_eq!(world.envelopes_to(2), before);
    let kept = row(&world, 1, group);
    assert!(kept.window.len() + kept.unchecked.len() <= 128);
}

#[test]
fn nobody_is_looked_for_where_a_commit_that_does_not_count_says() {
    let mut world = people(71);
    let group = group(&mut world, 3);
    floods(&mut world, 2, 1, group);
    world.now.0 += 3_600;
    let sought = world.step(1, |draft, now, _| {
        let own = Own::load(draft).unwrap();
        to_meet(draft, &own, None, &[group], now).unwrap()
    });
    assert!(sought.is_empty(), "{sought:?}");
}

#[test]
fn a_former_member_who_floods_the_room_for_what_waits_leaves_room_for_members() {
    let mut world = people(72);
    let group = group(&mut world, 3);
    connect(&mut world, 1, 2);
    let remove = RemoveMember { account: id(&world, 2) };
    change(&mut world, 0, group, remove.into());
    world.settle();
    let (account, seen) = (id(&world, 1), List::empty());
    for _ in 0..3 {
        let lines = (0..512).map(|_| msg_protocol::content::Line {
            id: outbox::new_message_id(&mut world.rng),
            bytes: Bytes::new(b"x".to_vec()).unwrap(),
        });
        let content = Lines { lines: List::new(lines.collect()).unwrap(), expire_s: None };
        let state = GroupStateHash([9; 32]);
        let at = GroupContext { group, epoch: u32::MAX, state, seen: seen.clone() };
        world.step(2, |draft, now, rng| {
            let contact = contacts::with(draft, account).unwrap().unwrap();
            let post = outbox::Post {
                account,
                message: outbox::new_message_id(rng),
                sent_ms: 0,
                content: content.into(),
                confirm: Confirm::Never,
                is_kept: false,
                group: Some(at),
            };
            outbox::post(draft, &contact, post, now).unwrap();
        });
    }
    world.deliver(2, 0);
    world.collect(1, false);
    // What alice says comes before the commit that it belongs to.
    change(&mut world, 0, group, rename("day"));
    world.deliver(0, 0);
    let late = world.withhold_mail_of(1);
    says(&mut world, 0, group, "by day");
    world.deliver(0, 0);
    world.collect(1, false);
    world.give_back(late);
    world.settle();
    assert_eq!(world.read(1), ["by day"]);
    assert!(hear::waiting(&world.nodes[1].store).unwrap().len() <= 1_024);
}

#[test]
fn who_asks_again_and_again_for_what_is_missing_fills_no_outbox() {
    let mut world = people(73);
    let group = group(&mut world, 3);
    let account = id(&world, 0);
    for _ in 0..8 {
        world.step(2, |draft, now, rng| {
            let asks = GroupOperation::Request { group, after: GroupCommitHash::NONE };
            propose::tell(draft, account, &vec![asks; 64], now, rng).unwrap();
        });
        world.deliver(2, 0);
        world.collect(0, false);
    }
    let waiting = outbox::all(&world.nodes[0].store).unwrap();
    let waiting: BTreeSet<MessageId> = waiting.iter().map(|(_, row)| row.message).collect();
    assert!(waiting.len() <= 160, "{}", waiting.len());
}

/// A bug: a member who used the id of what another had said drew what was done to that
/// to words of their own.
#[test]
fn an_id_in_a_group_stays_with_whoever_had_it_first() {
    let mut world = people(74);
    let group = group(&mut world, 3);
    let message = says(&mut world, 0, group, "lunch?");
    world.settle();
    let first = inbox::number_in(&world.nodes[1].store, group, message).unwrap();
    world.step(2, |draft, now, _| {
        let own = Own::load(draft).unwrap();
        let content = text("shall I delete it all?");
        say(draft, &own, group, message, content, Confirm::Later, now.0 * 1_000, now).unwrap();
    });
    world.settle();
    assert_eq!(world.read(1).len(), 2);
    assert_eq!(inbox::number_in(&world.nodes[1].store, group, message).unwrap(), first);
}

#[test]
fn one_contact_cannot_take_the_room_for_everybodys_invitations() {
    let mut world = people(75);
    for other in [0, 2] {
        connect(&mut world, 1, other);
    }
    // What is over, and was nothing, takes none.
    world.step(1, |draft, _, _| {
        for number in 0..240_u8 {
            let gone = GroupRow::new(format!("gone-{number}"), GroupStanding::Gone);
            kept::save(draft, GroupId([number; 16]), &gone);
        }
    });
    for number in 0..40 {
        let group = invites(&mut world, 0, &[1]);
        let mut ours = row(&world, 0, group);
        ours.name = format!("crowd-{number}");
        world.step(0, |draft, _, _| kept::save(draft, group, &ours));
    }
    world.collect(1, false);
    let by_carol = invites(&mut world, 2, &[1]);
    world.collect(1, false);
    let all = kept::all(&world.nodes[1].store).unwrap();
    assert!(all.iter().any(|(group, _)| *group == by_carol));
    let asked = all.iter().filter(|(_, row)| row.standing != GroupStanding::Gone).count();
    assert_eq!(asked, 33, "32 of one contact");
}
