//! People, cards, prekeys, rights and envelopes for the cases.

use std::ops::Range;

use ed25519_dalek::Signer as _;
use msg_protocol::{
    address::AccountName,
    card::{CARD_FORMAT, Card, CardHash, Device},
    codec,
    envelope::{Body, Envelope, EnvelopeKind},
    id::{AccountId, BlobId, DeviceId, EnvelopeId, MailboxId, RecordId},
    key::{AgreementKey, IdentityKey, KEM_KEY_BYTES, KemKey, Signature, SigningKey},
    limits::BLOB_CHUNK_BYTES,
    prekey::{LastResortPrekey, OneTimePair, PREKEY_FORMAT, PrekeyId, SignedPrekey},
    secret::{Door, SaltedHash},
    signed::{Signable, Signed, Verified},
    time::{UnixDay, UnixSeconds},
};

use crate::store::{
    RelayTime,
    account::NewAccount,
    blob::NewChunk,
    mailbox::{Entry, MailboxLimits, NewEnvelope},
    prekey::NewPrekeys,
    record::RecordLimits,
    right::{KnockRight, RightId, RightKind, StoredInvite},
};

/// When the cases play.
pub(crate) const NOW: RelayTime = RelayTime(1_800_000_000);
/// When what they make expires.
pub(crate) const LATER: RelayTime = NOW.plus_s(30 * 86_400);
/// Limits that no case comes near unless it means to.
pub(crate) const WIDE: MailboxLimits =
    MailboxLimits { envelopes: 10_000, bytes: 1 << 28, knocks: 32, ticket_knocks: 16 };
/// The same for records.
pub(crate) const MANY: RecordLimits = RecordLimits { records: 4_096, bytes: 1 << 25 };
/// The same for blobs.
pub(crate) const ROOM: u64 = 1 << 33;

const DAY: UnixDay = UnixDay(20_000);

/// Somebody with an identity and devices, all from a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person(pub(crate) u8);

pub(crate) const BOB: Person = Person(1);
pub(crate) const CAROL: Person = Person(2);

fn private(seed: [u8; 2]) -> ed25519_dalek::SigningKey {
    let mut bytes = [7; 32];
    bytes[..2].copy_from_slice(&seed);
    ed25519_dalek::SigningKey::from_bytes(&bytes)
}

fn sign<T: Signable>(key: &ed25519_dalek::SigningKey, value: &T) -> Signed<T> {
    let signature = key.sign(&Signed::message_for(value));
    Signed::from_parts(codec::encode(value), Signature(signature.to_bytes()))
}

/// The hash of a right that belongs to a number.
pub(crate) fn hash(number: u64) -> SaltedHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    SaltedHash::of(&Door::new(bytes), [9; 16])
}

impl Person {
    pub(crate) fn identity(self) -> IdentityKey {
        IdentityKey(private([self.0, 0]).verifying_key().to_bytes())
    }

    pub(crate) fn id(self) -> AccountId {
        AccountId::of(&self.identity())
    }

    pub(crate) fn name(self) -> AccountName {
        format!("person-{:03}", self.0).parse().unwrap()
    }

    pub(crate) fn device(self, number: u8) -> Device {
        let signing = private([self.0, number + 1]).verifying_key().to_bytes();
        let agreement = AgreementKey([number + 1; 32]);
        Device { signing: SigningKey(signing), agreement, added: DAY }
    }

    pub(crate) fn device_id(self, number: u8) -> DeviceId {
        self.device(number).id()
    }

    pub(crate) fn mailbox(self, number: u8) -> MailboxId {
        MailboxId::of(self.id(), self.device_id(number))
    }

    /// The first card, under that name.
    pub(crate) fn card_as(self, name: AccountName) -> Verified<Card> {
        self.sign_card(&Card {
            format: CARD_FORMAT,
            identity: self.identity(),
            name,
            version: 1,
            previous: CardHash::NONE,
            created: DAY,
            devices: vec![self.device(0)],
        })
    }

    pub(crate) fn first_card(self) -> Verified<Card> {
        self.card_as(self.name())
    }

    /// The card after that one, with those devices.
    pub(crate) fn next_card(self, held: &Verified<Card>, devices: &[u8]) -> Verified<Card> {
        let devices: Vec<Device> = devices.iter().map(|number| self.device(*number)).collect();
        self.next_card_with(held, devices)
    }

    pub(crate) fn next_card_with(
        self,
        held: &Verified<Card>,
        devices: Vec<Device>,
    ) -> Verified<Card> {
        let (version, previous) = (held.version + 1, held.hash());
        self.sign_card(&Card { version, previous, devices, ..Card::clone(held) })
    }

    pub(crate) fn sign_card(self, card: &Card) -> Verified<Card> {
        sign(&private([self.0, 0]), card).verify(&self.identity()).unwrap()
    }

