//! What waits or is refused: its sender is told that it is there once it is shown, and
//! not before.

use msg_protocol::{
    content::{Line, Lines},
    group::{GroupPolicy, SetPolicy, Writers},
};

use super::*;
use crate::engine::groups::hear;

fn lets_write(writers: Writers) -> GroupChange {
    SetPolicy { policy: GroupPolicy { writers, expire_s: None } }.into()
}

/// Bob gets nothing from alice, and what carol says names a state that he does not know.
fn bob_lacks_a_commit(seed: u64) -> (World, GroupId) {
    let mut world = people(seed);
    let group = group(&mut world, 3);
    let rename = RenameGroup { name: Str::new("day".into()).unwrap() };
    change(&mut world, 0, group, rename.into());
    world.deliver(0, 0);
    world.lose_mail_of(1);
    world.collect(2, false);
    (world, group)
}

/// What carol says comes to bob, and he tells nobody anything.
fn reaches_bob(world: &mut World) {
    for _ in 0..2 {
        world.deliver(2, 0);
        world.collect(1, false);
    }
}

fn waiting(world: &World) -> usize {
    hear::waiting(&world.nodes[1].store).unwrap().len()
}

/// A bug: what was refused was confirmed when it came the second time.
#[test]
fn what_a_policy_crossed_is_refused_without_being_called_delivered() {
    let mut world = people(90);
    let group = group(&mut world, 3);
    let (bob, carol) = (1, 2);
    let message = says(&mut world, carol, group, "too late");
    change(&mut world, 0, group, lets_write(Writers::Admins));
    world.deliver(0, 0);
    world.collect(bob, false);
    world.settle();
    for _ in 0..3 {
        world.now.0 += 2 * 86_400;
        world.settle();
    }
    assert_eq!(world.read(bob), Vec::<String>::new());
    assert_eq!(world.level(carol, bob, message), Some(Level::Relay));
    let refused = row(&world, bob, group).refused;
    assert_eq!(refused, [(id(&world, carol), 1)], "it is one message, however often it comes");
    // It is judged by the group as it is when it comes.
    change(&mut world, 0, group, lets_write(Writers::Members));
    world.settle();
    world.now.0 += 2 * 86_400;
    world.settle();
    assert_eq!(world.read(bob), ["too late"]);
    world.settle();
    assert_eq!(world.level(carol, bob, message), Some(Level::Delivered));
}

/// A bug: the 257th message that waited was dropped, and its sender told that it was there.
#[test]
fn what_finds_no_room_to_wait_comes_again_and_is_called_delivered_only_then() {
    let (mut world, group) = bob_lacks_a_commit(91);
    // The lines of one message take the room of one.
    let lines = (0..300).map(|number| Line {
        id: outbox::new_message_id(&mut world.rng),
        bytes: Bytes::new(format!("line {number}").into_bytes()).unwrap(),
    });
    let lines: Content =
        Lines { lines: List::new(lines.collect()).unwrap(), expire_s: None }.into();
    world.step(2, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        say(draft, &own, group, message, lines, Confirm::Later, 0, now).unwrap();
    });
    let said: Vec<MessageId> =
        (0..260).map(|number| says(&mut world, 2, group, &format!("text {number}"))).collect();
    reaches_bob(&mut world);
    assert_eq!(waiting(&world), 300 + 255);
    for _ in 0..2 {
        // No word of them leaves, however often they come.
        world.deliver(1, 0);
        world.collect(2, false);
        assert!(said.iter().all(|id| world.level(2, 1, *id) == Some(Level::Relay)));
        world.lose_mail_of(0);
        world.now.0 += 70;
    }
    world.settle();
    assert_eq!(world.read(1).len(), 300 + 255);
    assert!(said[..255].iter().all(|id| world.level(2, 1, *id) >= Some(Level::Delivered)));
    assert!(said[255..].iter().all(|id| world.level(2, 1, *id) == Some(Level::Relay)));
    world.now.0 += 2 * 86_400;
    world.settle();
    let late: Vec<String> = (255..260).map(|number| format!("text {number}")).collect();
    assert_eq!(world.read(1), late);
    assert!(said.iter().all(|id| world.level(2, 1, *id) >= Some(Level::Delivered)));
}

/// A bug: what waited was called delivered, and went after seven days.
#[test]
fn what_waited_in_vain_is_not_called_delivered_and_is_shown_when_it_can_be_judged() {
    let (mut world, group) = bob_lacks_a_commit(92);
    let message = says(&mut world, 2, group, "by day");
    for _ in 0..4 {
        reaches_bob(&mut world);
        assert_eq!(waiting(&world), 1);
        world.now.0 += 2 * 86_400;
    }
    world.collect(1, false);
    assert_eq!(waiting(&world), 0, "it has waited for long enough");
    world.now.0 += 70;
    world.settle();
    assert_eq!(world.read(1), ["by day"]);
    world.settle();
    assert_eq!(world.level(2, 1, message), Some(Level::Delivered));
    assert!(row(&world, 1, group).refused.is_empty(), "she may write there");
}
