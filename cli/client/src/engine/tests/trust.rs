//! Whom an account takes for whom, and what its owner has to say to it.

use msg_protocol::fingerprint::Fingerprint;

use super::friends;
use crate::{
    engine::{
        account::Own,
        cards::{self, Shown},
        contacts::{self, Agreed, TrustError},
        laboratory::World,
    },
    rows::{Alarm, Level, Standing},
};

/// The identity that an alarm about Bob is about, as Alice knows it.
fn alarm(world: &World) -> Option<Fingerprint> {
    let bob = contacts::with(&world.nodes[0].store, world.nodes[1].id).unwrap().unwrap();
    match bob.alarm? {
        Alarm::Changed(card) => {
            Some(Fingerprint::of(&card.verify_by_own_identity().unwrap().identity))
        }
        Alarm::CardWentBack | Alarm::CardForked => None,
    }
}

/// Alice's relay shows her whoever is called Bob there.
fn shown(world: &mut World) -> Shown {
    let (bob, card) = (world.nodes[1].id, world.card_of(1));
    world.step(0, |draft, now, _| cards::shown(draft, bob, vec![card], now).unwrap())
}

fn trust(world: &mut World, agreed: Agreed) -> Result<(), TrustError> {
    let bob = world.nodes[1].id;
    world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        contacts::trust(draft, &own, bob, agreed, now, rng).map(drop)
    })
}

#[test]
fn only_the_identity_that_was_shown_is_trusted() {
    let mut world = friends(20);
    world.replace_card(1);
    assert_eq!(shown(&mut world), Shown::Changed);
    let first = alarm(&world).unwrap();
    world.replace_card(1);
    shown(&mut world);
    let second = alarm(&world).unwrap();
    assert_ne!(first, second);
    for other in [Agreed::Identity(first), Agreed::HeldCard] {
        let refused = trust(&mut world, other);
        assert!(matches!(refused, Err(TrustError::Another(_))), "{refused:?}");
    }
    assert_eq!(alarm(&world), Some(second), "it stays");
    trust(&mut world, Agreed::Identity(second)).unwrap();
}

#[test]
fn a_claim_that_comes_while_an_alarm_is_shown_does_not_change_it() {
    let mut world = friends(21);
    world.replace_card(1);
    shown(&mut world);
    let seen = alarm(&world);
    world.found("bob");
    world.add(2, 0);
    world.settle();
    let stranger = contacts::with(&world.nodes[0].store, world.nodes[2].id).unwrap().unwrap();
    assert_eq!((stranger.standing, stranger.claim), (Standing::Request, None), "it was looked at");
    assert_eq!(alarm(&world), seen);
}

#[test]
fn an_alarm_about_a_card_ends_with_a_good_one_or_when_its_owner_says_so() {
    let mut world = friends(22);
    let (alice, bob) = (0, world.nodes[1].id);
    let older = world.card_of(1);
    world.next_card(1);
    assert_eq!(shown(&mut world), Shown::Newer);
    let back = |world: &mut World| {
        let older = vec![older.clone()];
        world.step(alice, |draft, now, _| cards::shown(draft, bob, older, now).unwrap())
    };
    assert_eq!(back(&mut world), Shown::WentBack);
    let held = world.post(0, 1, "held");
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, held), Some(Level::Queued));
    assert_eq!(shown(&mut world), Shown::Same);
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, held), Some(Level::Relay));
    assert_eq!(back(&mut world), Shown::WentBack);
    trust(&mut world, Agreed::HeldCard).unwrap();
    let sent = world.post(0, 1, "trusted");
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, sent), Some(Level::Relay));
}
