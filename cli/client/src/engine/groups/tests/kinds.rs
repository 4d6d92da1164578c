//! Whatever is said in a group, by whomever: judged, also if its id is known already.

use std::collections::BTreeMap;

use msg_protocol::{
    codec,
    content::{
        ContactDetails, Delete, Edit, File, FileHash, Line, Lines, Ping, Reaction, Receipt,
        ReceiptLevel, Replay, Replayed, SessionReset,
    },
    group::{GroupCommitHash, GroupPolicy, SetPolicy, Writers},
    limits::MAX_MESSAGE_BYTES,
    secret::{BlobCapability, FileKey},
};
use rand_core::Rng as _;

use super::*;
use crate::{
    engine::{
        groups::hear,
        handling::{self, Wanted},
        inbox, marks,
    },
    rows::{MarksRow, MessageRow, Read as _, Standing, Whose},
};

/// Somebody who may not write to a group, and what they might do something to there.
struct Outsider {
    world: World,
    group: GroupId,
    who: usize,
    whom: usize,
    target: MessageId,
    /// As of when they know the group.
    at: GroupContext,
}

impl Outsider {
    fn new(mut world: World, group: GroupId, who: usize, whom: usize) -> Self {
        let target = says(&mut world, if who == 3 { 2 } else { who }, group, "at two");
        world.settle();
        let at = context_of(&world, 0, group);
        Self { world, group, who, whom, target, at }
    }

    /// Whoever asks to be a contact and has no answer.
    fn stranger(seed: u64) -> Self {
        let mut world = people(seed);
        let group = group(&mut world, 3);
        world.add(3, 0);
        world.settle();
        let dan = id(&world, 3);
        let row = contacts::with(&world.nodes[0].store, dan).unwrap().unwrap();
        assert_eq!(row.standing, Standing::Request);
        // They have got the door from somebody, so that all they send comes.
        let door = Own::load(&world.nodes[0].store).unwrap().row.door.clone();
        let alice = id(&world, 0);
        world.step(3, |draft, _, _| {
            let mut contact = contacts::with(draft, alice).unwrap().unwrap();
            contact.door = Some(door);
            draft.write(&key(alice), &contact);
        });
        Self::new(world, group, 3, 0)
    }

    fn contact(seed: u64) -> Self {
        let mut world = people(seed);
        let group = group(&mut world, 3);
        connect(&mut world, 0, 3);
        Self::new(world, group, 3, 0)
    }

    /// Whoever was a member, to another to whom they were no more than that.
    fn former(seed: u64, whom: usize) -> Self {
        let mut world = people(seed);
        let group = group(&mut world, 3);
        let mut found = Self::new(world, group, 2, whom);
        let remove = RemoveMember { account: id(&found.world, 2) };
        change(&mut found.world, 0, group, remove.into());
        found.world.settle();
        // She has kept the door.
        let account = id(&found.world, whom);
        found.world.step(2, |draft, _, _| {
            let mut contact = contacts::with(draft, account).unwrap().unwrap();
            contact.standing = Standing::Added;
            draft.write(&key(account), &contact);
        });
        found
    }

    fn without_right(seed: u64) -> Self {
        let mut world = people(seed);
        let group = group(&mut world, 3);
        let mut found = Self::new(world, group, 1, 2);
        let policy = GroupPolicy { writers: Writers::Admins, expire_s: None };
        change(&mut found.world, 0, group, SetPolicy { policy }.into());
        found.world.settle();
        found
    }

    fn fresh(&mut self) -> MessageId {
        outbox::new_message_id(&mut self.world.rng)
    }

    /// One content of each kind.
    fn each_kind(&mut self) -> Vec<Content> {
        let target = self.target;
        let bytes = || Bytes::new(b"not from here".to_vec()).unwrap();
        let own = Own::load(&self.world.nodes[self.who].store).unwrap();
        let mut number = [0; 32];
        self.world.rng.fill_bytes(&mut number);
        let file = File {
            relay: "relay.example".parse().unwrap(),
            pin: None,
            capability: BlobCapability::new(number),
            key: FileKey::new(number),
            hash: FileHash(number),
            length: 5,
            padded: 65_536,
            name: Str::new("a.txt".to_owned()).unwrap(),
            as_text: false,
            reply_to: None,
            expire_s: None,
            image: None,
        };
        let lines =
            [self.fresh(), self.fresh(), target].map(|id| Line { id, bytes: bytes() }).to_vec();
        let said = Replayed::Text(Text { bytes: bytes(), reply_to: None, expire_s: None });
        let replay = Replay { author: id(&self.world, 0), id: self.fresh(), sent_ms: 0, said };
        let group = self.group;
        let asks = GroupOperation::Request { group, after: GroupCommitHash::NONE };
        let details = ContactDetails {
            address: own.row.address.clone(),
            pin: own.row.pin,
            door: None,
            token: None,
            card: own.card().reference(),
            display_name: Str::new("somebody".to_owned()).unwrap(),
        };
        let receipt = Receipt { level: ReceiptLevel::Read, ids: List::new(vec![target]).unwrap() };
        let later: Content = codec::decode(&[99, 1, 7], MAX_MESSAGE_BYTES).unwrap();
        let all: Vec<Content> = vec![
            text("not from here"),
            file.into(),
            Edit { target, bytes: bytes() }.into(),
            Delete { target }.into(),
            Reaction { target, sign: Str::new("no".to_owned()).unwrap() }.into(),
            receipt.into(),
            Ping {}.into(),
            asks.into(),
            Lines { lines: List::new(lines).unwrap(), expire_s: None }.into(),
            details.into(),
            SessionReset { unopened: 1 }.into(),
            replay.into(),
            later,
        ];
        all
    }

