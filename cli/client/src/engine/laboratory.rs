//! Several accounts and a relay in one process, in simulated time: what is lost,
//! repeated, cut off or set back is drawn from a seed.

mod cards;
mod groups;
mod relay;

use core::ops::ControlFlow;

use msg_protocol::{
    address::{Address, Pin},
    bounded::{Bytes, List},
    content::{Confirm, Content, Line, Lines, Text},
    id::{AccountId, MessageId},
    prekey::PrekeyBundle,
    request::Access,
    secret::AccountCredential,
    time::UnixSeconds,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use self::relay::Relay;
use super::{
    account::{self, NewAccount, Own},
    contacts::{self, NewContact},
    inbox::{self, News},
    outbox::{self, Deposited, Due},
    prekeys, receipts,
};
use crate::{
    rows::{Level, Place, RightRow, Whose, account::key},
    step::Draft,
    store::{Rows as _, Table, memory::Memory},
};

/// One account.
pub(super) struct Node {
    pub(super) store: Memory,
    pub(super) id: AccountId,
    pub(super) address: Address,
}

/// All of them.
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    relay: Relay,
    pub(super) now: UnixSeconds,
    pub(super) rng: ChaCha8Rng,
    /// Where somebody was looked for.
    pub(super) looks: Vec<Place>,
    /// Whether nobody is found anywhere.
    pub(super) is_away: bool,
}

impl World {
    /// A world with people in it, who have prekeys at the relay.
    pub(super) fn new(seed: u64, names: &[&str]) -> Self {
        let mut world = Self {
            nodes: Vec::new(),
            relay: Relay::default(),
            now: UnixSeconds(1_800_000_000),
            rng: ChaCha8Rng::seed_from_u64(seed),
            looks: Vec::new(),
            is_away: false,
        };
        for name in names {
            world.found(name);
        }
        world
    }

    /// Somebody comes; whoever has that name already loses it at the relay.
    pub(super) fn found(&mut self, name: &str) {
        let address: Address = format!("{name}@relay.example").parse().unwrap();
        let new = NewAccount {
            address: address.clone(),
            pin: Some(Pin::of(b"relay")),
            credential: AccountCredential::new([9; 32]),
            keeps_credential: true,
        };
        let mut store = Memory::default();
        let draft = Draft::new(&store);
        account::found(&draft, new, self.now, &mut self.rng);
        let step = draft.step(());
        step.commit(&mut store).unwrap();
        let own = Own::load(&store).unwrap();
        let card = own.row.cards[0].clone();
        self.relay.cards.insert(name.to_owned(), card);
        self.nodes.push(Node { store, id: own.id(), address });
        let index = self.nodes.len() - 1;
        self.publish(index, 0);
    }

