//! What was said before somebody came.

use msg_protocol::content::{Replay, Replayed};

use super::*;
use crate::{
    engine::{
        handling::{self, Wanted},
        inbox::Unread,
        marks,
    },
    rows::{Read as _, Whose},
};

fn promised(world: &mut World, group: GroupId, newcomer: usize, count: u32) {
    connect(world, 0, newcomer);
    let adds = adds(world, newcomer);
    change(world, 0, group, adds);
    let account = id(world, newcomer);
    world.step(0, |draft, _, _| super::super::promise(draft, group, &[account], count).unwrap());
    world.settle();
}

fn unread(world: &World, who: usize) -> Vec<Unread> {
    let store = &world.nodes[who].store;
    let mut unread = crate::engine::inbox::unread(store, 0, Whose::Everybody, usize::MAX).unwrap();
    unread.retain(|one| one.message.notice.is_none());
    unread
}

/// Who, by which name, wrote what.
fn replays(world: &World, who: usize) -> Vec<(AccountId, String, String)> {
    let replay = |one: Unread| match one.message.content {
        Content::Replay(Replay { author, said: Replayed::Text(text), .. }) => {
            let text = String::from_utf8(text.bytes.to_vec()).unwrap();
            Some((author, one.author.unwrap(), text))
        }
        _ => None,
    };
    unread(world, who).into_iter().filter_map(replay).collect()
}

#[test]
fn a_newcomer_gets_the_last_messages_of_all_once_and_only_after_joining() {
    let mut world = people(40);
    let group = group(&mut world, 3);
    for (who, what) in [(0, "one"), (1, "two"), (2, "three"), (0, "four")] {
        says(&mut world, who, group, what);
        world.settle();
    }
    promised(&mut world, group, 3, 3);
    assert!(unread(&world, 3).is_empty(), "nothing is sealed to whom has not accepted");
    accepts(&mut world, 3, group);
    world.settle();
    let said = replays(&world, 3);
    let texts: Vec<&str> = said.iter().map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(texts, ["two", "three", "four"]);
    let authors: Vec<AccountId> = said.iter().map(|(author, ..)| *author).collect();
    assert_eq!(authors, [1, 2, 0].map(|who| id(&world, who)));
    assert_eq!(said[0].1, "bob@relay.example", "a member, no contact");
    assert_eq!(said[2].1, "alice");
    assert!(unread(&world, 3).iter().all(|one| one.message.with == id(&world, 0)));
    for who in [1, 2] {
        assert!(replays(&world, who).is_empty());
    }
    assert!(row(&world, 0, group).promised.is_empty());
    // Nobody misses what the newcomer alone was told.
    says(&mut world, 3, group, "hello");
    world.settle();
    for who in 0..3 {
        assert!(row(&world, who, group).gaps.is_empty(), "{who}");
    }
}

#[test]
fn nothing_is_passed_on_unless_the_adder_wishes_it() {
    let mut world = people(41);
    let group = group(&mut world, 3);
    says(&mut world, 1, group, "before");
    world.settle();
    promised(&mut world, group, 3, 0);
    accepts(&mut world, 3, group);
    world.settle();
    assert!(unread(&world, 3).is_empty());
}

#[test]
fn what_goes_after_reading_was_deleted_or_was_passed_on_is_not_passed_on() {
    let mut world = people(42);
    let group = group(&mut world, 2);
    let bytes = Bytes::new(b"for your eyes".to_vec()).unwrap();
    let fleeting: Content = Text { bytes, reply_to: None, expire_s: Some(60) }.into();
    world.step(0, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        say(draft, &own, group, message, fleeting, Confirm::Later, 0, now).unwrap();
    });
    let gone = says(&mut world, 0, group, "deleted");
    world.step(0, |draft, _, _| {
        let all = draft.all::<crate::rows::MessageRow>(&[]).unwrap();
        let (key, _) = all.into_iter().find(|(_, row)| row.id == gone).unwrap();
        let number = u64::from_be_bytes(key.try_into().unwrap());
        let mut deleted = marks::of(draft, number).unwrap();
        deleted.deleted.push(gone);
        draft.write(&number.to_be_bytes(), &deleted);
    });
    says(&mut world, 0, group, "stays");
    world.settle();
    promised(&mut world, group, 2, 50);
    accepts(&mut world, 2, group);
    world.settle();
    let texts: Vec<String> = replays(&world, 2).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["stays"]);
    // Whoever was told of it does not pass it on in turn.
    let promote = PromoteMember { account: id(&world, 2) };
    change(&mut world, 0, group, promote.into());
    world.settle();
    connect(&mut world, 2, 3);
    let adds = adds(&world, 3);
    change(&mut world, 2, group, adds);
    let account = id(&world, 3);
    world.step(2, |draft, _, _| super::super::promise(draft, group, &[account], 9).unwrap());
    world.settle();
    accepts(&mut world, 3, group);
    world.settle();
    assert!(replays(&world, 3).is_empty());
}

/// A bug: a text that fitted an envelope alone did not with its author's name, and then
/// nothing at all left any more.
#[test]
fn what_fits_no_envelope_with_its_authors_name_is_not_passed_on() {
    let mut world = people(44);
    let group = group(&mut world, 2);
    says(&mut world, 1, group, "before");
    says(&mut world, 1, group, &"x".repeat(62_900));
    says(&mut world, 1, group, "after");
    world.settle();
    assert_eq!(world.read(0).len(), 3);
    promised(&mut world, group, 2, 2);
    accepts(&mut world, 2, group);
    world.settle();
    let texts: Vec<String> = replays(&world, 2).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["before", "after"]);
    assert!(outbox::all(&world.nodes[0].store).unwrap().is_empty());
}

#[test]
fn what_is_passed_on_triggers_no_program() {
    let mut world = people(43);
    let group = group(&mut world, 2);
    says(&mut world, 1, group, "deploy");
    world.settle();
    promised(&mut world, group, 2, 5);
    accepts(&mut world, 2, group);
    world.settle();
    assert_eq!(replays(&world, 2).len(), 1);
    says(&mut world, 1, group, "deploy now");
    world.settle();
    let given = world.step(2, |draft, now, rng| {
        let wanted = Wanted { from: 0, of: Whose::Everybody, waits: false };
        handling::take(draft, wanted, now, rng).unwrap().unwrap()
    });
    assert!(matches!(given.message.content, Content::Text(_)), "{given:?}");
    assert!(replays(&world, 2).is_empty(), "it counts as read");
}
