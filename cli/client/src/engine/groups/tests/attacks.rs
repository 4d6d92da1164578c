//! A relay that drops, repeats, reorders and withholds; a former member; forged,
//! stale and repeated commits.

use msg_protocol::{
    group::{GroupAccept, GroupCommit, GroupCommitHash},
    limits::MAX_GROUP_EPOCHS,
    signed::Signed,
};

use super::*;

/// All commits that somebody has of a group, as they were signed.
fn commits(world: &World, who: usize, group: GroupId) -> Vec<Signed<GroupCommit>> {
    let store = &world.nodes[who].store;
    let hashes: Vec<GroupCommitHash> = kept::chain(&row(world, who, group)).collect();
    hashes.iter().map(|hash| kept::commit(store, group, *hash).unwrap().unwrap().signed).collect()
}

pub(super) fn sends(world: &mut World, who: usize, whom: usize, commits: Vec<Signed<GroupCommit>>) {
    let account = id(world, whom);
    world.step(who, |draft, now, rng| {
        let operation = GroupOperation::Commits(List::new(commits).unwrap());
        propose::tell(draft, account, &[operation], now, rng).unwrap();
    });
}

#[test]
fn a_relay_that_repeats_and_reorders_shows_nothing_twice_and_changes_nothing() {
    for seed in 50..53 {
        let mut world = people(seed);
        let group = group(&mut world, 3);
        let rename = RenameGroup { name: Str::new("day".into()).unwrap() };
        says(&mut world, 1, group, "before");
        change(&mut world, 0, group, rename.into());
        for number in 0..4 {
            says(&mut world, 0, group, &format!("{number}"));
            world.deliver(0, 0);
        }
        world.deliver(1, 0);
        let mut read = vec![Vec::new(); 3];
        for _ in 0..4 {
            for (who, read) in read.iter_mut().enumerate() {
                world.stir_mail_of(who);
                world.collect(who, false);
                world.deliver(who, 0);
                read.extend(world.read(who));
            }
            world.now.0 += 70;
        }
        for (who, read) in read.iter_mut().enumerate() {
            read.sort();
            assert_eq!(state(&world, who, group), state(&world, 0, group), "seed {seed}, {who}");
        }
        assert_eq!(read[0], ["before"], "seed {seed}");
        assert_eq!(read[1], ["0", "1", "2", "3"], "seed {seed}");
        assert_eq!(read[2], ["0", "1", "2", "3", "before"], "seed {seed}");
    }
}

#[test]
fn a_relay_that_shows_each_half_another_group_is_seen_through_when_they_speak() {
    let mut world = people(54);
    let group = group(&mut world, 4);
    let promote = PromoteMember { account: id(&world, 1) };
    change(&mut world, 0, group, promote.into());
    world.settle();
    // Alice and carol are shown one commit, bob and dan another.
    let mut held_back = Vec::new();
    for (who, with, others, name) in [(0, 2, [1, 3], "day"), (1, 3, [0, 2], "night")] {
        let rename = RenameGroup { name: Str::new(name.into()).unwrap() };
        change(&mut world, who, group, rename.into());
        world.deliver(who, 0);
        held_back.extend(others.map(|other| world.withhold_mail_of(other)));
        world.collect(with, false);
    }
    assert_ne!(state(&world, 2, group), state(&world, 3, group));
    says(&mut world, 2, group, "by day");
    says(&mut world, 3, group, "by night");
    for who in [2, 3] {
        world.deliver(who, 0);
    }
    for who in [2, 3] {
        world.collect(who, false);
        assert!(world.read(who).is_empty(), "what was said to another group is not shown");
    }
    for mail in held_back {
        world.give_back(mail);
    }
    world.settle();
    let states = [0, 1, 2, 3].map(|who| state(&world, who, group));
    assert!(states.iter().all(|one| *one == states[0]));
    assert_eq!(world.read(2), ["by night"]);
    assert_eq!(world.read(3), ["by day"]);
}

