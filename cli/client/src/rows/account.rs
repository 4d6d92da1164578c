//! The account itself: who it is, what it counts, what it has agreed with its relay.

use msg_protocol::{
    address::{Address, Pin, RelayAddress},
    card::Card,
    id::RelayEpoch,
    secret::{AccountCredential, DeviceCredential, Door, LinkToken},
    signed::Signed,
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::Row;
use crate::store::Table;

/// Who we are. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Where we live.
    pub address: Address,
    /// Our relay's key; the system's authorities without it.
    pub pin: Option<Pin>,
    /// The seed of our identity.
    pub identity: [u8; 32],
    /// The archive of this device's keys.
    pub device: Vec<u8>,
    /// What this device signs in with.
    pub credential: DeviceCredential,
    /// What seals the records that our relay keeps for us.
    pub records: [u8; 32],
    /// The right to deposit with us, and how often it has been changed.
    pub door: Door,
    /// Number of the door, from 1.
    pub door_number: u32,
    /// Only of an account without a password: it would come from that.
    pub account_credential: Option<AccountCredential>,
    /// What it was to become, the latest last: the relay may have any of them, until one
    /// change has succeeded.
    pub begun_credentials: Vec<AccountCredential>,
    /// Our cards, oldest first.
    pub cards: Vec<Signed<Card>>,
    /// Links that are out: their tokens, and when they end.
    pub tokens: Vec<(LinkToken, UnixSeconds)>,
    /// Whether the relay has confirmed the registration.
    pub registered: bool,
}

impl Drop for AccountRow {
    fn drop(&mut self) {
        self.identity.zeroize();
        self.records.zeroize();
        self.device.zeroize();
    }
}

/// What has been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NumbersRow {
    /// The next row of the outbox.
    pub outbox: u64,
    /// The next message.
    pub messages: u64,
}

/// What we know of our own relay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RelayRow {
    /// The epoch in which `after` counts.
    pub epoch: Option<RelayEpoch>,
    /// The epoch for which one-time pairs were made.
    pub keyed: Option<RelayEpoch>,
    /// Grows with each sign-in; the relay keeps the greatest.
    pub counter: u64,
    /// Sequence number of the last envelope that was taken in.
    pub after: u64,
    /// When the mailbox was last emptied.
    pub collected: UnixSeconds,
    /// When prekeys were last looked after.
    pub maintained: UnixSeconds,
    /// When all one-time pairs were last replaced.
    pub replaced: UnixSeconds,
    /// Whether prekeys were made and have not reached the relay for sure.
    pub unpublished: bool,
    /// Number of the door that the relay has.
    pub door: u32,
    /// Envelopes that could not be opened, by nobody's fault that can be named.
    pub unopened: u64,
    /// Messages of people who had been shown a card of ours that we did not make.
    pub strange_cards: u64,
    /// The epoch in which its records were last compared with ours.
    pub records: Option<RelayEpoch>,
    /// Whether its records are to be taken over: this store is an older copy.
    pub restores: bool,
    /// How often this store turned out to be an older copy of itself.
    pub set_back: u32,
}

/// In which epochs other people's relays were when they last took something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EpochsRow {
    /// Oldest first.
    pub known: Vec<(RelayAddress, RelayEpoch)>,
}

impl Row for AccountRow {
    const TABLE: Table = Table::Account;
}

impl Row for NumbersRow {
    const TABLE: Table = Table::Account;
}

impl Row for EpochsRow {
    const TABLE: Table = Table::Account;
}

impl Row for RelayRow {
    const TABLE: Table = Table::Account;
}

/// Keys of the account's rows.
pub mod key {
    /// [`super::AccountRow`].
    pub const ACCOUNT: &[u8] = b"account";
    /// [`super::NumbersRow`].
    pub const NUMBERS: &[u8] = b"numbers";
    /// [`super::RelayRow`].
    pub const RELAY: &[u8] = b"relay";
    /// [`super::EpochsRow`].
    pub const EPOCHS: &[u8] = b"epochs";
    /// [`crate::rows::SettingsRow`].
    pub const SETTINGS: &[u8] = b"settings";
    /// The archive of prekeys, in its own table.
    pub const PREKEYS: &[u8] = b"prekeys";
}
