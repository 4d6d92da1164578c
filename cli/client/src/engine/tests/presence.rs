//! Who is there, and who is told.

use super::super::{account::Own, laboratory::World, outbox::Parcel, presence, settings};
use super::friends;
use crate::engine::settings::Setting;

/// The first asks the second: what carries the ping, and whether it was answered.
fn ask(world: &mut World) -> (usize, bool) {
    let (from, to) = (world.nodes[0].id, world.nodes[1].id);
    assert_ne!(from, to);
    let asked = world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        presence::ping(draft, &own, to, now, rng).unwrap()
    });
    let Some((ping, parcels)) = asked else { return (0, false) };
    for answer in pass(world, 1, &parcels) {
        pass(world, 0, &[answer]);
    }
    let is_answered = presence::has_answered(&world.nodes[0].store, to, ping).unwrap();
    (parcels.len(), is_answered)
}

fn pass(world: &mut World, whom: usize, parcels: &[Parcel]) -> Vec<Parcel> {
    let mut answers = Vec::new();
    for parcel in parcels {
        answers.extend(world.step(whom, |draft, now, rng| {
            presence::take(draft, &parcel.envelope, now, rng).unwrap()
        }));
    }
    answers
}

/// Two people who have both written to each other.
fn talking(seed: u64) -> World {
    let mut world = friends(seed);
    world.post(0, 1, "hi");
    world.settle();
    world.post(1, 0, "hi");
    world.settle();
    world
}

fn choose(world: &mut World, value: &str) {
    world.step(1, |draft, _, _| settings::change(draft, Setting::Presence, value).unwrap());
}

#[test]
fn a_ping_is_answered_by_who_has_chosen_to_and_a_flood_is_not() {
    let mut world = talking(1);
    assert_eq!(ask(&mut world), (1, false), "nobody is told who has not chosen");
    choose(&mut world, "on");
    for _ in 0..4 {
        assert_eq!(ask(&mut world), (1, true));
    }
    assert_eq!(ask(&mut world), (1, false), "a flood is not answered");
    world.now.0 += 1;
    assert_eq!(ask(&mut world), (1, true));
}

#[test]
fn who_never_answers_is_asked_no_more_than_their_session_can_follow() {
    let mut world = talking(2);
    for _ in 0..2_000 {
        let to = world.nodes[1].id;
        world.step(0, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            presence::ping(draft, &own, to, now, rng).unwrap();
        });
    }
    world.post(0, 1, "still there?");
    world.settle();
    assert_eq!(world.read(1), ["hi", "still there?"]);
    let relay = &world.nodes[1].store;
    assert_eq!(crate::engine::account::relay(relay).unwrap().unopened, 0);
}
