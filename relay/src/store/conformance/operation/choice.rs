//! Which operations a run makes: over few names, so that they meet.

use msg_protocol::{card::Card, limits::BLOB_CHUNK_BYTES, secret::SaltedHash, signed::Verified};

use super::Operation;
use crate::store::{
    Accounts as _, RelayTime,
    account::{Account, AccountChange, DeviceChange, NewAccount, Quota, Whose},
    blob::NewChunk,
    conformance::{
        dice::Dice,
        laboratory::{Person, chunk, envelope_of, hash, invite, right, right_id},
    },
    mailbox::{ENVELOPE_OVERHEAD_BYTES, Entry, MailboxLimits, NewEnvelope},
    memory::Memory,
    prekey::{NewPrekeys, Taking},
    record::RecordLimits,
    right::{KnockRight, RightKind, StoredInvite},
};

const PEOPLE: u8 = 3;
const DEVICES: u8 = 3;
const RIGHTS: u8 = 5;
const BLOBS: u8 = 3;

/// The choices of one run.
pub(crate) struct Choices {
    dice: Dice,
    /// For hashes that were never there.
    fresh: u64,
    /// Where the next one-time pairs begin: mostly above all before.
    pair: u32,
}

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), fresh: 10_000, pair: 0 }
    }

    /// Seconds that pass before the next operation.
    pub(crate) fn pause_s(&mut self) -> u64 {
        if self.dice.percent(6) { self.dice.below(80) } else { 0 }
    }

    /// Whether the last operation is done once more.
    pub(crate) fn again(&mut self) -> bool {
        self.dice.percent(8)
    }

    /// The next operation, given what there is.
    pub(crate) async fn next(&mut self, model: &Memory, now: RelayTime) -> Operation {
        match self.dice.below(100) {
            0..9 => self.create(),
            9..12 => self.find(),
            12..26 => self.change(model, now).await,
            26..28 => self.delete(model).await,
            28..38 => self.prekeys(),
            38..48 => self.rights(now),
            48..53 => self.invites(now),
            53..73 => self.append(now),
            73..83 => self.read_mail(),
            83..91 => self.records(),
            _ => self.blobs(now),
        }
    }

    fn person(&mut self) -> Person {
        Person(self.dice.byte(PEOPLE))
    }

    fn soon(&mut self, now: RelayTime) -> RelayTime {
        now.plus_s(1 + self.dice.below(300))
    }

    fn create(&mut self) -> Operation {
        let person = self.person();
        let namesake = if self.dice.percent(80) { person } else { self.person() };
        let invite = self.dice.percent(40).then(|| right_id(self.dice.byte(RIGHTS)));
        let card = person.card_as(namesake.name());
        Operation::Create(Box::new(NewAccount { card, invite, ..person.registration() }))
    }

    fn find(&mut self) -> Operation {
        let (who, device) = (self.person(), self.dice.byte(DEVICES));
        match self.dice.below(5) {
            0 => Operation::ByName(who),
            1 => Operation::ByMailbox(who, device),
            2 => Operation::Cards(who, u32::from(self.dice.byte(9)), 1 + self.dice.count(3)),
            3 => Operation::Accounts(self.dice.percent(60).then_some(who), self.dice.count(4)),
            _ => Operation::Device(who, device),
        }
    }

    /// The credential, most often the right one.
    fn by(&mut self, account: Option<&Account>) -> Option<SaltedHash> {
        match self.dice.below(10) {
            0 => Some(hash(404)),
            1..6 => account.map(|account| account.credential),
            _ => None,
        }
    }

    async fn delete(&mut self, model: &Memory) -> Operation {
        let who = self.person();
        let account = model.account(Whose::Id(who.id())).await.unwrap();
        let by = self.by(account.as_ref());
        Operation::Delete(who, by)
    }

    async fn change(&mut self, model: &Memory, now: RelayTime) -> Operation {
        let who = self.person();
        let account = model.account(Whose::Id(who.id())).await.unwrap();
        let by = self.by(account.as_ref());
        self.fresh += 1;
        let fresh = hash(self.fresh);
        let change = match self.dice.below(12) {
            0 => AccountChange::Credential(fresh),
            1 => AccountChange::Door(fresh, self.soon(now)),
            2 => AccountChange::Suspended(self.dice.percent(50)),
            3 => {
                let blob_bytes = Some(self.dice.below(9));
                AccountChange::Quota(Quota { blob_bytes, ..Quota::default() })
            }
            4 => AccountChange::Administrator(self.dice.percent(50)),
            5 => return Operation::Counter(who, self.dice.byte(DEVICES), self.dice.below(20)),
            _ => {
                let held = account.map(|account| account.card.verify_by_own_identity().unwrap());
                self.card(who, &held.unwrap_or_else(|| who.first_card()))
            }
        };
        Operation::Change(who, by, change)
    }

    /// A card, most often one that may follow.
    fn card(&mut self, who: Person, held: &Verified<Card>) -> AccountChange {
        let mut devices = held.devices.clone();
        let number = self.dice.byte(DEVICES);
        let (device, id) = (who.device(number), who.device_id(number));
        let place = devices.iter().position(|other| other.id() == id);
        let change = match place {
            _ if self.dice.percent(20) => DeviceChange::None,
            None => {
                devices.insert(self.dice.count(devices.len() + 1), device);
                self.fresh += 1;
                DeviceChange::Add(id, hash(self.fresh))
            }
            Some(place) if devices.len() > 1 => {
                devices.remove(place);
                DeviceChange::Remove(id)
            }
            Some(_) => DeviceChange::None,
        };
        let next = who.next_card_with(held, devices.clone());
        let card = match self.dice.below(10) {
            0 => return AccountChange::Card(Box::new(held.clone()), DeviceChange::None),
            1 => who.next_card_with(&next, devices),
            2 => who.card_as(held.name.clone()),
            _ => next,
        };
        AccountChange::Card(Box::new(card), change)
    }

    fn prekeys(&mut self) -> Operation {
        let (who, device) = (self.person(), self.dice.byte(DEVICES));
        match self.dice.below(8) {
            0..3 => {
                self.pair += u32::from(self.dice.byte(6));
                let first = self.pair;
                let some = first..first + u32::from(self.dice.byte(6));
                let many = self.dice.percent(15);
                let numbers = if many { first..first + 40 } else { some };
                let mut prekeys = who.prekeys(device, numbers);
                prekeys.signed = self.dice.percent(70).then(|| who.signed_prekey(device, first));
                let last_resort = prekeys.last_resort.filter(|_| self.dice.percent(70));
                let replace = self.dice.percent(10);
                Operation::Publish(who, device, NewPrekeys { last_resort, replace, ..prekeys })
            }
            3 => Operation::Stock(who, device),
            _ => {
                let devices = self.dice.pick(&[vec![], vec![device], vec![2, 0], vec![1, 9]]);
                let right = right_id(self.dice.byte(RIGHTS));
                let ways = [Taking::Door, Taking::Without, Taking::Right(right)];
                Operation::Take(who, devices, self.dice.pick(&ways))
            }
        }
    }

    fn rights(&mut self, now: RelayTime) -> Operation {
        let (who, id) = (self.person(), self.dice.byte(RIGHTS));
        match self.dice.below(8) {
            0 => Operation::Right(who, id),
            1 => Operation::Tokens(who),
            2 => Operation::RevokeToken(who, id),
            _ => {
                let kind = self.dice.pick(&[RightKind::Ticket, RightKind::Token]);
                let expires = self.soon(now);
                let right = KnockRight { expires, ..right(kind, self.dice.byte(4)) };
                Operation::AddRight(who, id, right, 1 + self.dice.count(3))
            }
        }
    }

    fn invites(&mut self, now: RelayTime) -> Operation {
        let id = self.dice.byte(RIGHTS);
        match self.dice.below(6) {
            0 => Operation::Invites,
            1 => Operation::RevokeInvite(id),
            _ => {
                let expires = self.soon(now);
                let uses = 1 + u32::from(self.dice.byte(3));
                Operation::AddInvite(id, StoredInvite { expires, ..invite(uses) }, 3)
            }
        }
    }

    fn append(&mut self, now: RelayTime) -> Operation {
        let mailbox = self.person().mailbox(self.dice.byte(DEVICES));
        let number = u32::from(self.dice.byte(12));
        let bytes = self.dice.pick(&[4_096, 4_096, 8_192, 65_536]);
        let entry = if self.dice.percent(50) {
            Entry::Door
        } else {
            Entry::Knock(right_id(self.dice.byte(RIGHTS)))
        };
        let limits = MailboxLimits {
            envelopes: self.dice.pick(&[8, 8, 3]),
            bytes: self.dice.pick(&[1 << 20, 2 * (4_096 + ENVELOPE_OVERHEAD_BYTES)]),
            knocks: self.dice.pick(&[4, 2]),
            ticket_knocks: 2,
        };
        let envelope = envelope_of(mailbox, number, bytes);
        let expires = self.soon(now);
        let new = NewEnvelope { envelope, entry, expires, limits };
        Operation::Append(Box::new(new))
    }

    fn read_mail(&mut self) -> Operation {
        let mailbox = self.person().mailbox(self.dice.byte(DEVICES));
        let place = self.dice.count(10);
        match self.dice.below(5) {
            0 => Operation::Waiting(mailbox),
            1 => Operation::AcknowledgeUpTo(mailbox, place % 4),
            2 => Operation::AcknowledgeOne(mailbox, place),
            _ => {
                let bytes = self.dice.pick(&[usize::MAX, 8_192, 1]);
                Operation::Collect(mailbox, place, 1 + self.dice.count(4), bytes)
            }
        }
    }

    fn records(&mut self) -> Operation {
        let (who, id) = (self.person(), self.dice.byte(4));
        match self.dice.below(6) {
            0 => Operation::DeleteRecord(who, id, self.dice.below(4)),
            1 => {
                let after = self.dice.percent(50).then_some(id);
                Operation::Records(who, after, 1 + self.dice.count(3), self.dice.count(12))
            }
            _ => {
                let value = vec![self.dice.byte(2); self.dice.count(6)];
                let limits = RecordLimits { records: 3, bytes: 12 };
                Operation::PutRecord(who, id, self.dice.below(4), value, limits)
            }
        }
    }

    fn blobs(&mut self, now: RelayTime) -> Operation {
        let (who, id) = (self.person(), self.dice.byte(BLOBS));
        let index = u32::from(self.dice.byte(4));
        let piece = BLOB_CHUNK_BYTES as u64;
        match self.dice.below(8) {
            0 => Operation::Blob(who, id, self.dice.count(3)),
            1 => Operation::Chunk(id, index),
            2 => Operation::DeleteBlob(who, id),
            _ => {
                let length = self.dice.pick(&[3 * piece + 5, 3 * piece + 5, 3 * piece + 6]);
                let expires = self.soon(now);
                let account_bytes = self.dice.pick(&[20 * piece, 4 * piece]);
                Operation::PutChunk(NewChunk {
                    account_bytes,
                    expires,
                    ..chunk(who, id, length, index)
                })
            }
        }
    }
}

impl Operation {
    /// What reads all there is.
    pub(crate) fn reads() -> Vec<Self> {
        let mut reads = vec![Self::Invites, Self::Accounts(None, 99), Self::Figures];
        reads.extend((0..BLOBS).flat_map(|id| (0..4).map(move |index| Self::Chunk(id, index))));
        for who in (0..PEOPLE).map(Person) {
            reads.extend([
                Self::ByName(who),
                Self::ById(who),
                Self::Cards(who, 0, 999),
                Self::Tokens(who),
                Self::Records(who, None, 99, usize::MAX),
                Self::Holdings(who),
            ]);
            reads.extend((0..BLOBS).map(|id| Self::Blob(who, id, 9)));
            reads.extend((0..RIGHTS).map(|id| Self::Right(who, id)));
            for device in 0..DEVICES {
                let mailbox = who.mailbox(device);
                reads.extend([
                    Self::Device(who, device),
                    Self::ByMailbox(who, device),
                    Self::Stock(who, device),
                    Self::Waiting(mailbox),
                    Self::Collect(mailbox, 0, 99, usize::MAX),
                ]);
            }
        }
        reads
    }
}
