//! People: where they are, which keys they have, and how far they are trusted.

use msg_protocol::{
    address::{Address, Pin},
    card::{Card, CardRef},
    content::ContactDetails,
    id::AccountId,
    request::Access,
    secret::{Door, LinkToken},
    signed::Signed,
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// A person, known by an account id that belongs to one identity for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// What they are called here; nobody else has that name.
    pub name: String,
    /// What they would like to be called.
    pub display_name: String,
    /// Where they live; not known of a stranger whose word has not been checked.
    pub place: Option<Place>,
    /// Where they say that they live, until their card has been seen there.
    pub claim: Option<ContactDetails>,
    /// Their newest card that could be checked.
    pub card: Signed<Card>,
    /// Their cards before that, oldest first: what was signed with one of them can
    /// still be checked.
    pub former: Vec<Signed<Card>>,
    /// The newest of their cards of which they have told us themselves.
    pub told_card: Option<CardRef>,
    /// When a card was last looked for.
    pub card_checked: UnixSeconds,
    /// How far the identity is trusted.
    pub trust: Trust,
    /// How we stand with them.
    pub standing: Standing,
    /// Whether they are in a group with us: written to there, contact or not.
    pub is_fellow: bool,
    /// Their door, once they have handed it over.
    pub door: Option<Door>,
    /// The token of their link that we came by: shown to them too.
    pub token: Option<LinkToken>,
    /// A right to knock: that token, or a ticket bought with work.
    pub right: Option<RightRow>,
    /// Number of the door of ours that they have been handed; 0 for none.
    pub told_door: u32,
    /// What is wrong with them, if something is.
    pub alarm: Option<Alarm>,
}

/// How far an identity is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// Pinned when it was first seen.
    Unverified,
    /// Compared by the owner, or named by a contact link.
    Verified,
}

/// How we stand with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// They knocked and wait for our word.
    Request,
    /// We have added them.
    Added,
    /// What they send is dropped.
    Blocked,
    /// They are no contact any more. The row says whose what they have sent is, by a
    /// name that others may have by now; and they may knock again.
    Removed,
}

/// What must not be passed over in silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alarm {
    /// At their address lives another identity now: its card.
    Changed(Box<Signed<Card>>),
    /// Their relay shows an older card than before, or another one of the same version.
    CardWentBack,
    /// They speak of another card than the one of that version that is held.
    CardForked,
}

/// Where somebody lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Their address.
    pub address: Address,
    /// Their relay's key; the system's authorities without it.
    pub pin: Option<Pin>,
}

/// A right to knock with what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightRow {
    /// What is shown to the relay.
    pub access: Access,
    /// Whether it is still good for one fetch of prekeys.
    pub fetch: bool,
    /// Envelopes for which it is good.
    pub knocks: u8,
    /// When it ends.
    pub expires: UnixSeconds,
}

impl Row for ContactRow {
    const TABLE: Table = Table::Contacts;
}

impl ContactRow {
    /// A right to reach them is no good any more.
    pub fn drop_access(&mut self, shown: &Access) {
        match shown {
            Access::Door(door) if self.door.as_ref() == Some(door) => self.door = None,
            _ => self.right = self.right.take().filter(|right| right.access != *shown),
        }
    }

    /// What is left of somebody who is no contact any more.
    #[must_use]
    pub fn removed(self, name: String) -> Self {
        Self {
            name,
            claim: None,
            trust: Trust::Unverified,
            standing: Standing::Removed,
            token: None,
            right: None,
            told_door: 0,
            alarm: None,
            ..self
        }
    }

    /// What they are called where they appear in a group: a contact by name, everybody
    /// else by address, so that nobody passes for a contact.
    pub fn shown_name(&self) -> String {
        match &self.place {
            Some(place) if !self.is_accepted() => place.address.to_string(),
            _ => self.name.clone(),
        }
    }

    /// Whether anything is sent to them at all: to contacts, and in groups to fellows.
    pub fn is_reached(&self) -> bool {
        let is_shut_out = self.standing == Standing::Blocked;
        self.is_accepted() || (self.is_fellow && !is_shut_out)
    }

    /// Whether they are one of us: they may deposit, and are confirmed.
    pub fn is_accepted(&self) -> bool {
        self.standing == Standing::Added
    }
}

/// The key of a contact.
pub fn key(account: AccountId) -> [u8; 16] {
    account.0
}
