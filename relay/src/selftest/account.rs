//! An account to be thrown away: random keys, random rights, and a card that says
//! so.

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    address::AccountName,
    card::{CARD_FORMAT, Card, CardHash, Device},
    id::{AccountId, DeviceId, MailboxId},
    key::{AgreementKey, IdentityKey, Signature, SigningKey},
    request::{Register, SignIn},
    secret::{AccountCredential, DeviceCredential, Door, Invite},
    signed::{Signable, Signed},
};

use super::SelftestError;
use crate::{clock::Clock, random};

/// How its name begins. What follows is random.
const PREFIX: &str = "selftest-";

/// An account with one device.
pub(super) struct Account {
    name: AccountName,
    credential: AccountCredential,
    device_credential: DeviceCredential,
    door: Door,
    identity: Ed25519,
    device: Device,
}

impl Account {
    /// Draws one.
    pub(super) fn random() -> Result<Self, SelftestError> {
        let draw = || random::bytes::<32>();
        let name = random::bytes::<8>()?;
        let name = format!("{PREFIX}{}", data_encoding::HEXLOWER.encode(&name));
        let signing = Ed25519::from_bytes(&draw()?);
        Ok(Self {
            name: name.parse().map_err(|_| SelftestError::Altered)?,
            credential: AccountCredential::new(draw()?),
            device_credential: DeviceCredential::new(draw()?),
            door: Door::new(draw()?),
            identity: Ed25519::from_bytes(&draw()?),
            device: Device {
                signing: SigningKey(signing.verifying_key().to_bytes()),
                agreement: AgreementKey(draw()?),
                added: Clock::wall().day(),
            },
        })
    }

    /// What deletes it.
    pub(super) fn credential(&self) -> AccountCredential {
        self.credential.clone()
    }

    /// The right to deposit.
    pub(super) fn door(&self) -> Door {
        self.door.clone()
    }

    /// Its device's mailbox.
    pub(super) fn mailbox(&self) -> MailboxId {
        MailboxId::of(AccountId::of(&self.identity()), self.device_id())
    }

    fn device_id(&self) -> DeviceId {
        self.device.id()
    }

    fn identity(&self) -> IdentityKey {
        IdentityKey(self.identity.verifying_key().to_bytes())
    }

    /// The request that makes it.
    pub(super) fn registration(&self, invite: Option<Invite>) -> Register {
        let card = Card {
            format: CARD_FORMAT,
            identity: self.identity(),
            name: self.name.clone(),
            version: 1,
            previous: CardHash::NONE,
            created: Clock::wall().day(),
            devices: vec![self.device.clone()],
        };
        Register {
            name: self.name.clone(),
            card: sign(&self.identity, &card),
            account_credential: self.credential.clone(),
            device_credential: self.device_credential.clone(),
            door: self.door.clone(),
            invite,
        }
    }

    /// What a link of its device begins with.
    pub(super) fn sign_in(&self, counter: u64) -> SignIn {
        SignIn {
            name: self.name.clone(),
            device: self.device_id(),
            credential: self.device_credential.clone(),
            counter,
        }
    }
}

fn sign<T: Signable>(key: &Ed25519, value: &T) -> Signed<T> {
    let message = Signed::message_for(value);
    let raw = message.get(T::LABEL.bytes().len()..).unwrap_or_default().to_vec();
    Signed::from_parts(raw, Signature(key.sign(&message).to_bytes()))
}
