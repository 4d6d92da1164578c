//! Many who join at once.

use msg_protocol::content::Content;

use crate::{
    engine::{
        groups::tests::{accepts, adds, change, connect, invites, row, says, verifies},
        inbox::News,
        laboratory::World,
        outbox,
    },
    rows::{EntrantsRow, Read as _, group::key},
};

const CROWD: usize = 12;

/// Operations of groups that wait in somebody's outbox.
fn operations(world: &World, who: usize) -> usize {
    let rows = outbox::all(&world.nodes[who].store).unwrap();
    rows.iter().filter(|(_, row)| matches!(row.content, Content::GroupOperation(_))).count()
}

#[test]
fn a_crowd_that_joins_at_once_is_introduced_in_a_few_messages() {
    let names: Vec<String> = (0..CROWD).map(|number| format!("member{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new(9, &names);
    for other in 1..CROWD {
        connect(&mut world, 0, other);
    }
    let others: Vec<usize> = (1..CROWD).collect();
    let group = invites(&mut world, 0, &others);
    for other in others {
        world.collect(other, false);
        accepts(&mut world, other, group);
        world.deliver(other, 0);
    }
    let invitations = operations(&world, 0);
    world.collect(0, false);
    world.deliver(0, 0);
    let told = operations(&world, 0) - invitations;
    assert!((1..=CROWD).contains(&told), "{told} messages for {CROWD} members");
    world.settle();
    let entrants: Option<EntrantsRow> = world.nodes[0].store.row(&key(group)).unwrap();
    assert_eq!(entrants, None, "all have been told, and nobody else was asked");

    says(&mut world, 1, group, "hello all");
    world.settle();
    for other in 2..CROWD {
        assert_eq!(world.read(other), ["hello all"], "member {other}");
    }
}

#[test]
fn a_member_who_is_heard_before_they_were_met_is_no_stranger() {
    let mut world = World::new(10, &["alice", "bob", "carol"]);
    for other in [1, 2] {
        connect(&mut world, 0, other);
    }
    let group = invites(&mut world, 0, &[1]);
    world.collect(1, false);
    accepts(&mut world, 1, group);
    world.deliver(1, 0);
    world.collect(0, false);
    let carol = adds(&world, 2);
    change(&mut world, 0, group, carol);
    world.deliver(0, 0);
    world.collect(1, false);
    world.collect(2, false);
    accepts(&mut world, 2, group);
    world.deliver(2, 0);
    let news = world.collect(1, false);
    let is_request = |item: &News| matches!(item, News::Request(_));
    assert!(!news.is_empty() && !news.iter().any(is_request), "{news:?}");
}

#[test]
fn an_invitation_that_comes_in_another_order_is_answered_all_the_same() {
    let mut world = World::new(11, &["alice", "bob"]);
    connect(&mut world, 0, 1);
    let [alice, bob] = [0, 1].map(|who| world.nodes[who].id);
    verifies(&mut world, 1, alice);
    let group = invites(&mut world, 0, &[1]);
    world.turn_mail_of(1);
    world.settle();
    assert!(row(&world, 0, group).has_joined(bob));
    assert!(row(&world, 1, group).has_joined(alice));
}
