//! What an account promises, whatever happens to it.

mod claims;
mod clocks;
mod marks;
mod presence;
mod reading;
mod setbacks;
mod trust;
mod versions;

use msg_protocol::{
    content::{Content, ReceiptLevel},
    id::MessageId,
};
use rand_core::Rng as _;

use super::{
    account::Own,
    cards::{self, Shown},
    contacts,
    laboratory::World,
    outbox,
    receipts::{self, Soon},
};
use crate::rows::{Level, OutboxState, Standing};

/// Two people who have added each other.
pub(super) fn friends(seed: u64) -> World {
    let mut world = World::new(seed, &["alice", "bob"]);
    world.add(0, 1);
    world.add(1, 0);
    world.settle();
    world
}

#[test]
fn what_is_sent_is_read_once_and_confirmed() {
    let mut world = friends(1);
    let first = world.post(0, 1, "one");
    let second = world.post(0, 1, "two");
    assert_eq!(world.level(0, 1, first), Some(Level::Queued));
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, second), Some(Level::Relay));
    world.collect(1, false);
    assert_eq!(world.read(1), ["one", "two"]);
    assert_eq!(world.read(1), [""; 0]);
    world.settle();
    assert_eq!(world.level(0, 1, first), Some(Level::Read));
    assert!(outbox::all(&world.nodes[0].store).unwrap().is_empty(), "nothing waits any more");
}

#[test]
fn a_stranger_waits_and_is_told_nothing_until_accepted() {
    let mut world = World::new(2, &["alice", "bob"]);
    world.add(0, 1);
    let message = world.post(0, 1, "hello");
    world.settle();
    assert_eq!(world.read(1), [""; 0]);
    assert_eq!(world.level(0, 1, message), Some(Level::Relay), "no receipt");
    let alice = world.nodes[0].id;
    let row = contacts::with(&world.nodes[1].store, alice).unwrap().unwrap();
    assert_eq!(row.standing, Standing::Request);
    world.step(1, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let mut row = contacts::with(draft, alice).unwrap().unwrap();
        contacts::accept(draft, &own, alice, &mut row, now, rng).unwrap();
    });
    assert_eq!(world.read(1), ["hello"]);
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Read));
}

#[test]
fn a_step_that_is_not_committed_leaves_nothing_and_repeats_nothing() {
    let mut world = friends(3);
    for number in 0..40 {
        world.post(0, 1, &number.to_string());
        // Killed after sealing and before the commit: nothing has left.
        world.killed(0, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            outbox::due(draft, &own, None, now, rng).unwrap()
        });
        world.deliver(0, 4);
        if number % 3 == 0 {
            world.collect(1, number % 2 == 0);
        }
        world.now.0 += 31;
    }
    world.settle();
    let expected: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let mut read = world.read(1);
    read.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(read, expected);
}

/// A bug: it ended every delivery, to everybody, for as long as it was kept.
#[test]
fn what_fits_no_envelope_keeps_nothing_else_back() {
    let mut world = friends(4);
    world.post(0, 1, "before");
    let long = world.post(0, 1, &"x".repeat(63_100));
    world.post(0, 1, "after");
    world.settle();
    assert_eq!(world.read(1), ["before", "after"]);
    assert_eq!(world.level(0, 1, long), Some(Level::Failed));
    world.settle();
    let [(_, row)] = outbox::all(&world.nodes[0].store).unwrap().try_into().unwrap();
    assert!(matches!(row.state, OutboxState::Failed(why) if why.contains("fits no envelope")));
}

#[test]
fn random_losses_lose_and_repeat_nothing() {
    for seed in 0..10 {
        let mut world = friends(100 + seed);
        let (mut sent, mut read) = (Vec::new(), Vec::new());
        for number in 0..30 {
            let who = (world.rng.next_u32() % 2) as usize;
            let text = format!("{who} {number}");
            world.post(who, 1 - who, &text);
            sent.push(text);
            for _ in 0..3 {
                let who = (world.rng.next_u32() % 2) as usize;
                match world.rng.next_u32() % 5 {
                    0 => world.deliver(who, 4),
                    1 => drop(world.collect(who, true)),
                    2 => drop(world.collect(who, false)),
                    3 => read.extend(world.read(who)),
                    _ => world.now.0 += 40,
                }
            }
        }
        world.settle();
        for who in 0..2 {
            read.extend(world.read(who));
        }
        read.sort();
        sent.sort();
        assert_eq!(read, sent, "seed {seed}");
    }
}

#[test]
fn a_relay_that_loses_its_mail_loses_no_message() {
    let mut world = friends(4);
    let message = world.post(0, 1, "still there");
    world.deliver(0, 0);
    world.lose_mail();
    world.settle();
    assert_eq!(world.read(1), [""; 0]);
    world.now = world.now.plus_days(2);
    world.settle();
    assert_eq!(world.read(1), ["still there"]);
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Read));
}

