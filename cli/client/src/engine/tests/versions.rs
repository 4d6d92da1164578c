//! Which cards people speak of, and which ones they are shown.

use super::friends;
use crate::{
    engine::{
        account::{self, Own},
        cards::{self, Shown},
        contacts::{self, Agreed},
        inbox::News,
        laboratory::World,
    },
    rows::{Alarm, Level, account::key},
};

/// What is wrong with Bob, as Alice knows him.
fn alarm(world: &World) -> Option<Alarm> {
    contacts::with(&world.nodes[0].store, world.nodes[1].id).unwrap().unwrap().alarm
}

/// Alice's relay shows her what it has of Bob.
fn shown(world: &mut World) -> Shown {
    let (bob, card) = (world.nodes[1].id, world.card_of(1));
    world.step(0, |draft, now, _| cards::shown(draft, bob, vec![card], now).unwrap())
}

fn bob_writes(world: &mut World, text: &str) -> Vec<News> {
    world.post(1, 0, text);
    world.deliver(1, 0);
    world.collect(0, false)
}

#[test]
fn somebody_who_speaks_of_another_card_than_the_one_shown_is_an_alarm() {
    let mut world = friends(50);
    world.next_card(1);
    assert_eq!(shown(&mut world), Shown::Newer);
    world.fork_card(1);
    bob_writes(&mut world, "from another card");
    assert_eq!(alarm(&world), Some(Alarm::CardForked));
    let held = world.post(0, 1, "held");
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, held), Some(Level::Queued));
    assert_eq!(shown(&mut world), Shown::Same);
    assert_eq!(alarm(&world), Some(Alarm::CardForked), "the relay cannot talk it away");
    let bob = world.nodes[1].id;
    world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        contacts::trust(draft, &own, bob, Agreed::HeldCard, now, rng).unwrap()
    });
    bob_writes(&mut world, "once more");
    assert_eq!(alarm(&world), None, "its owner knows");
}

#[test]
fn a_relay_that_holds_a_card_back_is_an_alarm_until_it_shows_it() {
    let mut world = friends(51);
    let bob = world.nodes[1].id;
    let older = world.card_of(1);
    world.next_card(1);
    let news = bob_writes(&mut world, "I have a new card");
    assert!(news.contains(&News::NewCard(bob)), "{news:?}");
    let held_back =
        world.step(0, |draft, now, _| cards::shown(draft, bob, vec![older], now).unwrap());
    assert_eq!(held_back, Shown::WentBack);
    assert_eq!(alarm(&world), Some(Alarm::CardWentBack));
    world.now.0 += 600;
    let due = world.step(0, |draft, now, _| {
        let own = account::row(draft).unwrap();
        contacts::to_look_for(draft, &own, &[], now).unwrap()
    });
    assert_eq!(due, [(bob, false)], "it is looked for again");
    assert_eq!(shown(&mut world), Shown::Newer);
    assert_eq!(alarm(&world), None);
}

#[test]
fn a_card_of_ours_that_we_did_not_make_is_counted() {
    let mut world = friends(52);
    world.next_card(1);
    shown(&mut world);
    world.step(1, |draft, _, _| {
        let mut row = account::row(draft).unwrap();
        row.cards.truncate(1);
        draft.write(key::ACCOUNT, &row);
    });
    world.post(0, 1, "to a card that is not yours");
    world.deliver(0, 0);
    let news = world.collect(1, false);
    assert!(news.contains(&News::StrangeCard(world.nodes[0].id)), "{news:?}");
    assert_eq!(account::relay(&world.nodes[1].store).unwrap().strange_cards, 1);
    assert_eq!(world.read(1), ["to a card that is not yours"]);
}
