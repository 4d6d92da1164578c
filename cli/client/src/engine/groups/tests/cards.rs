//! Members whose cards have changed since they signed.

use super::*;

#[test]
fn what_was_signed_with_an_earlier_card_is_checked_with_that_card() {
    let mut world = people(80);
    let group = group(&mut world, 3);
    let promote = PromoteMember { account: id(&world, 1) };
    change(&mut world, 0, group, promote.into());
    world.settle();
    let rename = RenameGroup { name: Str::new("by bob".into()).unwrap() };
    change(&mut world, 1, group, rename.into());
    world.settle();
    // Bob's card changes twice; alice knows, and somebody new comes.
    for _ in 0..2 {
        world.next_card(1);
    }
    for who in [0, 2] {
        world.shows_cards(who, 1);
    }
    connect(&mut world, 0, 3);
    let adds = adds(&world, 3);
    change(&mut world, 0, group, adds);
    world.settle();
    accepts(&mut world, 3, group);
    world.settle();
    assert!(row(&world, 3, group).unchecked.is_empty());
    assert!(row(&world, 3, group).unproven.is_empty());
    for who in 1..4 {
        assert_eq!(state(&world, who, group), state(&world, 0, group), "{who}");
    }
    says(&mut world, 1, group, "still bob");
    world.settle();
    assert_eq!(world.read(3), ["still bob"]);
}

#[test]
fn what_names_a_card_that_its_author_never_had_waits_and_changes_nothing() {
    let mut world = people(81);
    let group = group(&mut world, 2);
    let before = state(&world, 1, group);
    let tip = row(&world, 0, group).tip.unwrap();
    let account = id(&world, 1);
    world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let rename = RenameGroup { name: Str::new("odd".into()).unwrap() };
        let (signed, _) = propose::signed(&own, group, Some(&tip), vec![rename.into()]).unwrap();
        let mut commit = signed.peek_unverified().unwrap();
        commit.card.hash.0 = [7; 32];
        let commits = List::new(vec![own.device.sign(&commit)]).unwrap();
        propose::tell(draft, account, &[GroupOperation::Commits(commits)], now, rng).unwrap();
    });
    world.settle();
    assert_eq!(state(&world, 1, group), before);
}
