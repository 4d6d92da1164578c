//! What the relay and its operator do with the store as a whole.

use core::future::Future;
use std::{path::PathBuf, time::Duration};

use msg_protocol::{
    id::{AccountId, BlobId, DeviceId, MailboxId, RecordId, RelayEpoch},
    time::UnixSeconds,
};

use super::{RelayTime, Result, mailbox::Waiting, right::KnockRight};

/// Between two sweeps when there is nothing more to remove.
pub const BETWEEN_SWEEPS: Duration = Duration::from_mins(1);

/// What one round of sweeping removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Envelopes.
    pub envelopes: u64,
    /// Blobs.
    pub blobs: u64,
    /// Rights and invitations.
    pub rights: u64,
    /// Whether there is more that has expired.
    pub more: bool,
}

/// The store in numbers. Reading them costs the same whatever is stored: a store
/// that nodes share may give numbers that are a minute old, or as old as it takes to
/// sum up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreFigures {
    /// Accounts.
    pub accounts: u64,
    /// Devices, which is mailboxes.
    pub devices: u64,
    /// Envelopes that wait.
    pub envelopes: u64,
    /// Their bytes, each with its overhead.
    pub envelope_bytes: u64,
    /// Blobs.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Rows that were found damaged and set aside.
    pub damaged: u64,
    /// Bytes of the store's files.
    pub file_bytes: u64,
    /// Bytes that can still be written before the floor; `None` if unknown.
    pub room_bytes: Option<u64>,
    /// Commits so far in this run.
    pub commits: u64,
}

/// Everything about an account that its [`Account`](super::account::Account),
/// cards and prekeys do not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Each device with its mailbox.
    pub mailboxes: Vec<MailboxHolding>,
    /// Each record: its id, revision and bytes.
    pub records: Vec<(RecordId, u64, u64)>,
    /// Each blob: its id, bytes of the whole, bytes that are there, expiry.
    pub blobs: Vec<(BlobId, u64, u64, RelayTime)>,
    /// Rights to first contact that have not expired.
    pub rights: Vec<KnockRight>,
}

/// A device's mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxHolding {
    /// The device.
    pub device: DeviceId,
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its counter.
    pub counter: u64,
    /// What waits.
    pub waiting: Waiting,
    /// The first envelopes that wait, at most as many as were asked for.
    pub envelopes: Vec<EnvelopeHolding>,
}

/// What the store knows of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopeHolding {
    /// Its sequence number.
    pub sequence: u64,
    /// Bytes of its body.
    pub bytes: u64,
    /// Whether it came without the door.
    pub knock: bool,
    /// When it is forgotten.
    pub expires: RelayTime,
}

/// What a check of the whole store found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Rows that were read.
    pub rows: u64,
    /// What is wrong, in words without names or addresses; empty if nothing is.
    pub faults: Vec<String>,
}

/// The store as a whole, as the relay needs it to run.
pub trait Upkeep {
    /// What the store has not gone back behind. Of an engine that one process
    /// owns, another one after each start and each restore; of one that nodes
    /// share, the same for all of them, and another one after a failover or a
    /// restore.
    fn epoch(&self) -> RelayEpoch;

    /// A secret that all nodes on this store share and nobody else knows, for
    /// the challenges of proofs of work.
    fn secret(&self) -> [u8; 32];

    /// The store's time as it was last kept; the given one for a new store. Of a
    /// store that nodes share, with what has passed since, but no more than lies
    /// [between two sweeps](BETWEEN_SWEEPS): so nodes agree, and no time passes
    /// while none of them runs.
    fn time(&self, wall: UnixSeconds) -> impl Future<Output = Result<RelayTime>> + Send;

    /// Removes some of what has expired, and keeps the time.
    fn sweep(&self, now: RelayTime) -> impl Future<Output = Result<Swept>> + Send;

    /// Whether what grows is still taken, by a store that answers. It is asked often,
    /// and so costs little.
    fn has_room(&self) -> impl Future<Output = Result<bool>> + Send
    where
        Self: Sync,
    {
        async { Ok(self.figures().await?.room_bytes != Some(0)) }
    }

    /// The store in numbers.
    fn figures(&self) -> impl Future<Output = Result<StoreFigures>> + Send;

    /// Everything about an account that its row does not say, with at most
    /// `envelopes` envelopes of each mailbox.
    fn holdings(
        &self,
        account: AccountId,
        envelopes: usize,
        now: RelayTime,
    ) -> impl Future<Output = Result<Option<Holdings>>> + Send;
}

/// What an operator asks of the store while it runs.
pub trait Maintenance {
    /// Reads everything, and says what is wrong with it.
    fn check(&self) -> impl Future<Output = Result<Checked>> + Send;

    /// Writes a consistent copy to a file that must not exist.
    fn back_up(&self, to: PathBuf) -> impl Future<Output = Result<u64>> + Send;

    /// Gives room back to the file system; gives bytes before and after.
    fn compact(&self) -> impl Future<Output = Result<(u64, u64)>> + Send;
}
