//! What a running relay answers to its operator: JSON objects, one a line, the
//! last of them `end` or `error`.
//!
//! Days are days; only what waits in a mailbox has a time. Hashes are those of
//! random secrets under a salt, in hexadecimal: they open nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::order::VERSION;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Report {
    /// An invitation that was made; its link is told once.
    NewInvite(NewInvite),
    /// An invitation that is out.
    Invite(Invite),
    /// An account in short.
    User(User),
    /// What an account may hold.
    Quota(QuotaReport),
    /// The relay in numbers.
    Stats(Box<Stats>),
    /// An account's own row.
    Account(AccountReport),
    /// A version of its card.
    Card(CardReport),
    /// A device, its prekeys and its mailbox.
    Device(Box<DeviceReport>),
    /// An envelope that waits.
    Envelope(EnvelopeReport),
    /// A record.
    Record { id: String, revision: u64, bytes: u64 },
    /// A blob.
    Blob { id: String, bytes: u64, bytes_there: u64, expires: String },
    /// A right to first contact.
    Right { kind: String, hash: String, fetch: bool, knocks: u8, expires: String },
    /// A copy was written.
    Backup { file: String, bytes: u64 },
    /// The store was read.
    Check { rows: u64, faults: Vec<String> },
    /// Room was given back.
    Compact { bytes_before: u64, bytes_after: u64 },
    /// A relay was made that does not serve yet.
    Made { link: String, pin: String, folder: String },
    /// A store was deleted: these files are gone.
    Wiped { files: Vec<String> },
    /// A store was moved, and read anew at both ends.
    Migrated(Migrated),
    /// A part of a trial from outside went well.
    Passed { step: String, ms: u64 },
    /// What was asked is done, in words.
    Done { message: String },
    /// It is not, and why. Nothing follows.
    Error { code: String, message: String, hint: Option<String> },
    /// Nothing follows.
    End,
}

/// An invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewInvite {
    pub(crate) id: String,
    /// Holds the invitation, which nobody can be told again.
    pub(crate) link: String,
    pub(crate) uses: u32,
    pub(crate) expires: String,
    pub(crate) note: String,
    /// Who may register.
    pub(crate) registration: String,
}

/// An invitation that is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invite {
    pub(crate) id: String,
    pub(crate) uses: u32,
    pub(crate) made: String,
    pub(crate) expires: String,
    pub(crate) note: String,
}

/// An account in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) made: String,
    pub(crate) suspended: bool,
    pub(crate) administrator: bool,
    pub(crate) devices: u64,
    pub(crate) envelopes: u64,
    pub(crate) envelope_bytes: u64,
    pub(crate) blobs: u64,
    pub(crate) blob_bytes: u64,
    pub(crate) records: u64,
}

/// What an account may hold, and whether that is its own or the relay's limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuotaReport {
    pub(crate) name: String,
    pub(crate) mailbox_envelopes: Granted,
    pub(crate) mailbox_bytes: Granted,
    pub(crate) blob_bytes: Granted,
}

/// A limit of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) value: u64,
    pub(crate) own: bool,
}

/// The relay in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Stats {
    pub(crate) version: String,
    pub(crate) running_s: u64,
    pub(crate) links: u64,
    pub(crate) devices_there: u64,
    pub(crate) accounts: u64,
    pub(crate) devices: u64,
    pub(crate) envelopes: u64,
    pub(crate) envelope_bytes: u64,
    pub(crate) blobs: u64,
    pub(crate) blob_bytes: u64,
    pub(crate) damaged: u64,
    pub(crate) file_bytes: u64,
    pub(crate) room_bytes: Option<u64>,
    pub(crate) commits: u64,
    pub(crate) deposits: u64,
    pub(crate) deposited_bytes: u64,
    pub(crate) pushes: u64,
    pub(crate) requests: u64,
    pub(crate) refusals: u64,
    pub(crate) links_refused: u64,
}

/// An account's own row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountReport {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) identity: String,
    pub(crate) made: String,
    pub(crate) suspended: bool,
    pub(crate) administrator: bool,
    pub(crate) credential_hash: String,
    pub(crate) door_hash: String,
    pub(crate) previous_door_hash: Option<String>,
    pub(crate) previous_door_until: Option<String>,
    pub(crate) quota_mailbox_envelopes: Option<u32>,
    pub(crate) quota_mailbox_bytes: Option<u64>,
    pub(crate) quota_blob_bytes: Option<u64>,
}

/// A version of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CardReport {
    pub(crate) version: u32,
    pub(crate) made: String,
    pub(crate) bytes: u64,
    pub(crate) devices: Vec<String>,
}

/// A device, its prekeys and its mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceReport {
    pub(crate) id: String,
    pub(crate) added: Option<String>,
    pub(crate) credential_hash: Option<String>,
    pub(crate) counter: u64,
    pub(crate) signed_prekey: Option<PrekeyReport>,
    pub(crate) last_resort_prekey: Option<PrekeyReport>,
    pub(crate) one_time_prekeys: u16,
    pub(crate) mailbox: String,
    pub(crate) envelopes: u32,
    pub(crate) envelope_bytes: u64,
    pub(crate) knocks: u32,
}

/// A prekey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PrekeyReport {
    pub(crate) id: u32,
    pub(crate) expires: String,
}

/// An envelope that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EnvelopeReport {
    pub(crate) mailbox: String,
    pub(crate) sequence: u64,
    pub(crate) bytes: u64,
    pub(crate) knock: bool,
    pub(crate) expires: String,
}

/// A store that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Migrated {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) items: u64,
    /// How many there are of each kind.
    pub(crate) counts: BTreeMap<String, u64>,
    /// Over all items, the same at both ends.
    pub(crate) sha256: String,
    /// Damaged rows that were left behind.
    pub(crate) left_behind: u64,
    /// What to write into the configuration next.
    pub(crate) next: Vec<String>,
}

#[derive(Serialize)]
struct Numbered<'a> {
    v: u8,
    #[serde(flatten)]
    report: &'a Report,
}

impl Report {
    /// The line that says it.
    pub(crate) fn to_line(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(&Numbered { v: VERSION, report: self })?;
        Ok(format!("{text}\n"))
    }

    /// Reads a line.
    pub(crate) fn read(line: &str) -> serde_json::Result<Self> {
        serde_json::from_str(line)
    }
}
