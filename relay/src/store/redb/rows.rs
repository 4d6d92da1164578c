//! The rows: what each table holds.

use msg_protocol::{
    address::AccountName,
    card::Card,
    id::{AccountId, DeviceId, EnvelopeId},
    prekey::{LastResortPrekey, OneTimePair, SignedPrekey},
    secret::SaltedHash,
    signed::Signed,
    time::UnixDay,
};
use serde::{Deserialize, Serialize};

use super::{row::Row, table::Table};

macro_rules! rows {
    ($($name:ident in $table:ident;)*) => {
        $(impl Row for $name { const TABLE: Table = Table::$table; })*
    };
}

rows! {
    Counters in Meta;
    Text in Meta;
    Secret in Meta;
    NameRow in Names;
    AccountRow in Accounts;
    CardRow in Cards;
    DeviceRow in Devices;
    UsageRow in Usage;
    SignedRow in Prekeys;
    LastResortRow in Prekeys;
    PairRow in Prekeys;
    RightRow in Rights;
    InviteRow in Invites;
    RecordRow in Records;
    BlobRow in Blobs;
    MailboxRow in Mailboxes;
    IndexRow in Mailboxes;
    PlaceRow in Mailboxes;
}

/// The store in numbers, kept so that nothing must be counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) accounts: u64,
    pub(crate) devices: u64,
    pub(crate) envelopes: u64,
    pub(crate) envelope_bytes: u64,
    pub(crate) blobs: u64,
    pub(crate) blob_bytes: u64,
    pub(crate) damaged: u64,
    /// The last sequence number that was committed.
    pub(crate) sequence: u64,
    /// The store's time as it was last kept.
    pub(crate) time: Option<u64>,
}

/// A text: the format's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text(pub(crate) String);

/// The secret for challenges.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret(pub(crate) [u8; 32]);

/// Whose a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NameRow(pub(crate) AccountId);

/// An account, but for its cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountRow {
    pub(crate) name: AccountName,
    /// Version of its latest card.
    pub(crate) version: u32,
    pub(crate) credential: SaltedHash,
    pub(crate) door: SaltedHash,
    /// The door before, and until when it is good.
    pub(crate) previous_door: Option<(SaltedHash, u64)>,
    pub(crate) suspended: bool,
    pub(crate) administrator: bool,
    pub(crate) mailbox_envelopes: Option<u32>,
    pub(crate) mailbox_bytes: Option<u64>,
    pub(crate) blob_bytes: Option<u64>,
    pub(crate) created: UnixDay,
}

/// A card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CardRow(pub(crate) Signed<Card>);

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceRow {
    pub(crate) credential: SaltedHash,
    pub(crate) counter: u64,
    /// One-time pairs that are left.
    pub(crate) one_time: u16,
    /// The first number that no one-time pair has had yet.
    pub(crate) next_pair: u64,
}

/// What an account's records and blobs take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct UsageRow {
    pub(crate) records: u64,
    pub(crate) record_bytes: u64,
    pub(crate) blob_bytes: u64,
}

/// A signed prekey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SignedRow(pub(crate) Signed<SignedPrekey>);

/// A last-resort prekey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LastResortRow(pub(crate) Signed<LastResortPrekey>);

/// A one-time pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PairRow(pub(crate) Signed<OneTimePair>);

/// A ticket or a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RightRow {
    pub(crate) token: bool,
    pub(crate) hash: SaltedHash,
    pub(crate) fetch: bool,
    pub(crate) knocks: u8,
    pub(crate) expires: u64,
    /// Sequence of the last envelope that came by it.
    pub(crate) last: u64,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InviteRow {
    pub(crate) hash: SaltedHash,
    pub(crate) uses: u32,
    pub(crate) expires: u64,
    pub(crate) created: UnixDay,
    pub(crate) note: String,
}

/// A sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordRow {
    pub(crate) revision: u64,
    pub(crate) value: Vec<u8>,
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobRow {
    pub(crate) account: AccountId,
    pub(crate) length: u64,
    pub(crate) expires: u64,
    /// Bytes that are there.
    pub(crate) present_bytes: u64,
    /// A bit for each piece, set if it is there.
    pub(crate) pieces: Vec<u8>,
}

/// A mailbox: whose it is, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailboxRow {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) envelopes: u32,
    pub(crate) bytes: u64,
    pub(crate) knocks: u32,
    /// The last sequence number that came in.
    pub(crate) last: u64,
}

/// An envelope in a mailbox, by its sequence number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexRow {
    pub(crate) id: EnvelopeId,
    /// Bytes of its body.
    pub(crate) body: u32,
    pub(crate) knock: bool,
    pub(crate) expires: u64,
}

/// Where the envelope of an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlaceRow(pub(crate) u64);
