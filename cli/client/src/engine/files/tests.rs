//! Files that wait for their upload: what holds them, and what lets them go.

use msg_protocol::{
    bounded::Str,
    content::{Confirm, FileHash},
    secret::{BlobCapability, FileKey},
};

use super::*;
use crate::{
    engine::{contacts, laboratory::World, outbox::Post, tests::friends},
    rows::Level,
};

fn file(number: u8) -> File {
    File {
        relay: "relay.example".parse().unwrap(),
        pin: None,
        capability: BlobCapability::new([number; 32]),
        key: FileKey::new([number; 32]),
        hash: FileHash([number; 32]),
        length: 5,
        padded: 65_536,
        name: Str::new("a.txt".to_owned()).unwrap(),
        as_text: false,
        reply_to: None,
        expire_s: None,
        image: None,
    }
}

fn stamp(length: u64) -> Stamp {
    Stamp { device: 1, inode: 2, length, written: (3, 4), changed: (5, 6) }
}

/// Alice sends a file to bob; its upload has not begun.
fn post(world: &mut World, file: &File) -> MessageId {
    let bob = world.nodes[1].id;
    world.step(0, |draft, now, rng| {
        let row = UploadRow {
            payload: 65_568,
            source: Some(stamp(5)),
            is_kept: false,
            begun: now,
            is_unwanted: false,
        };
        begin(draft, blob_of(file), &row);
        let message = outbox::new_message_id(rng);
        let contact = contacts::with(draft, bob).unwrap().unwrap();
        let post = Post {
            group: None,
            account: bob,
            message,
            sent_ms: 0,
            content: file.clone().into(),
            confirm: Confirm::Later,
            is_kept: true,
        };
        outbox::post(draft, &contact, post, now).unwrap();
        message
    })
}

#[test]
fn a_file_leaves_when_the_relay_has_all_of_it_and_texts_pass_it_by() {
    let mut world = friends(51);
    let message = post(&mut world, &file(1));
    let text = world.post(0, 1, "meanwhile");
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Queued), "it waits for its upload");
    assert_eq!(world.level(0, 1, text), Some(Level::Delivered));
    world.step(0, |draft, _, _| uploaded(draft, blob_of(&file(1))).unwrap());
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Delivered));
}

#[test]
fn the_same_file_for_the_same_people_is_known_again_and_no_other() {
    let mut world = friends(52);
    let message = post(&mut world, &file(1));
    let bob = world.nodes[1].id;
    let store = &world.nodes[0].store;
    let found = |stamp, name, people: &[AccountId]| {
        let people = people.iter().map(|account| (*account, None)).collect();
        begun_before(store, stamp, name, None, &people).unwrap().map(|upload| upload.waiting)
    };
    assert_eq!(
        found(stamp(5), "a.txt", &[bob]),
        Some(vec![Waiting { account: bob, group: None, message }])
    );
    assert_eq!(found(stamp(6), "a.txt", &[bob]), None, "written since");
    assert_eq!(found(stamp(5), "b.txt", &[bob]), None, "called otherwise");
    assert_eq!(found(stamp(5), "a.txt", &[bob, world.nodes[0].id]), None, "for others too");
}

#[test]
fn what_is_given_up_waits_for_nothing_but_that_the_relay_forgets_it() {
    let mut world = friends(53);
    let message = post(&mut world, &file(1));
    world.step(0, |draft, _, _| give_up(draft, blob_of(&file(1))).unwrap());
    assert_eq!(world.level(0, 1, message), Some(Level::Failed));
    assert!(outbox::all(&world.nodes[0].store).unwrap().is_empty());
    let left = uploads(&world.nodes[0].store).unwrap();
    assert!(left[0].row.is_unwanted && left[0].waiting.is_empty() && left[0].file.is_none());
    world.step(0, |draft, _, _| gone(draft, blob_of(&file(1))));
    assert!(uploads(&world.nodes[0].store).unwrap().is_empty());
}

#[test]
fn a_file_is_let_go_with_the_last_message_that_has_not_left() {
    let mut world = friends(54);
    let bob = world.nodes[1].id;
    post(&mut world, &file(1));
    let second = post(&mut world, &file(1));
    let is_unwanted = |world: &World| {
        let row = upload(&world.nodes[0].store, blob_of(&file(1))).unwrap();
        row.map(|row| row.is_unwanted)
    };
    let rows = outbox::all(&world.nodes[0].store).unwrap();
    for (at, (number, row)) in rows.iter().enumerate() {
        assert_eq!(is_unwanted(&world), Some(false), "after {at}");
        world.step(0, |draft, _, _| outbox::cancel(draft, *number, row).unwrap());
    }
    assert_eq!(world.level(0, 1, second), Some(Level::Failed));
    assert_eq!(is_unwanted(&world), Some(true));
    // An upload that was under way when that happened does not make it wanted.
    world.step(0, |draft, _, _| uploaded(draft, blob_of(&file(1))).unwrap());
    assert_eq!(is_unwanted(&world), Some(true));
    world.step(0, |draft, _, _| outbox::cancel_all(draft, bob).unwrap());
}

#[test]
fn what_has_left_is_let_go_when_it_is_deleted_and_not_when_it_is_cancelled() {
    let mut world = friends(55);
    let (own, bob) = (world.nodes[0].id, world.nodes[1].id);
    let message = post(&mut world, &file(1));
    world.step(0, |draft, _, _| uploaded(draft, blob_of(&file(1))).unwrap());
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Delivered));
    world.step(0, |draft, _, _| outbox::cancel_all(draft, bob).unwrap());
    assert!(uploads(&world.nodes[0].store).unwrap().is_empty(), "bob may fetch it");
    world.step(0, |draft, _, rng| {
        let delete = msg_protocol::content::Delete { target: message }.into();
        crate::engine::marks::put(draft, own, bob, outbox::new_message_id(rng), &delete).unwrap();
    });
    let left = uploads(&world.nodes[0].store).unwrap();
    assert!(left.len() == 1 && left[0].row.is_unwanted);
}
