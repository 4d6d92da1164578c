//! What a relay answers. SPEC §"Answers".

pub mod admin;

use serde::{Deserialize, Serialize};

pub use self::admin::{Granted, InviteMade, InviteOut, Invites, User, UserQuota, Users};
pub use crate::work::WorkChallenge;
use crate::{
    bounded::{Bytes, List},
    card::Card,
    envelope::Envelope,
    id::RecordId,
    kinded::kinded,
    limits::{
        BLOB_CHUNK_BYTES, MAX_CARDS_PER_ANSWER, MAX_DEVICES, MAX_FRAME_BYTES, MAX_MISSING_RANGES,
        MAX_RECORD_BYTES, MAX_RECORDS_PER_ANSWER, MAX_ROWS_PER_ANSWER,
    },
    prekey::PrekeyBundle,
    secret::WorkTicket,
    signed::Signed,
    time::UnixSeconds,
};

/// The numbers of the answers.
pub(crate) mod kind {
    pub(crate) const DONE: u16 = 1;
    pub(crate) const SIGNED_IN: u16 = 2;
    pub(crate) const CARDS: u16 = 16;
    pub(crate) const BUNDLES: u16 = 17;
    pub(crate) const WORK_CHALLENGE: u16 = 18;
    pub(crate) const TICKET: u16 = 19;
    pub(crate) const COLLECTED: u16 = 48;
    pub(crate) const PREKEYS_LEFT: u16 = 66;
    pub(crate) const RECORD_STORED: u16 = 80;
    pub(crate) const RECORDS: u16 = 81;
    pub(crate) const BLOB_STATUS: u16 = 97;
    pub(crate) const BLOB_CHUNK: u16 = 98;
    pub(crate) const INVITE_MADE: u16 = 128;
    pub(crate) const INVITES: u16 = 129;
    pub(crate) const USERS: u16 = 144;
    pub(crate) const USER: u16 = 145;
}

kinded! {
    /// What a relay answers.
    pub enum Response[MAX_FRAME_BYTES] {
        /// It is done.
        1 Done,
        /// The device is signed in.
        2 SignedIn,
        /// Cards.
        16 Cards,
        /// Prekeys.
        17 Bundles,
        /// A challenge.
        18 WorkChallenge,
        /// A ticket.
        19 Ticket,
        /// Envelopes.
        48 Collected,
        /// A number of prekeys.
        66 PrekeysLeft,
        /// A record is kept.
        80 RecordStored,
        /// Records.
        81 Records,
        /// What there is of a blob.
        97 BlobStatus,
        /// A piece of a blob.
        98 BlobChunk,
        /// An invitation.
        128 InviteMade,
        /// Invitations.
        129 Invites,
        /// Accounts in short.
        144 Users,
        /// An account in short.
        145 User,
    }
}

/// It is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// The device is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The largest counter that this device has shown before.
    pub counter: u64,
    /// Envelopes that wait.
    pub envelopes: u32,
    /// One-time prekeys that are left.
    pub one_time: u16,
}

/// Cards in the order of their versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cards {
    /// The cards.
    pub cards: List<Signed<Card>, MAX_CARDS_PER_ANSWER>,
    /// Whether there are later ones.
    pub more: bool,
}

/// A bundle of prekeys for each device asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundles {
    /// The bundles.
    pub bundles: List<PrekeyBundle, MAX_DEVICES>,
}

/// What a proof of work buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The right.
    pub ticket: WorkTicket,
    /// Envelopes that may be deposited with it.
    pub knocks: u8,
    /// When it is no longer good.
    pub expires: UnixSeconds,
}

/// An envelope in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its place in the mailbox. Places rise, and some may be missing.
    pub sequence: u64,
    /// Whether a stranger deposited it, without the door.
    pub knock: bool,
    /// The envelope.
    pub envelope: Envelope,
}

/// Envelopes in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// The envelopes.
    pub rows: List<Row, MAX_ROWS_PER_ANSWER>,
    /// Whether there are more after them.
    pub more: bool,
}

/// One-time prekeys that are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrekeysLeft {
    /// How many.
    pub one_time: u16,
}

/// A record is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordStored {
    /// Its revision, higher than before.
    pub revision: u64,
}

/// A sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub id: RecordId,
    /// Its revision.
    pub revision: u64,
    /// The record, sealed.
    pub value: Bytes<MAX_RECORD_BYTES>,
}

/// Records in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// The records.
    pub records: List<Record, MAX_RECORDS_PER_ANSWER>,
    /// Whether there are more after them.
    pub more: bool,
}

/// What there is of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobStatus {
    /// Bytes of the whole blob.
    pub length: u64,
    /// The first pieces that are missing; none if the blob is whole.
    pub missing: List<ChunkRange, MAX_MISSING_RANGES>,
    /// When the relay forgets it.
    pub expires: UnixSeconds,
}

/// Pieces of a blob in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRange {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// A piece of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobChunk {
    /// Bytes of the whole blob.
    pub length: u64,
    /// The piece.
    pub bytes: Bytes<BLOB_CHUNK_BYTES>,
}
