//! What the relay keeps of our contacts, and what comes back of it.

use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, RelayEpoch},
    limits::MAX_RECORD_BYTES,
    response::Record,
};

use super::*;
use crate::engine::{laboratory::World, tests::friends};

const EPOCH: RelayEpoch = RelayEpoch([7; 16]);

/// What the relay has.
#[derive(Default)]
struct Kept {
    records: Vec<Record>,
    revisions: u64,
}

impl Kept {
    /// Lets Alice's client say what has changed, and does it.
    fn update(&mut self, world: &mut World) -> usize {
        let changes = world.step(0, |draft, _, rng| changes(draft, rng).unwrap());
        let count = changes.len();
        for change in changes {
            match change {
                Change::Put(id, put, digest) => {
                    let place = self.records.iter().position(|record| record.id == put.id);
                    let had = place.map_or(0, |at| self.records.remove(at).revision);
                    assert_eq!(had, put.expected);
                    self.revisions += 1;
                    let revision = self.revisions;
                    self.records.push(Record { id: put.id, revision, value: put.value });
                    world.step(0, |draft, _, _| kept(draft, id, revision, digest));
                }
                Change::Delete(id, delete) => {
                    self.records.retain(|record| record.id != delete.id);
                    world.step(0, |draft, _, _| gone(draft, id));
                }
            }
        }
        count
    }

    fn list(&self, world: &mut World) {
        world.step(0, |draft, now, rng| listed(draft, EPOCH, &self.records, now, rng).unwrap());
    }
}

fn change_bob(world: &mut World, change: impl FnOnce(&mut ContactRow)) {
    let bob = world.nodes[1].id;
    world.step(0, |draft, _, _| {
        let mut row = contacts::with(draft, bob).unwrap().unwrap();
        change(&mut row);
        draft.write(&key(bob), &row);
    });
}

fn forget_bob(world: &mut World) -> AccountId {
    let bob = world.nodes[1].id;
    world.step(0, |draft, _, _| {
        draft.remove(Table::Contacts, &key(bob));
        draft.remove(Table::Records, &key(bob));
        change_relay(draft, |state| (state.records, state.restores) = (None, true)).unwrap();
    });
    bob
}

#[test]
fn a_contact_is_kept_once_until_it_changes_and_goes_with_it() {
    let mut world = friends(40);
    let mut relay = Kept::default();
    assert_eq!(relay.update(&mut world), 1);
    assert_eq!(relay.update(&mut world), 0, "nothing has changed");
    change_bob(&mut world, |row| row.trust = Trust::Verified);
    assert_eq!(relay.update(&mut world), 1);
    change_bob(&mut world, |row| row.standing = Standing::Removed);
    assert_eq!(relay.update(&mut world), 1);
    assert_eq!(relay.records.len(), 0);
}

#[test]
fn a_record_says_nothing_and_its_length_little() {
    let mut world = friends(41);
    let mut relay = Kept::default();
    relay.update(&mut world);
    let short = relay.records[0].value.len();
    let bob = world.nodes[1].id;
    let holds = |record: &Record, needle: &[u8]| {
        record.value.windows(needle.len()).any(|window| window == needle)
    };
    assert!(!holds(&relay.records[0], &bob.0) && !holds(&relay.records[0], b"bob"));
    change_bob(&mut world, |row| row.name = "somebody with a longer name".to_owned());
    relay.update(&mut world);
    assert_eq!(relay.records[0].value.len(), short);
}

#[test]
fn an_older_copy_of_a_store_has_its_contacts_back() {
    let mut world = friends(42);
    let mut relay = Kept::default();
    change_bob(&mut world, |row| row.trust = Trust::Verified);
    relay.update(&mut world);
    let bob = forget_bob(&mut world);
    relay.list(&mut world);
    let row = contacts::with(&world.nodes[0].store, bob).unwrap().unwrap();
    assert_eq!(
        (row.name.as_str(), row.standing, row.trust),
        ("bob", Standing::Added, Trust::Verified)
    );
    assert!(row.door.is_some(), "and can be written to");
    assert_eq!(relay.update(&mut world), 0, "the relay has it so");
}

#[test]
fn nobody_who_was_removed_comes_back_by_himself() {
    let mut world = friends(43);
    let mut relay = Kept::default();
    relay.update(&mut world);
    change_bob(&mut world, |row| row.standing = Standing::Removed);
    relay.list(&mut world);
    let row = contacts::with(&world.nodes[0].store, world.nodes[1].id).unwrap().unwrap();
    assert_eq!(row.standing, Standing::Removed);
    assert_eq!(relay.update(&mut world), 1);
    assert_eq!(relay.records.len(), 0, "the relay forgets him");
}

#[test]
fn what_a_relay_makes_up_is_passed_over() {
    let mut world = friends(44);
    let mut relay = Kept::default();
    relay.update(&mut world);
    let genuine = relay.records[0].clone();
    forget_bob(&mut world);
    let mut other_name = genuine.clone();
    other_name.id.0[0] ^= 1;
    let mut bytes = genuine.value.to_vec();
    bytes[40] ^= 1;
    let altered = Record { value: Bytes::<MAX_RECORD_BYTES>::new(bytes).unwrap(), ..genuine };
    relay.records = vec![other_name, altered];
    relay.list(&mut world);
    assert!(contacts::with(&world.nodes[0].store, world.nodes[1].id).unwrap().is_none());
}