    /// What makes an id known: under it, or under another one.
    fn takes_an_id(&mut self, id: MessageId) -> Vec<Option<(MessageId, Content)>> {
        let group = self.group;
        let asks = GroupOperation::Request { group, after: GroupCommitHash::NONE };
        let line = Line { id, bytes: Bytes::new(b"x".to_vec()).unwrap() };
        let lines = Lines { lines: List::new(vec![line]).unwrap(), expire_s: None };
        let gone = Delete { target: self.fresh() };
        vec![
            None,
            Some((id, text("between two"))),
            Some((id, gone.into())),
            Some((self.fresh(), Delete { target: id }.into())),
            Some((id, asks.into())),
            Some((self.fresh(), lines.into())),
        ]
    }

    /// Sends as nobody's program does.
    fn forge(&mut self, message: MessageId, content: Content, group: Option<GroupContext>) {
        let account = id(&self.world, self.whom);
        self.world.step(self.who, |draft, now, _| {
            let contact = contacts::with(draft, account).unwrap().unwrap();
            let (sent_ms, confirm, is_kept) = (0, Confirm::Later, false);
            let post = outbox::Post { account, message, sent_ms, content, confirm, is_kept, group };
            outbox::post(draft, &contact, post, now).unwrap();
        });
    }

    /// Every kind of content, twice under one id, which is known or not.
    fn tries_everything(&mut self) {
        let ways = self.takes_an_id(self.target).len();
        for way in 0..ways {
            for content in self.each_kind() {
                let message = self.fresh();
                if let Some((other, first)) = self.takes_an_id(message).swap_remove(way) {
                    self.forge(other, first, None);
                }
                for _ in 0..2 {
                    let at = Some(self.at.clone());
                    self.forge(message, content.clone(), at);
                }
            }
        }
    }

    /// All that the group is, as it is read.
    fn seen(&self) -> (BTreeMap<u64, (MessageRow, MarksRow)>, Vec<MessageId>) {
        let store = &self.world.nodes[self.whom].store;
        let mut found = BTreeMap::new();
        for (key, row) in store.all::<MessageRow>(&[]).unwrap() {
            let number = u64::from_be_bytes(key.try_into().unwrap());
            if row.group == Some(self.group) {
                found.insert(number, (row, marks::of(store, number).unwrap()));
            }
        }
        (found, row(&self.world, self.whom, self.group).recent)
    }

    fn puts_nothing_into_it(mut self) {
        self.world.read(self.whom);
        let before = self.seen();
        self.tries_everything();
        self.world.settle();
        self.check(&before);
        // What was not confirmed comes again.
        self.world.now.0 += 2 * 86_400;
        self.world.settle();
        self.check(&before);
    }

    fn check(&mut self, before: &(BTreeMap<u64, (MessageRow, MarksRow)>, Vec<MessageId>)) {
        let (said, recent) = self.seen();
        for (number, found) in &said {
            assert_eq!(Some(found), before.0.get(number));
        }
        assert_eq!((said.len(), recent), (before.0.len(), before.1.clone()));
        let store = &self.world.nodes[self.whom].store;
        assert!(hear::waiting(store).unwrap().is_empty());
        let account = id(&self.world, self.who);
        let unread = inbox::unread(store, 0, Whose::Everybody, usize::MAX).unwrap();
        let is_stranger =
            contacts::with(store, account).unwrap().unwrap().standing == Standing::Request;
        for one in &unread {
            assert!(!is_stranger || one.message.with != account, "shown: {one:?}");
            assert_eq!(one.message.group, None, "shown: {one:?}");
        }
        let refused = row(&self.world, self.whom, self.group).refused;
        assert!(refused.iter().any(|(whom, _)| *whom == account), "{refused:?}");
        let given = self.world.step(self.whom, |draft, now, rng| {
            let wanted = Wanted { from: 0, of: Whose::Everybody, waits: false };
            handling::take(draft, wanted, now, rng).unwrap()
        });
        let given = given.map(|one| (one.message.with, one.message.group));
        assert!(given.is_none_or(|(_, group)| group.is_none()), "given to a program");
        assert!(!is_stranger || given.is_none_or(|(by, _)| by != account), "given to a program");
    }
}

#[test]
fn a_stranger_puts_nothing_of_any_kind_into_a_group() {
    Outsider::stranger(80).puts_nothing_into_it();
}

#[test]
fn a_contact_who_is_not_in_it_puts_nothing_of_any_kind_into_a_group() {
    Outsider::contact(81).puts_nothing_into_it();
}

#[test]
fn a_former_member_puts_nothing_of_any_kind_into_a_group() {
    for whom in [0, 1] {
        Outsider::former(82, whom).puts_nothing_into_it();
    }
}

#[test]
fn a_member_without_the_right_to_write_writes_nothing_of_any_kind() {
    Outsider::without_right(83).puts_nothing_into_it();
}