    /// What the account's credential hashes to at first.
    pub(crate) fn credential(self) -> SaltedHash {
        hash(1_000 + u64::from(self.0))
    }

    pub(crate) fn registration(self) -> NewAccount {
        NewAccount {
            card: self.first_card(),
            credential: self.credential(),
            device_credential: hash(2_000 + u64::from(self.0)),
            door: hash(3_000 + u64::from(self.0)),
            invite: None,
            created: DAY,
        }
    }

    fn sign_prekey<T: Signable<Signer = SigningKey>>(self, device: u8, value: &T) -> Verified<T> {
        let key = SigningKey(private([self.0, device + 1]).verifying_key().to_bytes());
        sign(&private([self.0, device + 1]), value).verify(&key).unwrap()
    }

    pub(crate) fn signed_prekey(self, device: u8, number: u32) -> Verified<SignedPrekey> {
        let (id, key) = (PrekeyId(number), AgreementKey([3; 32]));
        self.sign_prekey(device, &SignedPrekey { format: PREKEY_FORMAT, id, key, expires: DAY })
    }

    pub(crate) fn last_resort(self, device: u8, number: u32) -> Verified<LastResortPrekey> {
        let (id, key) = (PrekeyId(number), KemKey::new([4; KEM_KEY_BYTES]));
        self.sign_prekey(device, &LastResortPrekey { format: PREKEY_FORMAT, id, key, expires: DAY })
    }

    /// A one-time pair whose keys say `variant`.
    pub(crate) fn pair(self, device: u8, number: u32, variant: u8) -> Verified<OneTimePair> {
        self.sign_prekey(
            device,
            &OneTimePair {
                format: PREKEY_FORMAT,
                id: PrekeyId(number),
                agreement: AgreementKey([variant; 32]),
                kem: KemKey::new([variant; KEM_KEY_BYTES]),
            },
        )
    }

    /// All that a device publishes, with pairs of those numbers.
    pub(crate) fn prekeys(self, device: u8, numbers: Range<u32>) -> NewPrekeys {
        NewPrekeys {
            signed: Some(self.signed_prekey(device, 1)),
            last_resort: Some(self.last_resort(device, 1)),
            one_time: numbers.map(|number| self.pair(device, number, 5)).collect(),
            replace: false,
        }
    }
}

/// An envelope with a body of 4 KiB that begins with its number.
pub(crate) fn envelope(mailbox: MailboxId, number: u32) -> Envelope {
    envelope_of(mailbox, number, 4_096)
}

pub(crate) fn envelope_of(mailbox: MailboxId, number: u32, bytes: usize) -> Envelope {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let mut body = vec![8; bytes];
    body[..4].copy_from_slice(&number.to_be_bytes());
    Envelope {
        mailbox,
        id: EnvelopeId(id),
        kind: EnvelopeKind::Session,
        expires: UnixSeconds(LATER.0),
        body: Body::new(body).unwrap(),
    }
}

/// A deposit by the door.
pub(crate) fn by_door(mailbox: MailboxId, number: u32) -> NewEnvelope {
    let envelope = envelope(mailbox, number);
    NewEnvelope { envelope, entry: Entry::Door, expires: LATER, limits: WIDE }
}

/// A deposit without it.
pub(crate) fn knock(mailbox: MailboxId, number: u32, right: RightId) -> NewEnvelope {
    NewEnvelope { entry: Entry::Knock(right), ..by_door(mailbox, number) }
}

/// A name for a right.
pub(crate) fn right_id(number: u8) -> RightId {
    RightId([number; 32])
}

/// A right that is good until [`LATER`].
pub(crate) fn right(kind: RightKind, knocks: u8) -> KnockRight {
    KnockRight { kind, hash: hash(77), fetch: true, knocks, expires: LATER }
}

/// An invitation that is good until [`LATER`].
pub(crate) fn invite(uses: u32) -> StoredInvite {
    let note = "for a friend".to_owned();
    StoredInvite { hash: hash(88), uses, expires: LATER, created: DAY, note }
}

pub(crate) fn record_id(number: u8) -> RecordId {
    RecordId([number; 32])
}

pub(crate) fn blob_id(number: u8) -> BlobId {
    BlobId([number; 32])
}

/// A piece of a blob: all of its bytes say which.
pub(crate) fn chunk(person: Person, blob: u8, length: u64, index: u32) -> NewChunk {
    let piece = BLOB_CHUNK_BYTES as u64;
    let bytes = (length - u64::from(index) * piece).min(piece);
    NewChunk {
        account: person.id(),
        blob: blob_id(blob),
        length,
        index,
        bytes: vec![index.to_be_bytes()[3]; usize::try_from(bytes).unwrap()],
        account_bytes: ROOM,
        expires: LATER,
    }
}
