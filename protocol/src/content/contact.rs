//! What keeps two people connected: how to reach the sender, and a fresh start
//! of a session. SPEC §"Messages".

use serde::{Deserialize, Serialize};

use crate::{
    address::{Address, Pin},
    bounded::Str,
    card::CardRef,
    limits::MAX_DISPLAY_NAME_BYTES,
    secret::{Door, LinkToken},
};

/// How to reach the sender. A claim until the card at that address has shown
/// the identity that owns the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDetails {
    /// Where the sender lives.
    pub address: Address,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// The right to deposit there.
    pub door: Option<Door>,
    /// The token of the recipient's contact link that the sender came by, so
    /// that the recipient need not take the relay's word for it.
    pub token: Option<LinkToken>,
    /// The card to be found there.
    pub card: CardRef,
    /// How the sender would like to be called.
    pub display_name: Str<MAX_DISPLAY_NAME_BYTES>,
}

/// The sender lost the session, or could not follow it: this is the first
/// message of a new one, and what is unconfirmed should be sealed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionReset {
    /// How many envelopes could not be opened.
    pub unopened: u32,
}