#[test]
fn commits_that_are_forged_stale_or_repeated_change_nothing() {
    let mut world = people(55);
    let group = group(&mut world, 3);
    let remove = RemoveMember { account: id(&world, 2) };
    let old = commits(&world, 1, group);
    change(&mut world, 0, group, remove.into());
    world.settle();
    let before = [0, 1].map(|who| state(&world, who, group));
    connect(&mut world, 1, 2);
    // A former member sends again what once let her in, and makes up more of it.
    sends(&mut world, 2, 1, old.clone());
    sends(&mut world, 2, 0, old);
    let tip = row(&world, 1, group).tip.unwrap();
    let alice = Own::load(&world.nodes[0].store).unwrap();
    let carol = adds(&world, 2);
    let forged = world.step(2, |draft, _, _| {
        let own = Own::load(draft).unwrap();
        let (signed, _) = propose::signed(&own, group, Some(&tip), vec![carol.clone()]).unwrap();
        let as_alice = GroupCommit {
            author: alice.id(),
            card: alice.card().reference(),
            device: alice.device_id(),
            ..signed.peek_unverified().unwrap()
        };
        vec![signed, own.device.sign(&as_alice)]
    });
    for whom in [0, 1] {
        sends(&mut world, 2, whom, forged.clone());
    }
    world.settle();
    assert_eq!([0, 1].map(|who| state(&world, who, group)), before);
    says(&mut world, 1, group, "as ever");
    world.settle();
    assert_eq!(world.read(0), ["as ever"]);
    assert!(world.read(2).is_empty());
}

/// A chain had an end for its own commits alone: an admin could let it grow in
/// everybody's store for ever.
#[test]
fn an_admin_who_commits_for_ever_comes_to_an_end_and_whoever_wants_to_go_does_not() {
    let mut world = people(57);
    let group = group(&mut world, 3);
    let mut tip = row(&world, 0, group).tip.unwrap();
    tip.state.epoch = MAX_GROUP_EPOCHS - 1;
    let goes = RemoveMember { account: id(&world, 0) };
    let rename = || RenameGroup { name: Str::new("more".into()).unwrap() };
    let signed = world.step(0, |draft, _, _| {
        let own = Own::load(draft).unwrap();
        let (last, _) = propose::signed(&own, group, Some(&tip), vec![rename().into()]).unwrap();
        tip.state.epoch = MAX_GROUP_EPOCHS;
        let (going, _) = propose::signed(&own, group, Some(&tip), vec![goes.into()]).unwrap();
        let beyond = GroupCommit { epoch: MAX_GROUP_EPOCHS + 1, ..last.peek_unverified().unwrap() };
        assert!(propose::signed(&own, group, Some(&tip), vec![rename().into()]).is_none());
        vec![last, going, own.device.sign(&beyond)]
    });
    sends(&mut world, 0, 1, signed.clone());
    world.settle();
    let is_kept = |signed: &Signed<GroupCommit>| {
        kept::commit(&world.nodes[1].store, group, signed.hash()).unwrap().is_some()
    };
    let kept: Vec<bool> = signed.iter().map(is_kept).collect();
    assert_eq!(kept, [true, true, false]);
}

