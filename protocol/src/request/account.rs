//! Requests about the account itself and the rights around it.
//! SPEC §"Requests".

use serde::{Deserialize, Serialize};

use crate::{
    address::AccountName,
    card::Card,
    id::DeviceId,
    secret::{AccountCredential, DeviceCredential, Door, Invite, LinkToken, SaltedHash},
    signed::Signed,
    time::UnixSeconds,
};

/// A new account with its first device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Its name; the card says the same.
    pub name: AccountName,
    /// Its first card, with one device.
    pub card: Signed<Card>,
    /// What will change devices and end the account.
    pub account_credential: AccountCredential,
    /// What the first device will sign in with.
    pub device_credential: DeviceCredential,
    /// The right to deposit.
    pub door: Door,
    /// The right to register, where one is needed.
    pub invite: Option<Invite>,
}

/// A device comes for its mail: the second frame of a link that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The account's name.
    pub name: AccountName,
    /// Which device.
    pub device: DeviceId,
    /// The device's credential.
    pub credential: DeviceCredential,
    /// How often the device's store has changed hands with the relay: the relay
    /// keeps the largest and answers with the largest before, so that a store
    /// that was set back notices.
    pub counter: u64,
}

/// Are you there?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {}

/// The account's next card. Taken only if it is the successor of the card that
/// the relay has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishCard {
    /// The card.
    pub card: Signed<Card>,
    /// The right to change devices.
    pub credential: AccountCredential,
    /// The device that the card adds, if it adds one.
    pub device: Option<NewDevice>,
}

/// What a device that a card adds will sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    /// The device.
    pub device: DeviceId,
    /// Its credential.
    pub credential: DeviceCredential,
}

/// A new door in the place of the old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDoor {
    /// The new door.
    pub door: Door,
    /// Seconds for which the old one is still good.
    pub grace_s: u32,
}

/// A contact link has been made: its token will be shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueToken {
    /// The hash of the [`LinkToken`], under a salt of the client's.
    pub hash: SaltedHash,
    /// When the token is no longer good.
    pub expires: UnixSeconds,
}

impl IssueToken {
    /// Announces a token without showing it.
    pub fn new(token: &LinkToken, salt: [u8; 16], expires: UnixSeconds) -> Self {
        Self { hash: SaltedHash::of(token, salt), expires }
    }
}

/// A contact link is no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeToken {
    /// The hash as it was issued.
    pub hash: SaltedHash,
}

/// Another account credential: the password has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCredential {
    /// The credential so far.
    pub old: AccountCredential,
    /// The credential from now on.
    pub new: AccountCredential,
}

/// A device is no longer of the account: its mailbox, credential and prekeys go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveDevice {
    /// The device.
    pub device: DeviceId,
    /// The account's next card, which no longer lists it.
    pub card: Signed<Card>,
    /// The right to change devices.
    pub credential: AccountCredential,
}

/// The account ends, with all that the relay holds of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteAccount {
    /// The right to end it.
    pub credential: AccountCredential,
}
