//! What is done in a group to what was said there.

use msg_protocol::content::{Delete, Edit, Reaction};

use super::*;
use crate::{
    engine::{inbox, marks},
    rows::{MarksRow, MessageRow, Read as _},
};

/// Does something to a message of the group, before everybody.
fn puts(world: &mut World, who: usize, group: GroupId, content: impl Into<Content>) {
    let content = content.into();
    world.step(who, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        let mark = content.clone();
        say(draft, &own, group, message, content, Confirm::Later, 0, now).unwrap();
        marks::put_in(draft, own.id(), group, message, &mark).unwrap();
    });
    world.settle();
}

fn found(world: &World, who: usize, group: GroupId, target: MessageId) -> (MessageRow, MarksRow) {
    let store = &world.nodes[who].store;
    let number = inbox::number_in(store, group, target).unwrap().unwrap();
    let row = store.row(&number.to_be_bytes()).unwrap().unwrap();
    (row, marks::of(store, number).unwrap())
}

fn said(row: &MessageRow) -> &[u8] {
    let Content::Text(text) = &row.content else { panic!("{row:?}") };
    &text.bytes
}

#[test]
fn a_sign_an_edit_and_a_deletion_reach_everybody() {
    let mut world = people(70);
    let group = group(&mut world, 3);
    let target = says(&mut world, 1, group, "at two");
    world.settle();
    for who in [0, 2] {
        world.read(who);
    }
    // Carol and bob know each other from the group alone.
    puts(&mut world, 2, group, Reaction { target, sign: Str::new("ok".into()).unwrap() });
    let carol = id(&world, 2);
    for who in 0..3 {
        let signs = found(&world, who, group, target).1.signs;
        assert_eq!(signs.len(), 1, "{who}");
        assert_eq!((signs[0].by, signs[0].sign.as_str()), (carol, "ok"));
    }
    let bytes = Bytes::new(b"at three".to_vec()).unwrap();
    puts(&mut world, 1, group, Edit { target, bytes });
    for who in 0..3 {
        let (row, marks) = found(&world, who, group, target);
        assert_eq!(said(&row), b"at three", "{who}");
        assert_eq!(marks.edited, [target]);
    }
    puts(&mut world, 1, group, Delete { target });
    for who in 0..3 {
        let (row, marks) = found(&world, who, group, target);
        assert_eq!(said(&row), b"", "{who}");
        assert_eq!(marks.deleted, [target]);
    }
}

#[test]
fn nobody_changes_or_deletes_what_others_said_or_marks_it_from_outside() {
    let mut world = people(71);
    let group = group(&mut world, 3);
    connect(&mut world, 1, 3);
    let target = says(&mut world, 1, group, "mine");
    world.settle();
    let at = context_of(&world, 0, group);
    let bytes = Bytes::new(b"forged".to_vec()).unwrap();
    let sign = Str::new("no".into()).unwrap();
    let marks: [Content; 3] =
        [Edit { target, bytes }.into(), Delete { target }.into(), Reaction { target, sign }.into()];
    // A member who is not its author; a stranger to the group; a member outside of it.
    for (who, whom, group) in [(2, 0, true), (3, 1, true), (0, 2, false)] {
        for mark in &marks {
            if group && who == 2 && matches!(mark, Content::Reaction(_)) {
                continue;
            }
            let account = id(&world, whom);
            let place = group.then(|| at.clone());
            let content = mark.clone();
            world.step(who, |draft, now, rng| {
                let contact = contacts::with(draft, account).unwrap().unwrap();
                let message = outbox::new_message_id(rng);
                let confirm = Confirm::Later;
                let (sent_ms, is_kept, group) = (0, false, place);
                let post =
                    outbox::Post { account, message, sent_ms, content, confirm, is_kept, group };
                outbox::post(draft, &contact, post, now).unwrap();
            });
        }
    }
    world.settle();
    for who in 0..3 {
        let (row, marks) = found(&world, who, group, target);
        assert_eq!(said(&row), b"mine", "{who}");
        assert!(marks.signs.is_empty() && marks.deleted.is_empty(), "{who}: {marks:?}");
    }
}

#[test]
fn a_mark_that_waits_for_commits_is_put_when_they_have_come() {
    let mut world = people(72);
    let group = group(&mut world, 3);
    let target = says(&mut world, 0, group, "deploy");
    world.settle();
    let rename = RenameGroup { name: Str::new("day".into()).unwrap() };
    change(&mut world, 0, group, rename.into());
    world.deliver(0, 0);
    let (mailbox, rows) = world.withhold_mail_of(1);
    world.collect(2, false);
    let mark: Content = Reaction { target, sign: Str::new("ok".into()).unwrap() }.into();
    world.step(2, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        say(draft, &own, group, message, mark, Confirm::Later, 0, now).unwrap();
    });
    world.deliver(2, 0);
    world.collect(1, false);
    assert!(found(&world, 1, group, target).1.signs.is_empty(), "nobody knows if carol may");
    world.give_back((mailbox, rows));
    world.settle();
    assert_eq!(found(&world, 1, group, target).1.signs.len(), 1);
}
