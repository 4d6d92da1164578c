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
        let row = UploadRow { payload: 65_568, source: Some(stamp(5)), is_kept: false, begun: now };
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
    world.step(0, |draft, _, _| uploaded(draft, blob_of(&file(1))));
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
        let people = people.iter().copied().collect();
        begun_before(store, stamp, name, None, &people).unwrap().map(|upload| upload.waiting)
    };
    assert_eq!(found(stamp(5), "a.txt", &[bob]), Some(vec![(bob, message)]));
    assert_eq!(found(stamp(6), "a.txt", &[bob]), None, "written since");
    assert_eq!(found(stamp(5), "b.txt", &[bob]), None, "called otherwise");
    assert_eq!(found(stamp(5), "a.txt", &[bob, world.nodes[0].id]), None, "for others too");
}

#[test]
fn what_is_given_up_leaves_nothing_that_waits() {
    let mut world = friends(53);
    let message = post(&mut world, &file(1));
    world.step(0, |draft, _, _| give_up(draft, blob_of(&file(1))).unwrap());
    assert_eq!(world.level(0, 1, message), Some(Level::Failed));
    assert!(outbox::all(&world.nodes[0].store).unwrap().is_empty());
    assert!(uploads(&world.nodes[0].store).unwrap().is_empty());
}

#[test]
fn a_cancelled_message_leaves_an_upload_that_nobody_waits_for() {
    let mut world = friends(54);
    post(&mut world, &file(1));
    let bob = world.nodes[1].id;
    world.step(0, |draft, _, _| outbox::cancel_all(draft, bob).unwrap());
    let left = uploads(&world.nodes[0].store).unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].waiting.is_empty() && left[0].file.is_none());
}
