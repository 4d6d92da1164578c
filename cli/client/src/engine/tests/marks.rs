//! Edits, deletions, signs, and messages that go.

use msg_protocol::{
    bounded::{Bytes, Str},
    content::{Content, Delete, Edit, Reaction, Text},
    id::{AccountId, MessageId},
};

use super::super::{
    EngineError,
    account::Own,
    handling::{self, Wanted},
    inbox::{self, News},
    laboratory::World,
    marks,
};
use super::friends;
use crate::{
    rows::{
        EarlyRow, Level, MAX_ROW_BYTES, MarksRow, MessageRow, Read as _, Sign, Whose,
        message::known_key,
    },
    store::Table,
};

const ALL: Wanted = Wanted { from: 0, of: Whose::Everybody, waits: true };

/// One puts a mark to a message that they have with another.
fn mark(world: &mut World, who: usize, whom: usize, content: &Content) -> MessageId {
    let message = world.post_content(who, whom, content.clone());
    let with = world.nodes[whom].id;
    world.step(who, |draft, _, _| {
        let own = Own::load(draft).unwrap().id();
        marks::put(draft, own, with, message, content).unwrap();
    });
    message
}

fn edit(target: MessageId, text: &str) -> Content {
    Edit { target, bytes: Bytes::new(text.as_bytes().to_vec()).unwrap() }.into()
}

fn sign(target: MessageId, sign: &str) -> Content {
    Reaction { target, sign: Str::new(sign.to_owned()).unwrap() }.into()
}

/// All that one keeps of texts, in order.
fn texts(world: &World, who: usize) -> Vec<String> {
    let rows = world.nodes[who].store.all::<MessageRow>(&[]).unwrap();
    let text = |(_, row): (Vec<u8>, MessageRow)| match row.content {
        Content::Text(text) => Some(String::from_utf8(text.bytes.to_vec()).unwrap()),
        _ => None,
    };
    rows.into_iter().filter_map(text).collect()
}

/// Signs on the only message that one has with another.
fn signs(world: &World, who: usize, whom: usize, message: MessageId) -> Vec<String> {
    let store = &world.nodes[who].store;
    let number = inbox::number_of(store, world.nodes[whom].id, message).unwrap().unwrap();
    marks::of(store, number).unwrap().signs.into_iter().map(|sign| sign.sign).collect()
}

/// The bytes of a row are nowhere in what one keeps.
fn is_nowhere(world: &World, who: usize, words: &str) -> bool {
    Table::ALL.iter().all(|table| {
        let mut found = false;
        let visit = &mut |_: &[u8], value: &[u8]| {
            found |= value.windows(words.len()).any(|window| window == words.as_bytes());
            core::ops::ControlFlow::Continue(())
        };
        crate::store::Rows::scan(&world.nodes[who].store, *table, &[], visit).unwrap();
        !found
    })
}

#[test]
fn a_text_is_edited_by_whoever_wrote_it_and_nobody_else() {
    let mut world = friends(1);
    let message = world.post(0, 1, "at two");
    world.settle();
    mark(&mut world, 0, 1, &edit(message, "at three"));
    mark(&mut world, 1, 0, &edit(message, "never"));
    world.settle();
    assert_eq!(
        (texts(&world, 0), texts(&world, 1)),
        (vec!["at three".into()], vec!["at three".into()])
    );
    assert_eq!(world.read(1), ["at three"], "what was not read is shown as it is now");
    assert_eq!(world.read(1), [""; 0]);
}

#[test]
fn who_has_read_a_text_is_told_of_another_once() {
    let mut world = friends(2);
    let message = world.post(0, 1, "at two");
    world.settle();
    world.read(1);
    mark(&mut world, 0, 1, &edit(message, "at three"));
    world.settle();
    let store = &world.nodes[1].store;
    assert_eq!(inbox::unread_count(store).unwrap(), 1);
    let unread = inbox::unread(store, 0, Whose::Everybody, 9).unwrap();
    assert_eq!(marks::target(&unread[0].message.content), Some(message));
    assert_eq!(texts(&world, 1), ["at three"]);
}