    /// Does something in one step.
    pub(super) fn step<T>(
        &mut self,
        who: usize,
        decide: impl FnOnce(&Draft<'_>, UnixSeconds, &mut ChaCha8Rng) -> T,
    ) -> T {
        let node = &mut self.nodes[who];
        let draft = Draft::new(&node.store);
        let outcome = decide(&draft, self.now, &mut self.rng);
        let step = draft.step(outcome);
        step.commit(&mut node.store).unwrap()
    }

    /// The same, cut off before the commit.
    pub(super) fn killed<T>(
        &mut self,
        who: usize,
        decide: impl FnOnce(&Draft<'_>, UnixSeconds, &mut ChaCha8Rng) -> T,
    ) {
        let draft = Draft::new(&self.nodes[who].store);
        decide(&draft, self.now, &mut self.rng);
    }

    fn publish(&mut self, who: usize, left: u16) {
        let epoch = self.relay.epoch();
        let requests = self
            .step(who, |draft, now, rng| prekeys::maintain(draft, epoch, left, now, rng).unwrap());
        self.step(who, |draft, _, _| prekeys::published(draft, epoch).unwrap());
        let id = self.nodes[who].id;
        self.relay.publish(id, requests);
    }

    fn bundle(&mut self, id: AccountId) -> PrekeyBundle {
        let card = self.nodes.iter().find(|node| node.id == id).unwrap();
        let device = Own::load(&card.store).unwrap().device_id();
        self.relay.bundle(id, device)
    }

    /// One adds another.
    pub(super) fn add(&mut self, who: usize, whom: usize) {
        let address = self.nodes[whom].address.clone();
        let card = self.relay.cards[address.name.as_str()].clone();
        let card = card.verify_by_own_identity().unwrap();
        let place = Place { address, pin: Some(Pin::of(b"relay")) };
        self.step(who, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            let new = NewContact { place, card, name: None, is_verified: false, token: None };
            contacts::add(draft, &own, new, now, rng).unwrap();
        });
    }

    /// One posts a text to another; gives its id.
    pub(super) fn post(&mut self, who: usize, whom: usize, text: &str) -> MessageId {
        let bytes = Bytes::new(text.as_bytes().to_vec()).unwrap();
        self.post_content(who, whom, Text { bytes, reply_to: None, expire_s: None }.into())
    }

    /// One posts several texts at once.
    pub(super) fn post_lines(&mut self, who: usize, whom: usize, texts: &[&str]) -> MessageId {
        let lines = texts.iter().map(|text| Line {
            id: outbox::new_message_id(&mut self.rng),
            bytes: Bytes::new(text.as_bytes().to_vec()).unwrap(),
        });
        let lines = List::new(lines.collect()).unwrap();
        self.post_content(who, whom, Lines { lines, expire_s: None }.into())
    }

    /// One's device loses all sessions.
    pub(super) fn forget_sessions(&mut self, who: usize) {
        let mut keys = Vec::new();
        let visit = &mut |key: &[u8], _: &[u8]| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        };
        self.nodes[who].store.scan(Table::Sessions, &[], visit).unwrap();
        self.step(who, |draft, _, _| {
            for key in &keys {
                draft.remove(Table::Sessions, key);
            }
        });
    }

    pub(super) fn post_content(&mut self, who: usize, whom: usize, content: Content) -> MessageId {
        let account = self.nodes[whom].id;
        self.step(who, |draft, now, rng| {
            let contact = contacts::with(draft, account).unwrap().unwrap();
            let message = outbox::new_message_id(rng);
            let post = outbox::Post {
                account,
                message,
                sent_ms: now.0 * 1_000,
                content,
                confirm: Confirm::Later,
                is_kept: true,
                group: None,
            };
            outbox::post(draft, &contact, post, now).unwrap();
            message
        })
    }

    /// One delivers. Of what the relay takes, some answers are lost on the way.
    pub(super) fn deliver(&mut self, who: usize, lost_answers_in_8: u32) {
        for _ in 0..2 {
            let due = self.step(who, |draft, now, rng| {
                receipts::post_due(draft, now, rng).unwrap();
                crate::engine::groups::introduce::post_due(draft, now, rng).unwrap();
                let own = Own::load(draft).unwrap();
                outbox::due(draft, &own, None, now, rng).unwrap()
            });
            let Due { parcels, wants } = due;
            let mut answers = Vec::new();
            for parcel in parcels {
                self.relay.accept(&parcel.envelope);
                if self.rng.next_u32() % 8 >= lost_answers_in_8 {
                    answers.push(Deposited {
                        number: parcel.number,
                        envelope: parcel.envelope.id,
                        access: parcel.access,
                        answer: Ok(()),
                    });
                }
            }
            if !answers.is_empty() {
                self.hear(who);
            }
            self.step(who, |draft, now, _| outbox::deposited(draft, &answers, now).unwrap());
            for want in wants {
                let bundle = self.bundle(want.account);
                self.step(who, |draft, now, rng| {
                    let own = Own::load(draft).unwrap();
                    let access = want.access.clone().unwrap_or(Access::None);
                    if want.access.is_none() {
                        let right = RightRow {
                            access: access.clone(),
                            fetch: true,
                            knocks: 8,
                            expires: now.plus_days(1),
                        };
                        outbox::bought(draft, want.account, right).unwrap();
                    }
                    let bundles = vec![bundle];
                    outbox::begin(draft, &own, want.account, &access, bundles, now, rng).unwrap()
                });
            }
        }
    }

    fn hear(&mut self, who: usize) {
        let (relay, epoch) = ("relay.example".parse().unwrap(), self.relay.epoch());
        self.step(who, |draft, now, _| outbox::relay_is_in(draft, &relay, epoch, now).unwrap());
    }

