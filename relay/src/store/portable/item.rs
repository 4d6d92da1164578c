//! An item: everything about one thing that a store keeps.

use msg_protocol::{
    bounded::Bytes,
    card::Card,
    codec,
    id::{AccountId, BlobId, DeviceId, RecordId},
    limits::{BLOB_CHUNK_BYTES, MAX_BODY_BYTES, MAX_CARD_BYTES, MAX_RECORD_BYTES},
    prekey::{LastResortPrekey, OneTimePair, PrekeyId, SignedPrekey},
    response::Row,
    secret::SaltedHash,
    signed::Signed,
};
use serde::Serialize;

use super::mark::{Kind, Mark};
use crate::store::{
    RelayTime,
    account::Account,
    right::{KnockRight, RightId, StoredInvite},
};

/// How items are encoded: the first byte of each.
pub const ITEM_FORMAT: u8 = 1;

/// Most bytes of an encoded item: a body, or a piece of a blob, with what it is.
pub const MAX_ITEM_BYTES: usize = 66 * 1024;

const _: () = assert!(
    MAX_BODY_BYTES <= 64 * 1024
        && BLOB_CHUNK_BYTES <= 64 * 1024
        && MAX_CARD_BYTES + MAX_RECORD_BYTES <= 64 * 1024
);

/// Everything about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Item {
    /// What is true of the store as a whole.
    Facts(Facts),
    /// An account with its latest card.
    Account(Box<Account>),
    /// A card that was an account's latest.
    Card {
        /// Whose.
        account: AccountId,
        /// Its version.
        version: u32,
        /// The card.
        card: Signed<Card>,
    },
    /// A device, with its mailbox.
    Device(DeviceItem),
    /// What a device has left for others.
    Prekey {
        /// Whose device.
        account: AccountId,
        /// Which.
        device: DeviceId,
        /// The prekey.
        prekey: PrekeyItem,
    },
    /// A ticket or a token, with what is left of it.
    Right {
        /// First contact with whom.
        account: AccountId,
        /// What names it.
        id: RightId,
        /// What it is good for.
        right: KnockRight,
    },
    /// An invitation, used up or not.
    Invite {
        /// What names it.
        id: RightId,
        /// What it is good for.
        invite: StoredInvite,
    },
    /// A record.
    Record {
        /// Whose.
        account: AccountId,
        /// Which.
        id: RecordId,
        /// Its revision.
        revision: u64,
        /// What its owner has sealed.
        value: Bytes<MAX_RECORD_BYTES>,
    },
    /// A blob, but for its pieces.
    Blob {
        /// Whose.
        account: AccountId,
        /// Which.
        id: BlobId,
        /// Bytes of the whole.
        length: u64,
        /// When it is forgotten.
        expires: RelayTime,
    },
    /// A piece of a blob.
    Chunk {
        /// Which blob.
        blob: BlobId,
        /// Which piece.
        index: u32,
        /// The piece.
        bytes: Bytes<BLOB_CHUNK_BYTES>,
    },
    /// An envelope in its mailbox.
    Envelope {
        /// It, with its sequence number.
        row: Row,
        /// When it is forgotten.
        forgotten: RelayTime,
    },
}

/// What is true of the store as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The secret for challenges.
    pub secret: [u8; 32],
    /// The store's time as it was last kept.
    pub time: Option<RelayTime>,
    /// No sequence number that was ever given, in whichever mailbox, is higher.
    pub sequence: u64,
}

/// A device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DeviceItem {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub device: DeviceId,
    /// Hash of its credential.
    pub credential: SaltedHash,
    /// The largest counter that it has shown.
    pub counter: u64,
    /// The first number that no one-time pair has had yet.
    pub next_pair: u64,
}

/// A prekey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum PrekeyItem {
    /// The signed prekey.
    Signed(Signed<SignedPrekey>),
    /// The last-resort prekey.
    LastResort(Signed<LastResortPrekey>),
    /// A one-time pair, by its number.
    Pair(PrekeyId, Signed<OneTimePair>),
}

impl PrekeyItem {
    /// Which of a device's prekeys it is.
    fn place(&self) -> Vec<u8> {
        match self {
            Self::Signed(_) => vec![0],
            Self::LastResort(_) => vec![1],
            Self::Pair(id, _) => [[2].as_slice(), &id.0.to_be_bytes()].concat(),
        }
    }
}

impl Item {
    /// Where it stands in the order.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Facts(_) => Mark::new(Kind::Facts, &[]),
            Self::Account(account) => Mark::new(Kind::Account, &[account.id.as_bytes()]),
            Self::Card { account, version, .. } => {
                Mark::new(Kind::Card, &[account.as_bytes(), &version.to_be_bytes()])
            }
            Self::Device(device) => {
                Mark::new(Kind::Device, &[device.account.as_bytes(), device.device.as_bytes()])
            }
            Self::Prekey { account, device, prekey } => {
                Mark::new(Kind::Prekey, &[account.as_bytes(), device.as_bytes(), &prekey.place()])
            }
            Self::Right { account, id, .. } => Mark::new(Kind::Right, &[account.as_bytes(), &id.0]),
            Self::Invite { id, .. } => Mark::new(Kind::Invite, &[&id.0]),
            Self::Record { account, id, .. } => {
                Mark::new(Kind::Record, &[account.as_bytes(), id.as_bytes()])
            }
            Self::Blob { id, .. } => Mark::new(Kind::Blob, &[id.as_bytes()]),
            Self::Chunk { blob, index, .. } => {
                Mark::new(Kind::Chunk, &[blob.as_bytes(), &index.to_be_bytes()])
            }
            Self::Envelope { row, .. } => Mark::new(
                Kind::Envelope,
                &[row.envelope.mailbox.as_bytes(), &row.sequence.to_be_bytes()],
            ),
        }
    }

    /// Its bytes, the same whatever engine it comes from: what a move is checked by.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![ITEM_FORMAT];
        bytes.extend(codec::encode(self));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::laboratory::{BOB, LATER, envelope_of};

    #[test]
    fn no_item_is_longer_than_an_item_may_be() {
        let envelope = envelope_of(BOB.mailbox(0), 1, MAX_BODY_BYTES);
        let row = Row { sequence: u64::MAX, knock: true, envelope };
        let longest = Item::Envelope { row, forgotten: LATER }.encode();
        assert_eq!(longest.first(), Some(&ITEM_FORMAT));
        assert!(longest.len() > 64 * 1024 && longest.len() <= MAX_ITEM_BYTES);
    }
}