#[test]
fn a_deleted_text_is_nowhere_any_more() {
    let mut world = friends(3);
    let message = world.post(0, 1, "the code is 4711");
    world.settle();
    world.read(1);
    mark(&mut world, 0, 1, &edit(message, "the code is 4712"));
    world.settle();
    mark(&mut world, 0, 1, &Delete { target: message }.into());
    world.settle();
    for who in [0, 1] {
        assert!(is_nowhere(&world, who, "the code is"), "{who}");
    }
}

#[test]
fn a_text_that_is_deleted_on_its_way_never_arrives() {
    let mut world = friends(4);
    let message = world.post(0, 1, "too early");
    mark(&mut world, 0, 1, &Delete { target: message }.into());
    world.settle();
    assert_eq!(world.read(1), [""; 0]);
    assert!(is_nowhere(&world, 1, "too early") && is_nowhere(&world, 0, "too early"));
}

#[test]
fn what_overtakes_its_message_waits_for_it() {
    let mut world = friends(12);
    let message = world.post(0, 1, "at two");
    let own = world.nodes[0].id;
    let (early, late) = (edit(message, "at three"), edit(message, "at four"));
    world.step(1, |draft, now, _| {
        for content in [&early, &sign(message, "!"), &late] {
            let marked = marks::take(draft, own, None, content, now).unwrap();
            assert_eq!(marked, marks::Marked::Quietly);
        }
    });
    world.settle();
    assert_eq!(signs(&world, 1, 0, message), ["!"]);
    assert_eq!(world.read(1), ["at four"], "in the order they came");
    let left = world.nodes[1].store.all::<EarlyRow>(&[]).unwrap();
    assert_eq!(left.len(), 0);
}

#[test]
fn what_waits_for_messages_that_never_come_is_little_and_goes() {
    let mut world = friends(13);
    let own = world.nodes[0].id;
    world.step(1, |draft, now, _| {
        for number in 0..260_u32 {
            let mut id = [7; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            let times = if number == 0 { 20 } else { 1 };
            for _ in 0..times {
                marks::take(draft, own, None, &edit(MessageId(id), "noise"), now).unwrap();
            }
        }
    });
    let rows = world.nodes[1].store.all::<EarlyRow>(&[]).unwrap();
    assert_eq!(rows.len(), 256);
    assert!(rows.iter().all(|(_, row)| row.marks.len() == 1), "the last of its kind");
    world.step(1, |draft, now, _| inbox::forget(draft, now.plus_days(40)).unwrap());
    assert!(is_nowhere(&world, 1, "noise"));
}

/// A bug: nine long edits of a message that had not come made a row that was written and
/// never read again: nothing was taken in from then on.
#[test]
fn however_much_is_done_to_a_message_that_has_not_come_the_mailbox_is_emptied() {
    let mut world = friends(14);
    let unknown = MessageId([3; 16]);
    for number in 0..9 {
        let long = format!("{number}{}", "x".repeat(60_000));
        mark(&mut world, 0, 1, &edit(unknown, &long));
    }
    world.settle();
    mark(&mut world, 0, 1, &edit(unknown, "short"));
    world.post(0, 1, "after it");
    world.settle();
    assert_eq!(world.read(1), ["after it"]);
    let rows = world.nodes[1].store.all::<EarlyRow>(&[]).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].1.marks, [edit(unknown, "short")]);
    world.step(1, |draft, now, _| inbox::forget(draft, now.plus_days(40)).unwrap());
}

#[test]
fn a_stranger_leaves_nothing_for_messages_that_have_not_come() {
    let mut world = World::new(15, &["alice", "bob"]);
    world.add(0, 1);
    world.post(0, 1, "hello");
    world.settle();
    for target in [MessageId([3; 16]), MessageId([4; 16])] {
        mark(&mut world, 0, 1, &edit(target, "noise"));
        mark(&mut world, 0, 1, &sign(target, "!"));
    }
    world.settle();
    assert_eq!(world.nodes[1].store.all::<EarlyRow>(&[]).unwrap(), []);
    assert!(is_nowhere(&world, 1, "noise"));
}

