//! The statement by which somebody joins. SPEC §"Groups".

use serde::{Deserialize, Serialize};

use super::commit::GROUP_FORMAT;
use crate::{
    card::CardRef,
    hash::Label,
    id::{AccountId, DeviceId, GroupId},
    key::SigningKey,
    limits::MAX_GROUP_ACCEPT_BYTES,
    secret::Door,
    signed::Signable,
};

/// An invited account joins. Outside the chain of commits: it needs no admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAccept {
    /// [`GROUP_FORMAT`].
    pub format: u8,
    /// The group.
    pub group: GroupId,
    /// The epoch of the commit that invited.
    pub epoch: u32,
    /// Who joins.
    pub account: AccountId,
    /// The card that lists the device.
    pub card: CardRef,
    /// The device that signs.
    pub device: DeviceId,
    /// The right to deposit into the account's mailboxes.
    pub door: Door,
}

impl Signable for GroupAccept {
    const LABEL: Label = Label::new("sig/accept");
    type Signer = SigningKey;
    const MAX_BYTES: usize = MAX_GROUP_ACCEPT_BYTES;

    fn check(&self) -> Result<(), &'static str> {
        if self.format == GROUP_FORMAT { Ok(()) } else { Err("unknown group format") }
    }
}
