//! Accounts, their cards and devices.

use core::future::Future;

use msg_protocol::{
    address::AccountName,
    card::Card,
    id::{AccountId, DeviceId, MailboxId},
    secret::SaltedHash,
    signed::{Signed, Verified},
    time::UnixDay,
};
use serde::Serialize;

use super::{RelayTime, Result, right::RightId};

/// An account that is to be made, with its first device.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its first card: name, identity and the one device.
    pub card: Verified<Card>,
    /// Hash of the account credential.
    pub credential: SaltedHash,
    /// Hash of the device's credential.
    pub device_credential: SaltedHash,
    /// Hash of the door.
    pub door: SaltedHash,
    /// The invitation to use up, if one is needed.
    pub invite: Option<RightId>,
    /// The day.
    pub created: UnixDay,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// The account is there.
    Created,
    /// An account has that name or that identity already.
    Taken,
    /// The invitation is used up, revoked or expired.
    NoInvite,
}

/// How an account is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// By its name.
    Name(&'a AccountName),
    /// By its id.
    Id(AccountId),
    /// By one of its mailboxes.
    Mailbox(MailboxId),
}

/// An account, but for its older cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: AccountName,
    /// Its latest card, which has been verified when it was taken.
    pub card: Signed<Card>,
    /// Hash of the account credential.
    pub credential: SaltedHash,
    /// Who may deposit.
    pub door: DoorHashes,
    /// Whether the operator has suspended it.
    pub suspended: bool,
    /// Whether the operator has named it an administrator.
    pub administrator: bool,
    /// What the operator grants it beside the relay's limits.
    pub quota: Quota,
    /// The day on which it was made.
    pub created: UnixDay,
}

/// The door, and the one before while it is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DoorHashes {
    /// The door.
    pub current: SaltedHash,
    /// The one before, and until when.
    pub previous: Option<(SaltedHash, RelayTime)>,
}

/// Limits of one account in the place of the relay's; `None` is the relay's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Quota {
    /// Envelopes in each mailbox.
    pub mailbox_envelopes: Option<u32>,
    /// Bytes in each mailbox.
    pub mailbox_bytes: Option<u64>,
    /// Bytes of all its blobs.
    pub blob_bytes: Option<u64>,
}

impl Quota {
    /// What is set here, and elsewhere what `other` has.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            mailbox_envelopes: self.mailbox_envelopes.or(other.mailbox_envelopes),
            mailbox_bytes: self.mailbox_bytes.or(other.mailbox_bytes),
            blob_bytes: self.blob_bytes.or(other.blob_bytes),
        }
    }
}

/// A device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Hash of its credential.
    pub credential: SaltedHash,
    /// The largest counter that it has shown.
    pub counter: u64,
}

/// What changes about an account.
#[derive(Debug, Clone)]
pub enum AccountChange {
    /// The next card. Stale unless it succeeds the latest.
    Card(Box<Verified<Card>>, DeviceChange),
    /// Another account credential.
    Credential(SaltedHash),
    /// Another door, and until when the one so far is good.
    Door(SaltedHash, RelayTime),
    /// Suspended or not.
    Suspended(bool),
    /// An administrator or not.
    Administrator(bool),
    /// Other limits.
    Quota(Quota),
}

/// What a card changes about the account's devices.
#[derive(Debug, Clone, Copy)]
pub enum DeviceChange {
    /// Nothing.
    None,
    /// A device that is on the card and has no credential yet.
    Add(DeviceId, SaltedHash),
    /// A device that is no longer on the card: its credential, prekeys and
    /// mailbox go.
    Remove(DeviceId),
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Done,
    /// There is no such account.
    NotFound,
    /// The credential or the card has moved on meanwhile.
    Stale,
}

/// Cards in the order of their versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardPage {
    /// The cards.
    pub cards: Vec<Signed<Card>>,
    /// Whether there are later ones.
    pub more: bool,
}

/// Accounts, their cards and devices.
pub trait Accounts {
    /// Makes an account. A second call finds it taken.
    fn create_account(
        &self,
        account: NewAccount,
        now: RelayTime,
    ) -> impl Future<Output = Result<Creation>> + Send;

    /// An account.
    fn account(&self, whose: Whose<'_>) -> impl Future<Output = Result<Option<Account>>> + Send;

    /// A device of an account.
    fn device(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> impl Future<Output = Result<Option<Device>>> + Send;

    /// At most `limit` cards of an account, from that version on.
    fn cards(
        &self,
        account: AccountId,
        from: u32,
        limit: usize,
    ) -> impl Future<Output = Result<CardPage>> + Send;

    /// Changes an account. With `by`, only while that is the hash of its account
    /// credential. The same card again is done.
    fn change_account(
        &self,
        account: AccountId,
        by: Option<SaltedHash>,
        change: AccountChange,
    ) -> impl Future<Output = Result<Changed>> + Send;

    /// Removes an account and everything about it. With `by` as above.
    fn delete_account(
        &self,
        account: AccountId,
        by: Option<SaltedHash>,
    ) -> impl Future<Output = Result<Changed>> + Send;

    /// Keeps the larger of that counter and the device's, and gives what the
    /// device had before; `None` if there is no such device. A second call gives
    /// what the first one kept.
    fn raise_counter(
        &self,
        account: AccountId,
        device: DeviceId,
        counter: u64,
    ) -> impl Future<Output = Result<Option<u64>>> + Send;

    /// At most `limit` accounts in the order of their names, after that one.
    fn accounts(
        &self,
        after: Option<&AccountName>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Account>>> + Send;
}