#[test]
fn what_waits_and_cannot_be_read_goes_and_stops_nothing() {
    let mut world = friends(16);
    let message = world.post(0, 1, "at two");
    let theirs = world.nodes[0].id;
    let keys = [known_key(theirs, message), known_key(theirs, MessageId([3; 16]))];
    world.step(1, |draft, _, _| {
        for key in &keys {
            draft.put(Table::Early, key, b"\x01no row".to_vec());
        }
    });
    world.settle();
    assert_eq!(world.read(1), ["at two"]);
    world.step(1, |draft, now, _| inbox::forget(draft, now).unwrap());
    assert_eq!(world.nodes[1].store.all::<EarlyRow>(&[]).unwrap(), []);
}

#[test]
fn a_message_that_makes_a_row_too_long_is_dropped_alone() {
    let mut world = friends(17);
    let message = world.post(0, 1, "at two");
    world.settle();
    let store = &world.nodes[1].store;
    let number = inbox::number_of(store, world.nodes[0].id, message).unwrap().unwrap();
    let almost = vec![message; MAX_ROW_BYTES / 16 - 2];
    world.step(1, |draft, _, _| {
        let row = MarksRow { edited: almost.clone(), ..MarksRow::default() };
        draft.write(&number.to_be_bytes(), &row);
    });
    world.post(0, 1, "before");
    mark(&mut world, 0, 1, &sign(message, &"!".repeat(64)));
    world.post(0, 1, "after");
    world.deliver(0, 0);
    let news = world.collect(1, false);
    assert_eq!(news.iter().filter(|one| **one == News::Unopened).count(), 1);
    assert_eq!(world.read(1), ["at two", "before", "after"]);
    let row = marks::of(&world.nodes[1].store, number).unwrap();
    assert_eq!((row.signs.len(), row.edited.len()), (0, almost.len()));
}

#[test]
fn signs_on_one_message_have_an_end_and_can_still_be_changed() {
    let mut world = friends(18);
    let message = world.post(0, 1, "at two");
    world.settle();
    mark(&mut world, 0, 1, &sign(message, "+"));
    world.settle();
    let store = &world.nodes[1].store;
    let number = inbox::number_of(store, world.nodes[0].id, message).unwrap().unwrap();
    let mut full = marks::of(store, number).unwrap();
    let one = full.signs[0].clone();
    let others = (0..1_999_u64).map(|number| {
        let by = AccountId(u128::from(number).to_be_bytes());
        Sign { by, ..one.clone() }
    });
    full.signs.extend(others);
    world.step(1, |draft, _, _| draft.write(&number.to_be_bytes(), &full));
    mark(&mut world, 1, 0, &sign(message, "-"));
    mark(&mut world, 0, 1, &sign(message, "!"));
    world.settle();
    let now = marks::of(&world.nodes[1].store, number).unwrap().signs;
    assert_eq!(now.len(), 2_000);
    let of = |by| now.iter().find(|sign| sign.by == by).map(|sign| sign.sign.as_str());
    assert_eq!((of(world.nodes[0].id), of(world.nodes[1].id)), (Some("!"), None));
}

/// A bug: it was edited past all that a message may have, and msg went down.
#[test]
fn a_line_is_edited_as_far_as_its_message_has_room() {
    let mut world = friends(19);
    let long = "x".repeat(18_000);
    world.post_lines(0, 1, &[&long, &long, &long]);
    world.settle();
    let rows = world.nodes[0].store.all::<MessageRow>(&[]).unwrap();
    let Content::Lines(lines) = &rows[0].1.content else { panic!() };
    let (own, with) = (world.nodes[0].id, world.nodes[1].id);
    let line = lines.lines[0].id;
    let longer = edit(line, &"y".repeat(25_000));
    let refused = world.step(0, |draft, _, _| marks::put(draft, own, with, line, &longer));
    assert!(matches!(refused, Err(EngineError::LongEdit)), "{refused:?}");
    mark(&mut world, 0, 1, &edit(line, &"z".repeat(24_000)));
    world.settle();
    let kept = texts(&world, 1);
    assert_eq!(kept.iter().map(String::len).collect::<Vec<_>>(), [24_000, 18_000, 18_000]);
}

