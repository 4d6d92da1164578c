//! A store that is an older copy of itself, and sessions that one side has lost.

use msg_protocol::content::Content;

use super::friends;
use crate::engine::{account, contacts, inbox, laboratory::World, outbox};

/// Resets that wait in Alice's outbox.
fn resets(world: &World) -> usize {
    let rows = outbox::all(&world.nodes[0].store).unwrap();
    rows.iter().filter(|(_, row)| matches!(row.content, Content::SessionReset(_))).count()
}

#[test]
fn a_store_set_back_changes_its_door_and_says_so_once() {
    let mut world = friends(60);
    let door = |world: &World| account::row(&world.nodes[0].store).unwrap().door.clone();
    let before = door(&world);
    for _ in 0..2 {
        world.step(0, |draft, now, rng| inbox::set_back(draft, 9, now, rng).unwrap());
    }
    assert_eq!(resets(&world), 1);
    let after = door(&world);
    assert_ne!(after, before);
    let row = account::row(&world.nodes[0].store).unwrap();
    let at_relay = account::relay(&world.nodes[0].store).unwrap().door;
    assert_ne!(row.door_number, at_relay, "the relay is told");
    world.settle();
    let alice = world.nodes[0].id;
    let known = contacts::with(&world.nodes[1].store, alice).unwrap().unwrap().door;
    assert_eq!(known, Some(after));
}

#[test]
fn a_counter_at_its_end_stays_there() {
    let mut world = friends(61);
    let counter = world.step(0, |draft, now, rng| {
        inbox::set_back(draft, u64::MAX, now, rng).unwrap();
        account::sign_in(draft).unwrap().counter
    });
    assert_eq!(counter, u64::MAX);
}

#[test]
fn a_reset_in_a_session_of_lesser_rank_ends_the_one_that_was_lost() {
    let mut world = friends(62);
    let (copy, then) = (world.nodes[0].store.clone(), world.now);
    // A session that is begun much later by the clock that Alice has then.
    world.now.0 = then.0 + 7_200;
    world.forget_sessions(0);
    world.post(0, 1, "later");
    world.settle();
    assert_eq!(world.read(1), ["later"]);
    world.settle();
    world.nodes[0].store = copy;
    world.now.0 = then.0 + 60;
    world.post(0, 1, "from the copy");
    world.settle();
    assert_eq!(world.read(1), ["from the copy"]);
    world.post(1, 0, "to the copy");
    world.settle();
    assert!(world.read(0).contains(&"to the copy".to_owned()));
}

#[test]
fn one_reset_is_said_for_all_that_was_lost() {
    let mut world = friends(63);
    for number in 0..2_100 {
        world.post(1, 0, &number.to_string());
        if number % 100 == 0 {
            world.deliver(1, 0);
        }
    }
    world.deliver(1, 0);
    world.lose_mail();
    for number in 0..5 {
        world.post(1, 0, &format!("after {number}"));
    }
    world.deliver(1, 0);
    world.collect(0, false);
    assert_eq!(resets(&world), 1);
}