#[test]
fn a_relay_that_begins_again_is_given_what_nobody_has_confirmed() {
    let mut world = friends(5);
    for is_lost in [true, false] {
        let message = world.post(0, 1, "still there");
        world.deliver(0, 0);
        if is_lost {
            world.lose_mail();
        }
        world.restart();
        world.settle();
        assert_eq!(world.read(1), ["still there"], "its mail is lost: {is_lost}");
        world.settle();
        assert_eq!(world.level(0, 1, message), Some(Level::Read));
    }
}

#[test]
fn a_store_set_back_heals_and_both_sides_go_on() {
    let mut world = friends(5);
    let yesterday = world.nodes[0].store.clone();
    for number in 0..5 {
        world.post(0, 1, &format!("a{number}"));
        world.post(1, 0, &format!("b{number}"));
        world.settle();
    }
    assert_eq!(world.read(1).len(), 5);
    world.nodes[0].store = yesterday;
    world.post(1, 0, "sealed to what is gone");
    world.deliver(1, 0);
    world.post(0, 1, "from a copy");
    world.settle();
    world.now = world.now.plus_days(2);
    world.settle();
    assert_eq!(world.read(1), ["from a copy"]);
    assert!(world.read(0).contains(&"sealed to what is gone".to_owned()));
    let relay = super::account::relay(&world.nodes[0].store).unwrap();
    assert_eq!(relay.set_back, 1, "it was noticed");
}

#[test]
fn another_identity_under_a_name_is_an_alarm_and_nothing_is_sealed() {
    let mut world = friends(6);
    world.replace_card(1);
    let (bob, card) = (world.nodes[1].id, world.card_of(1));
    let shown = world.step(0, |draft, now, _| cards::shown(draft, bob, vec![card], now).unwrap());
    assert_eq!(shown, Shown::Changed);
    let message = world.post(0, 1, "not for him");
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, message), Some(Level::Queued), "it is held");
}

#[test]
fn whoever_is_blocked_reaches_nobody_and_the_others_get_the_new_door() {
    let mut world = World::new(7, &["alice", "bob", "carol"]);
    for (who, whom) in [(0, 1), (1, 0), (0, 2), (2, 0)] {
        world.add(who, whom);
    }
    world.settle();
    let bob = world.nodes[1].id;
    world.step(0, |draft, now, rng| contacts::block(draft, bob, now, rng).unwrap());
    world.settle();
    world.post(1, 0, "let me in");
    world.post(2, 0, "it is carol");
    world.settle();
    assert_eq!(world.read(0), ["it is carol"]);
    let door = Own::load(&world.nodes[0].store).unwrap().row.door.clone();
    let alice = world.nodes[0].id;
    let of = |who: usize| contacts::with(&world.nodes[who].store, alice).unwrap().unwrap().door;
    assert_eq!(of(2), Some(door.clone()));
    assert_ne!(of(1), Some(door));
}

#[test]
fn more_receipts_than_a_row_holds_go_out_as_several() {
    let mut world = friends(9);
    let alice = world.nodes[0].id;
    let ids: Vec<MessageId> = (0..5_000_u32)
        .map(|number| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            MessageId(id)
        })
        .collect();
    let delivered = ReceiptLevel::Delivered;
    world.step(1, |draft, now, rng| {
        receipts::note(draft, alice, &ids, delivered, Soon::Later, now, rng).unwrap();
    });
    world.now.0 += 61;
    world.step(1, |draft, now, rng| receipts::post_due(draft, now, rng).unwrap());
    let told: usize = outbox::all(&world.nodes[1].store)
        .unwrap()
        .iter()
        .map(|(_, row)| match &row.content {
            Content::Receipt(receipt) => receipt.ids.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(told, ids.len());
}

#[test]
fn lines_are_confirmed_by_their_own_ids() {
    let mut world = friends(10);
    let message = world.post_lines(0, 1, &["one", "two", "three"]);
    world.deliver(0, 0);
    world.collect(1, false);
    assert_eq!(world.read(1), ["one", "two", "three"]);
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Read));
    assert!(outbox::all(&world.nodes[0].store).unwrap().is_empty());
}

#[test]
fn what_a_session_could_not_carry_is_sealed_in_another_a_day_later() {
    let mut world = friends(11);
    world.post(0, 1, "into the void");
    world.deliver(0, 0);
    // Bob's device forgets every session, and nothing tells anybody.
    world.forget_sessions(1);
    world.collect(1, false);
    assert_eq!(world.read(1), [""; 0]);
    world.now = world.now.plus_days(2);
    world.settle();
    assert_eq!(world.read(1), ["into the void"]);
}

#[test]
fn receipts_wait_for_a_while_that_differs() {
    let mut world = friends(8);
    let mut delays = std::collections::BTreeSet::new();
    for number in 0..20 {
        world.post(0, 1, &number.to_string());
        world.deliver(0, 0);
        world.collect(1, false);
        let due = receipts::next_due(&world.nodes[1].store).unwrap().unwrap();
        let delay = due.0 - world.now.0;
        assert!((5..=60).contains(&delay), "{delay}");
        delays.insert(delay);
        world.settle();
    }
    assert!(delays.len() > 8, "{delays:?}");
}
