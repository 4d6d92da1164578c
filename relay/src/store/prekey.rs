//! Prekeys: what devices leave for others, and how it is handed out.

use core::future::Future;

use msg_protocol::{
    id::{AccountId, DeviceId},
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey},
    signed::{Signed, Verified},
};

use super::{RelayTime, Result, right::RightId};

/// Prekeys that a device publishes.
#[derive(Debug, Clone)]
pub struct NewPrekeys {
    /// In the place of the signed prekey so far.
    pub signed: Option<Verified<SignedPrekey>>,
    /// In the place of the last-resort prekey so far.
    pub last_resort: Option<Verified<LastResortPrekey>>,
    /// One-time pairs. One whose number is there already stays as it is; one whose
    /// number is no higher than any before was handed out, and never comes back.
    pub one_time: Vec<Verified<OneTimePair>>,
    /// Whether pairs that are there and are not among these go.
    pub replace: bool,
}

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// They are kept.
    Done,
    /// There is no such device.
    NotFound,
    /// There would be more pairs than a device may have. Nothing is kept.
    TooMany,
}

/// By what right prekeys are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// None: no one-time pairs.
    Without,
    /// The door: with one-time pairs.
    Door,
    /// A right to first contact, whose one fetch this is. Once it is spent, no
    /// one-time pairs.
    Right(RightId),
}

/// A device's bundle, as it was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The bundle.
    pub bundle: PrekeyBundle,
    /// One-time pairs that the device has left.
    pub left: u16,
}

/// A device's prekeys as their owner's operator may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrekeyStock {
    /// The signed prekey.
    pub signed: Option<Signed<SignedPrekey>>,
    /// The last-resort prekey.
    pub last_resort: Option<Signed<LastResortPrekey>>,
    /// One-time pairs left.
    pub one_time: u16,
}

/// Prekeys.
pub trait Prekeys {
    /// Keeps a device's prekeys.
    fn publish_prekeys(
        &self,
        account: AccountId,
        device: DeviceId,
        prekeys: NewPrekeys,
    ) -> impl Future<Output = Result<Published>> + Send;

    /// Hands out a bundle for each of those devices, or for all of the
    /// account's if none is named, each once, with its pair of the lowest number.
    /// Devices that are not the account's, or have not published yet, are left
    /// out; `None` if there is no such account. Not to be called again for the
    /// same pairs: each is gone when this returns, and when it fails.
    fn take_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
        taking: Taking,
        now: RelayTime,
    ) -> impl Future<Output = Result<Option<Vec<Taken>>>> + Send;

    /// What a device has published; `None` if there is no such device.
    fn prekey_stock(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> impl Future<Output = Result<Option<PrekeyStock>>> + Send;
}
