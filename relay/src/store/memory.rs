//! The store in memory: what the seam means, written to be read.
//!
//! One lock over plain maps. Every verb does all it does while it holds the
//! lock, and what it has done is as durable as it will be when it returns. What
//! is nowhere kept is counted anew each time.
//!
//! Left out on purpose: files, and whatever needs them.

mod accounts;
mod blobs;
mod mailboxes;
mod nodes;
mod portable;
mod prekeys;
mod records;
mod rights;
mod upkeep;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use msg_protocol::{
    address::{AccountName, Pin},
    card::{self, Card},
    id::{AccountId, DeviceId, MailboxId, RecordId, RelayEpoch},
    signed::{Signed, Verified},
};
use tokio::time::Instant;

use self::{blobs::Blob, mailboxes::Mailbox, prekeys::DevicePrekeys, records::StoredRecord};
use super::{
    RelayTime, StoreError, Wake,
    account::{Account, Device},
    nodes::BucketKey,
    portable::Progress,
    right::{KnockRight, RightId, StoredInvite},
};

/// A store that is gone with its process.
pub struct Memory {
    epoch: RelayEpoch,
    wake: Arc<dyn Wake>,
    state: Arc<Mutex<State>>,
}

/// All there is.
#[derive(Default)]
struct State {
    secret: [u8; 32],
    accounts: HashMap<AccountId, Holder>,
    names: BTreeMap<AccountName, AccountId>,
    mailboxes: HashMap<MailboxId, Mailbox>,
    invites: BTreeMap<RightId, StoredInvite>,
    /// By the bytes of their ids.
    blobs: BTreeMap<[u8; 32], Blob>,
    /// The last sequence number that was given, in whichever mailbox.
    sequence: u64,
    time: Option<RelayTime>,
    /// Buckets of all nodes, and when each will be full again.
    buckets: HashMap<BucketKey, u64>,
    /// What the time of buckets counts from.
    buckets_since: Option<Instant>,
    pin: Option<Pin>,
    /// Those that are still there hear each other.
    nodes: Vec<Weak<dyn Wake>>,
    commits: u64,
    /// How far a move into this store is that has not ended.
    arriving: Option<Progress>,
}

/// An account with what goes when it goes, but for mailboxes and blobs.
struct Holder {
    account: Account,
    card: Verified<Card>,
    /// All cards so far, by their versions.
    cards: BTreeMap<u32, Signed<Card>>,
    devices: HashMap<DeviceId, DeviceRow>,
    rights: BTreeMap<RightId, KnockRight>,
    /// By the bytes of their ids.
    records: BTreeMap<[u8; 32], StoredRecord>,
}

struct DeviceRow {
    device: Device,
    prekeys: DevicePrekeys,
}

impl Memory {
    /// An empty store, with an epoch and a secret of its own.
    pub fn new(wake: Arc<dyn Wake>) -> Result<Self, StoreError> {
        Ok(Self::with_secrets(wake, RelayEpoch(random()?), random()?))
    }

    /// An empty store with that epoch and that secret.
    pub fn with_secrets(wake: Arc<dyn Wake>, epoch: RelayEpoch, secret: [u8; 32]) -> Self {
        let state = State { secret, ..State::default() };
        Self { epoch, wake, state: Arc::new(Mutex::new(state)) }.joined()
    }

    /// The same store, as a relay finds it that starts again: in another epoch.
    pub fn restarted(&self, wake: Arc<dyn Wake>) -> Result<Self, StoreError> {
        Ok(Self { epoch: RelayEpoch(random()?), wake, state: self.state.clone() }.joined())
    }

    /// A panic elsewhere leaves no verb half done: none can panic in between.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, to be changed.
    fn change(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.commits += 1;
        state
    }
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    crate::random::bytes().map_err(|_| StoreError::Unavailable)
}

/// The ids of records and blobs have no order but that of their bytes.
fn record_key(id: RecordId) -> [u8; 32] {
    id.0
}

fn device_ids(card: &Card) -> impl Iterator<Item = DeviceId> {
    card.devices.iter().map(card::Device::id)
}

/// Whether something that expires then is there no more.
fn is_over(expires: RelayTime, now: RelayTime) -> bool {
    expires <= now
}

#[cfg(test)]
mod tests;
