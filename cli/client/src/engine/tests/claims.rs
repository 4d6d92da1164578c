//! Strangers who say where they live.

use msg_protocol::address::Pin;

use super::friends;
use crate::{
    engine::{
        account::{self, Own},
        contacts::{self, AcceptError},
        laboratory::World,
    },
    rows::{ContactRow, Standing, account::key},
};

/// What Alice knows of somebody.
fn known(world: &World, who: usize) -> ContactRow {
    contacts::with(&world.nodes[0].store, world.nodes[who].id).unwrap().unwrap()
}

fn accept(world: &mut World, who: usize) -> Result<(), AcceptError> {
    let id = world.nodes[who].id;
    world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        contacts::accept_request(draft, &own, id, now, rng)
    })
}

#[test]
fn who_has_taken_a_contacts_place_is_not_accepted_beside_them() {
    let mut world = friends(30);
    world.found("bob");
    world.add(2, 0);
    world.settle();
    let refused = accept(&mut world, 2);
    assert!(matches!(&refused, Err(AcceptError::InPlaceOf(name)) if name == "bob"), "{refused:?}");
    let (found, _) = contacts::find(&world.nodes[0].store, "bob@relay.example").unwrap();
    assert_eq!(found, world.nodes[1].id, "the address means whom we know");
    assert_eq!(known(&world, 2).standing, Standing::Request);
}

#[test]
fn a_relay_that_is_known_is_asked_by_the_key_that_is_known() {
    let mut world = World::new(31, &["alice", "mallory"]);
    let pin = account::row(&world.nodes[0].store).unwrap().pin;
    world.step(1, |draft, _, _| {
        let mut row = account::row(draft).unwrap();
        row.pin = Some(Pin::of(b"somebody in between"));
        draft.write(key::ACCOUNT, &row);
    });
    world.add(1, 0);
    world.settle();
    assert_eq!(world.looks.iter().map(|place| place.pin).collect::<Vec<_>>(), [pin]);
    assert_eq!(known(&world, 1).place.unwrap().pin, pin);
}

#[test]
fn a_stranger_from_an_unknown_relay_is_looked_for_only_when_they_are_accepted() {
    let mut world = World::new(32, &["alice", "mallory"]);
    world.step(1, |draft, _, _| {
        let mut row = account::row(draft).unwrap();
        row.address = "mallory@elsewhere.example".parse().unwrap();
        draft.write(key::ACCOUNT, &row);
    });
    world.add(1, 0);
    world.settle();
    assert_eq!(world.looks, [], "nobody was dialled");
    let refused = accept(&mut world, 1);
    assert!(matches!(refused, Err(AcceptError::NotFound(_))), "{refused:?}");
    let mallory = world.nodes[1].id;
    world.look_for(0, mallory);
    accept(&mut world, 1).unwrap();
    assert_eq!(known(&world, 1).place.unwrap().address.to_string(), "mallory@elsewhere.example");
}

#[test]
fn who_was_not_found_is_looked_for_again_and_not_too_often() {
    let mut world = World::new(33, &["alice", "bob"]);
    world.is_away = true;
    world.add(1, 0);
    world.settle();
    let looks = world.looks.len();
    assert!((1..=2).contains(&looks), "{looks}");
    world.is_away = false;
    world.now.0 += 600;
    world.settle();
    assert!(known(&world, 1).place.is_some());
}
