//! The card: an account's public face, signed by its identity, each version
//! naming the hash of the one before. SPEC §"Cards".

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    address::AccountName,
    bounded::List,
    hash::{Label, hash},
    id::{AccountId, DeviceId, MailboxId},
    key::{AgreementKey, IdentityKey, SigningKey},
    limits::{MAX_CARD_BYTES, MAX_DEVICES},
    signed::{Signable, Signed, Verified, VerifyError},
    time::UnixDay,
};

/// The only format of cards there is.
pub const CARD_FORMAT: u8 = 1;

/// Hash of a card's signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CardHash(pub [u8; 32]);

impl CardHash {
    /// What the first version names as its predecessor.
    pub const NONE: Self = Self([0; 32]);
}

/// Version and hash of a card: which one somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRef {
    /// The card's version.
    pub version: u32,
    /// The card's hash.
    pub hash: CardHash,
}

/// One installation of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Signs prekeys and group operations.
    pub signing: SigningKey,
    /// Takes part in handshakes.
    pub agreement: AgreementKey,
    /// The day it was added.
    pub added: UnixDay,
}

impl Device {
    /// The device's id.
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.signing, &self.agreement)
    }
}

/// The public description of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// [`CARD_FORMAT`].
    pub format: u8,
    /// Who signs this card and all that follow it.
    pub identity: IdentityKey,
    /// The account's name at its relay.
    pub name: AccountName,
    /// 1 for the first, then one more each time.
    pub version: u32,
    /// The card before; [`CardHash::NONE`] for the first.
    pub previous: CardHash,
    /// The day this version was made.
    pub created: UnixDay,
    /// The account's devices, at least one and at most [`MAX_DEVICES`].
    #[serde(deserialize_with = "devices")]
    pub devices: Vec<Device>,
}

/// Bounded as it is read: a count is only a claim.
fn devices<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Device>, D::Error> {
    List::<Device, MAX_DEVICES>::deserialize(deserializer).map(List::into_vec)
}

impl Card {
    /// The account that the card describes.
    pub fn account(&self) -> AccountId {
        AccountId::of(&self.identity)
    }

    /// The device with that id.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id() == id)
    }

    /// The mailboxes of all devices.
    pub fn mailboxes(&self) -> impl Iterator<Item = MailboxId> {
        let account = self.account();
        self.devices.iter().map(move |device| MailboxId::of(account, device.id()))
    }
}

impl Signable for Card {
    const LABEL: Label = Label::new("sig/card");
    type Signer = IdentityKey;
    const MAX_BYTES: usize = MAX_CARD_BYTES;

    fn check(&self) -> Result<(), &'static str> {
        if self.format != CARD_FORMAT {
            return Err("unknown card format");
        }
        if self.version == 0 {
            return Err("card version is zero");
        }
        if (self.version == 1) != (self.previous == CardHash::NONE) {
            return Err("only the first card has no predecessor");
        }
        if self.devices.is_empty() || self.devices.len() > MAX_DEVICES {
            return Err("number of devices out of range");
        }
        let distinct = self.devices.iter().enumerate().all(|(index, device)| {
            self.devices.iter().take(index).all(|earlier| {
                earlier.signing != device.signing && earlier.agreement != device.agreement
            })
        });
        if !distinct {
            return Err("a device is listed twice");
        }
        Ok(())
    }
}

impl Signed<Card> {
    /// Checks a card against the identity that it states itself.
    ///
    /// Proves that the holder of that identity made the card, not that the
    /// identity is the one you meant: compare it with what you have pinned.
    pub fn verify_by_own_identity(self) -> Result<Verified<Card>, VerifyError> {
        let identity = self.peek_unverified()?.identity;
        self.verify(&identity)
    }

    /// The hash that the next version names, and that handshakes bind.
    pub fn hash(&self) -> CardHash {
        CardHash(hash(Label::new("card"), &[self.raw()]))
    }
}

/// Why a card does not follow the one we hold. Each is an alarm: the relay or
/// the account's owner shows different cards to different people, or an old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessionError {
    /// Another identity.
    #[error("card is signed by another identity")]
    ForeignIdentity,
    /// Another name.
    #[error("card names another account name")]
    Renamed,
    /// An older version than ours.
    #[error("card version {offered} is older than {held}")]
    Rollback {
        /// The version we hold.
        held: u32,
        /// The version we were shown.
        offered: u32,
    },
    /// Our version, with other contents; or a successor of such a card.
    #[error("card version {version} exists in two forms")]
    Fork {
        /// The version that exists twice.
        version: u32,
    },
    /// Versions between are missing: fetch those.
    #[error("cards between version {held} and {offered} are missing")]
    Gap {
        /// The version we hold.
        held: u32,
        /// The version we were shown.
        offered: u32,
    },
}

/// How a card that may be accepted relates to the one we hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// The very card we hold.
    Same,
    /// The next version.
    Next,
}

impl Verified<Card> {
    /// The hash that the next version names, and that handshakes bind.
    pub fn hash(&self) -> CardHash {
        self.as_signed().hash()
    }

    /// Version and hash.
    pub fn reference(&self) -> CardRef {
        CardRef { version: self.version, hash: self.hash() }
    }

    /// Whether `offered` may take this card's place.
    pub fn admits(&self, offered: &Self) -> Result<Succession, SuccessionError> {
        let (held, version) = (self.version, offered.version);
        if offered.identity != self.identity {
            return Err(SuccessionError::ForeignIdentity);
        }
        if offered.name != self.name {
            return Err(SuccessionError::Renamed);
        }
        if version < held {
            return Err(SuccessionError::Rollback { held, offered: version });
        }
        if version == held {
            return if offered.hash() == self.hash() {
                Ok(Succession::Same)
            } else {
                Err(SuccessionError::Fork { version })
            };
        }
        if version - held > 1 {
            return Err(SuccessionError::Gap { held, offered: version });
        }
        if offered.previous == self.hash() {
            Ok(Succession::Next)
        } else {
            Err(SuccessionError::Fork { version: held })
        }
    }
}

#[cfg(test)]
mod tests;