    /// One collects; the acknowledgement may be lost. Strangers are looked for.
    pub(super) fn collect(&mut self, who: usize, loses_acknowledgement: bool) -> Vec<News> {
        self.sign_in(who);
        let own = Own::load(&self.nodes[who].store).unwrap();
        let mailbox = own.mailbox();
        let rows = self.relay.rows.get(&mailbox).cloned().unwrap_or_default();
        let epoch = self.relay.epoch();
        let taken =
            self.step(who, |draft, now, rng| inbox::take(draft, epoch, &rows, now, rng).unwrap());
        if let Some(up_to) = taken.up_to.filter(|_| !loses_acknowledgement) {
            let rows = self.relay.rows.entry(mailbox).or_default();
            rows.retain(|row| row.sequence > up_to);
        }
        let fresh: Vec<AccountId> = taken
            .news
            .iter()
            .filter_map(|news| if let News::Claim(id) = news { Some(*id) } else { None })
            .collect();
        self.look_around(who, &fresh);
        self.meet_new(who, &taken.news);
        self.step(who, |draft, _, _| {
            let mut state = account::relay(draft).unwrap();
            state.door = account::row(draft).unwrap().door_number;
            draft.write(key::RELAY, &state);
        });
        self.publish(who, 50);
        self.hear(who);
        taken.news
    }

    fn look_around(&mut self, who: usize, fresh: &[AccountId]) {
        let sought = self.step(who, |draft, now, _| {
            let own = account::row(draft).unwrap();
            contacts::to_look_for(draft, &own, fresh, now).unwrap()
        });
        for (account, is_claim) in sought {
            if is_claim {
                self.look_for(who, account);
            }
        }
    }

    /// One looks for another where they say that they live, and is shown what the
    /// relay has of that name.
    pub(super) fn look_for(&mut self, who: usize, account: AccountId) {
        let store = &self.nodes[who].store;
        let Some(claim) = contacts::with(store, account).unwrap().unwrap().claim else { return };
        let own = account::row(store).unwrap();
        let (place, _) = contacts::named_place(store, &own, &claim).unwrap();
        self.looks.push(place.clone());
        if self.is_away {
            return;
        }
        let found = self.relay.cards.get(place.address.name.as_str()).cloned();
        self.step(who, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            contacts::looked_for(draft, &own, account, &place, found, now, rng).unwrap();
        });
    }

    fn sign_in(&mut self, who: usize) {
        let shown = self.step(who, |draft, _, _| account::sign_in(draft).unwrap().counter);
        let id = self.nodes[who].id;
        let before = self.relay.count(id, shown);
        self.step(who, |draft, now, rng| {
            if before >= shown {
                inbox::set_back(draft, before, now, rng).unwrap();
            }
        });
    }

    /// The relay loses all that it holds.
    pub(super) fn lose_mail(&mut self) {
        self.relay.rows.clear();
        self.relay.ids.clear();
    }

    /// The relay begins again.
    pub(super) fn restart(&mut self) {
        self.relay.starts += 1;
    }

    /// All that one has not read, as texts; read now.
    pub(super) fn read(&mut self, who: usize) -> Vec<String> {
        self.step(who, |draft, now, rng| {
            let unread = inbox::unread(draft, 0, Whose::Everybody, usize::MAX).unwrap();
            let numbers: Vec<u64> = unread.iter().map(|one| one.number).collect();
            inbox::mark_read(draft, &numbers, now, rng).unwrap();
            let text = |one: &inbox::Unread| match &one.message.content {
                Content::Text(_) if one.message.notice.is_some() => None,
                Content::Text(text) => Some(String::from_utf8(text.bytes.to_vec()).unwrap()),
                _ => None,
            };
            unread.iter().filter_map(text).collect()
        })
    }

    /// How far a message got.
    pub(super) fn level(&self, who: usize, whom: usize, message: MessageId) -> Option<Level> {
        outbox::level_of(&self.nodes[who].store, self.nodes[whom].id, message).unwrap()
    }

    /// Lets time pass and everybody do what is due, until nothing is on its way.
    pub(super) fn settle(&mut self) {
        for _ in 0..12 {
            self.now.0 += 70;
            for who in 0..self.nodes.len() {
                self.collect(who, false);
                self.deliver(who, 0);
            }
        }
    }
}