#[test]
fn nobody_deletes_what_another_wrote() {
    let mut world = friends(5);
    let message = world.post(0, 1, "mine");
    world.settle();
    mark(&mut world, 1, 0, &Delete { target: message }.into());
    world.settle();
    assert_eq!(texts(&world, 0), ["mine"]);
}

#[test]
fn everybody_has_one_sign_on_a_message() {
    let mut world = friends(6);
    let message = world.post(0, 1, "done");
    world.settle();
    mark(&mut world, 1, 0, &sign(message, "+"));
    mark(&mut world, 1, 0, &sign(message, "++"));
    mark(&mut world, 0, 1, &sign(message, "!"));
    world.settle();
    let sorted = |mut signs: Vec<String>| {
        signs.sort();
        signs
    };
    assert_eq!(sorted(signs(&world, 0, 1, message)), ["!", "++"]);
    assert_eq!(sorted(signs(&world, 1, 0, message)), ["!", "++"]);
    mark(&mut world, 1, 0, &sign(message, ""));
    world.settle();
    assert_eq!(signs(&world, 0, 1, message), ["!"]);
}

#[test]
fn a_message_goes_on_both_sides_when_its_time_after_reading_is_over() {
    let mut world = friends(7);
    let bytes = Bytes::new(b"gone soon".to_vec()).unwrap();
    let text = Text { bytes, reply_to: None, expire_s: Some(3_600) };
    let message = world.post_content(0, 1, text.into());
    world.settle();
    let purge = |world: &mut World| {
        for who in [0, 1] {
            world.step(who, |draft, now, _| marks::purge(draft, now).unwrap());
        }
    };
    world.now.0 += 7_200;
    purge(&mut world);
    assert_eq!(world.read(1), ["gone soon"], "its time begins when it is read");
    world.settle();
    assert_eq!(world.level(0, 1, message), Some(Level::Read));
    purge(&mut world);
    assert_eq!(texts(&world, 0).len() + texts(&world, 1).len(), 2);
    world.now.0 += 3_600;
    purge(&mut world);
    assert!(is_nowhere(&world, 0, "gone soon") && is_nowhere(&world, 1, "gone soon"));
    assert_eq!(world.level(0, 1, message), Some(Level::Read), "what became of it stays known");
}

#[test]
fn a_program_gets_a_message_again_later_each_time_and_marks_trigger_nothing() {
    let mut world = friends(8);
    let message = world.post(0, 1, "order");
    world.settle();
    let take = |world: &mut World| {
        world.step(1, |draft, now, rng| handling::take(draft, ALL, now, rng).unwrap())
    };
    let mut pauses = Vec::new();
    for _ in 0..14 {
        let unread = take(&mut world).unwrap();
        world.step(1, |draft, now, _| handling::postpone(draft, unread.number, now).unwrap());
        let begun = world.now.0;
        while take(&mut world).is_none() {
            world.now.0 += 1;
        }
        pauses.push(world.now.0 - begun);
    }
    assert_eq!(pauses[..3], [2, 4, 8]);
    assert_eq!(pauses.last(), Some(&3_600));
    world.read(1);
    mark(&mut world, 0, 1, &edit(message, "another order"));
    mark(&mut world, 0, 1, &sign(message, "+"));
    world.settle();
    assert!(take(&mut world).is_none());
}

#[test]
fn an_answer_is_what_answers() {
    let mut world = friends(9);
    let question = world.post(0, 1, "deploy?");
    world.post(1, 0, "no answer");
    world.settle();
    let find = |world: &World| {
        let from = world.nodes[1].id;
        handling::answer(&world.nodes[0].store, Whose::Of(from), question)
            .unwrap()
            .map(|(_, row)| row.content)
    };
    assert_eq!(find(&world), None);
    let bytes = Bytes::new(b"yes".to_vec()).unwrap();
    let answer: Content = Text { bytes, reply_to: Some(question), expire_s: None }.into();
    world.post_content(1, 0, answer.clone());
    world.settle();
    assert_eq!(find(&world), Some(answer));
}