/// A statement that waited for its author's card gave way to any other that named the
/// same author, whoever brought it.
#[test]
fn a_former_member_keeps_nobody_out_by_a_false_statement() {
    let mut world = people(58);
    let group = group(&mut world, 3);
    connect(&mut world, 1, 2);
    connect(&mut world, 0, 3);
    let remove = RemoveMember { account: id(&world, 2) };
    change(&mut world, 0, group, remove.into());
    let dan = adds(&world, 3);
    change(&mut world, 0, group, dan);
    world.settle();
    world.is_away = true;
    accepts(&mut world, 3, group);
    let (bob, dan) = (id(&world, 1), id(&world, 3));
    let truly = kept::statement(&world.nodes[3].store, group, dan).unwrap().unwrap().signed;
    let tells = |world: &mut World, who: usize, signed: Signed<GroupAccept>| {
        world.step(who, |draft, now, rng| {
            let operation = GroupOperation::Accepts(List::new(vec![signed]).unwrap());
            propose::tell(draft, bob, &[operation], now, rng).unwrap();
        });
        world.deliver(who, 0);
        world.collect(1, false);
    };
    tells(&mut world, 0, truly.clone());
    assert!(row(&world, 1, group).unproven.contains(&dan), "his card is not here yet");
    let forged = world.step(2, |draft, _, _| {
        let carol = Own::load(draft).unwrap();
        carol.device.sign(&truly.peek_unverified().unwrap())
    });
    tells(&mut world, 2, forged);
    world.is_away = false;
    world.meet(1, Some(group), &[]);
    assert!(row(&world, 1, group).has_joined(dan));
}

#[test]
fn nothing_is_sealed_to_whom_was_removed() {
    let mut world = people(56);
    let group = group(&mut world, 3);
    says(&mut world, 0, group, "still with carol");
    let remove = RemoveMember { account: id(&world, 2) };
    change(&mut world, 0, group, remove.into());
    world.settle();
    world.lose_mail_of(2);
    let envelopes = world.envelopes_to(2);
    for who in [0, 1] {
        says(&mut world, who, group, "without her");
        for _ in 0..3 {
            for other in [0, 1] {
                world.collect(other, false);
                world.deliver(other, 0);
            }
            world.now.0 += 86_400;
        }
    }
    assert_eq!(world.envelopes_to(2), envelopes, "not even sealed: she may run another program");
}

/// Random schedules: everybody acts on what they happen to have seen, and mail comes
/// late, twice, in another order, or a day later because it was lost.
#[test]
fn members_agree_on_the_log_after_any_order_of_arrival() {
    for seed in 60..64 {
        let mut world = people(seed);
        let group = group(&mut world, 4);
        for admin in [1, 2] {
            let promote = PromoteMember { account: id(&world, admin) };
            change(&mut world, 0, group, promote.into());
            world.settle();
        }
        let mut said = Vec::new();
        for turn in 0..14 {
            let who = world.draw(4);
            match world.draw(4) {
                0 => {
                    let name = RenameGroup { name: Str::new(format!("name-{turn}")).unwrap() };
                    // Who is no admin any more, or was never one, may not.
                    drop(try_change(&mut world, who, group, name.into()));
                }
                1 => {
                    let whom = 1 + world.draw(2);
                    let account = id(&world, whom);
                    let is_admin = state(&world, who, group)
                        .member(account)
                        .is_some_and(|member| member.role == Role::Admin);
                    let role = if is_admin {
                        DemoteAdmin { account }.into()
                    } else {
                        PromoteMember { account }.into()
                    };
                    drop(try_change(&mut world, who, group, role));
                }
                _ => {
                    let text = format!("{turn} by {who}");
                    says(&mut world, who, group, &text);
                    said.push((who, text));
                }
            }
            let other = world.draw(4);
            world.deliver(who, 1);
            match world.draw(4) {
                0 => world.lose_mail_of(other),
                1 => world.stir_mail_of(other),
                _ => {}
            }
            world.collect(other, false);
            world.now.0 += 70;
        }
        world.settle();
        // What was lost is said again after a day.
        world.now.0 += 2 * 86_400;
        world.settle();
        let first = row(&world, 0, group);
        for who in 0..4 {
            let decided = row(&world, who, group);
            assert_eq!(decided.tip, first.tip, "seed {seed}, {who}");
            let mut expected: Vec<String> =
                said.iter().filter(|(by, _)| *by != who).map(|(_, text)| text.clone()).collect();
            expected.sort();
            let mut read = world.read(who);
            read.sort();
            assert_eq!(read, expected, "seed {seed}, {who}");
            assert!(row(&world, who, group).gaps.is_empty(), "seed {seed}, {who}");
        }
    }
}
