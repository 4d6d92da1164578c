//! Who is asked into a group, who joins it unasked, and what each of them hears.

use super::*;

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
