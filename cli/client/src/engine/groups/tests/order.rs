//! What comes at once, late or not at all: one state in the end, and nothing shown before
//! it can be judged.

use super::*;

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
