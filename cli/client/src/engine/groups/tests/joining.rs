//! Invitations and statements that cross, come late, or come apart.

use msg_protocol::group::{RemoveMember, RenameGroup};

use super::*;

/// The first asks the second into a group; the second joins, and the first does not
/// know it yet.
fn crossing(world: &mut World) -> GroupId {
    connect(world, 0, 1);
    let group = invites(world, 0, &[1]);
    world.collect(1, false);
    accepts(world, 1, group);
    group
}

#[test]
fn who_is_removed_before_they_are_known_to_have_joined_learns_that_they_are() {
    let mut world = people(61);
    let group = crossing(&mut world);
    let name = Str::new("others".to_owned()).unwrap();
    change(&mut world, 0, group, RenameGroup { name }.into());
    let account = id(&world, 1);
    change(&mut world, 0, group, RemoveMember { account }.into());
    world.settle();
    assert_eq!(row(&world, 1, group).standing, GroupStanding::Gone);
    assert_eq!(state(&world, 1, group), state(&world, 0, group));
}

#[test]
fn who_joins_before_all_of_the_invitation_is_here_is_known_to_everybody() {
    let mut world = people(62);
    let group = group(&mut world, 3);
    world.settle();
    connect(&mut world, 0, 3);
    let adds = adds(&world, 3);
    change(&mut world, 0, group, adds);
    world.deliver(0, 0);
    let (mailbox, mut rows) = world.withhold_mail_of(3);
    let statements = rows.split_off(1);
    assert!(!statements.is_empty(), "statements come apart from commits");
    world.give_back((mailbox, rows));
    world.collect(3, false);
    accepts(&mut world, 3, group);
    world.give_back((mailbox, statements));
    world.settle();
    let newcomer = id(&world, 3);
    for who in 0..3 {
        assert!(row(&world, who, group).has_joined(newcomer), "{who} does not know");
    }
}

#[test]
fn who_is_put_out_and_asked_in_again_at_once_is_asked_again_in_whichever_order_that_comes() {
    for is_turned in [false, true] {
        let mut world = people(63);
        let group = crossing(&mut world);
        world.settle();
        let account = id(&world, 1);
        change(&mut world, 0, group, RemoveMember { account }.into());
        let adds = adds(&world, 1);
        change(&mut world, 0, group, adds);
        world.deliver(0, 0);
        if is_turned {
            world.turn_mail_of(1);
        }
        world.collect(1, false);
        let standing = row(&world, 1, group).standing;
        assert_eq!(standing, GroupStanding::Invited { by: id(&world, 0) }, "{is_turned}");
        accepts(&mut world, 1, group);
        world.settle();
        assert!(row(&world, 0, group).has_joined(account), "{is_turned}");
    }
}
