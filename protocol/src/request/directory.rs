//! Requests about cards and prekeys, and the work that strangers do for them.
//! SPEC §"Requests".

use serde::{Deserialize, Serialize};

use super::Access;
use crate::{
    address::AccountName,
    bounded::List,
    id::{AccountId, DeviceId},
    limits::{MAX_DEVICES, MAX_PAIRS_PER_REQUEST},
    prekey::{LastResortPrekey, OneTimePair, SignedPrekey},
    signed::Signed,
};

/// An account's cards. On a link that is signed in: one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchCards {
    /// The account's name.
    pub name: AccountName,
    /// The first version wanted, and all after it; without one the latest.
    pub from: Option<u32>,
}

/// Prekeys to write to an account with: a bundle for each device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchPrekeys {
    /// The account.
    pub account: AccountId,
    /// The devices wanted; none for all.
    pub devices: List<DeviceId, MAX_DEVICES>,
    /// Who asks. Without a right there are no one-time prekeys.
    pub access: Access,
}

/// A challenge for a proof of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskWork {
    /// The account to be written to.
    pub target: AccountId,
}

/// A proof of work, for a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemWork {
    /// The account to be written to.
    pub target: AccountId,
    /// The challenge that was given for it.
    pub challenge: [u8; 32],
    /// The answer.
    pub nonce: u64,
}

/// This device's prekeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishPrekeys {
    /// In the place of the signed prekey so far.
    pub signed: Option<Signed<SignedPrekey>>,
    /// In the place of the last-resort prekey so far.
    pub last_resort: Option<Signed<LastResortPrekey>>,
    /// One-time pairs.
    pub one_time: List<Signed<OneTimePair>, MAX_PAIRS_PER_REQUEST>,
    /// Whether the pairs come in the place of those so far, or are added.
    pub replace: bool,
}

/// How many one-time prekeys are left?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountPrekeys {}
