//! What is unread stays readable, whatever becomes of who sent it.

use core::cell::Cell;

use super::friends;
use crate::{
    engine::{
        account::Own,
        cards,
        contacts::{self, Agreed},
        inbox,
        laboratory::World,
    },
    rows::{Alarm, Direction, Standing, Whose},
    store::{Rows, StoreError, Table, Value, Visit, memory::Memory},
};

/// Names and texts of what one has not read.
fn unread(world: &World, who: usize) -> Vec<(String, bool)> {
    let unread = inbox::unread(&world.nodes[who].store, 0, Whose::Everybody, usize::MAX).unwrap();
    let was_shown =
        |one: &inbox::Unread| matches!(one.message.direction, Direction::In { shown, .. } if shown);
    unread.iter().map(|one| (one.contact.name.clone(), was_shown(one))).collect()
}

#[test]
fn what_a_removed_contact_sent_can_be_read_and_what_they_send_later_is_a_request() {
    let mut world = friends(40);
    let bob = world.nodes[1].id;
    world.post(1, 0, "before");
    world.deliver(1, 0);
    world.collect(0, false);
    world.step(0, |draft, _, _| contacts::remove(draft, bob).unwrap());
    assert!(contacts::all(&world.nodes[0].store).unwrap().is_empty(), "nobody is left");
    assert_eq!(unread(&world, 0), [("bob".to_owned(), false)]);
    world.post(1, 0, "after");
    world.deliver(1, 0);
    world.collect(0, false);
    assert_eq!(world.read(0), ["before"]);
    let row = contacts::with(&world.nodes[0].store, bob).unwrap().unwrap();
    assert_eq!(row.standing, Standing::Request);
    world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        contacts::accept_request(draft, &own, bob, now, rng).unwrap();
    });
    assert_eq!(world.read(0), ["after"]);
}

#[test]
fn what_the_former_identity_sent_is_shown_under_the_name_after_the_new_one_is_trusted() {
    let mut world = friends(41);
    let bob = world.nodes[1].id;
    world.post(1, 0, "before");
    world.deliver(1, 0);
    world.collect(0, false);
    world.replace_card(1);
    let card = world.card_of(1);
    let new = world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        cards::shown(draft, bob, vec![card], now).unwrap();
        let Some(Alarm::Changed(card)) = contacts::with(draft, bob).unwrap().unwrap().alarm else {
            panic!("no alarm")
        };
        let identity = card.verify_by_own_identity().unwrap().identity;
        let agreed = Agreed::Identity(msg_protocol::fingerprint::Fingerprint::of(&identity));
        contacts::trust(draft, &own, bob, agreed, now, rng).unwrap()
    });
    let store = &world.nodes[0].store;
    let shown = inbox::unread(store, 0, Whose::Of(new), usize::MAX).unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].contact.name, "bob");
    assert_eq!(contacts::all(store).unwrap().len(), 1);
}

#[test]
fn of_two_who_read_at_once_the_second_is_told() {
    let mut world = friends(42);
    world.post(1, 0, "once");
    world.deliver(1, 0);
    world.collect(0, false);
    let mut take = || {
        let taken = world
            .step(0, |draft, _, _| inbox::take_unread(draft, 0, Whose::Everybody, 10).unwrap());
        let Direction::In { shown, .. } = taken[0].message.direction else { panic!("sent") };
        shown
    };
    assert_eq!([take(), take()], [false, true]);
}

/// Rows, and how many were looked at.
struct Counting<'a> {
    rows: &'a Memory,
    seen: Cell<usize>,
}

impl Rows for Counting<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Value>, StoreError> {
        self.seen.set(self.seen.get() + 1);
        self.rows.value(table, key)
    }

    fn scan(&self, table: Table, from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        self.rows.scan(table, from, &mut |key, value| {
            self.seen.set(self.seen.get() + 1);
            visit(key, value)
        })
    }

    fn last(&self, table: Table, before: u64) -> Result<Option<u64>, StoreError> {
        self.rows.last(table, before)
    }
}

#[test]
fn looking_for_what_is_unread_passes_over_what_was_read() {
    let mut world = friends(43);
    for _ in 0..30 {
        let lines: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        world.post_lines(1, 0, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        world.deliver(1, 0);
        world.collect(0, false);
    }
    assert_eq!(world.read(0).len(), 600);
    world.post(1, 0, "new");
    world.deliver(1, 0);
    world.collect(0, false);
    let rows = Counting { rows: &world.nodes[0].store, seen: Cell::new(0) };
    assert_eq!(inbox::unread(&rows, 0, Whose::Everybody, 64).unwrap().len(), 1);
    assert!(rows.seen.get() < 10, "{} rows were looked at", rows.seen.get());
}
