//! An account with one device, drawn from a seed: keys that sign, rights that
//! open, and a mailbox. Its prekeys are validly signed and of no use beyond that.

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    address::AccountName,
    bounded::List,
    card::{CARD_FORMAT, Card, CardHash, Device},
    id::{AccountId, DeviceId, MailboxId},
    key::{AgreementKey, IdentityKey, KEM_KEY_BYTES, KemKey, Signature, SigningKey},
    prekey::{LastResortPrekey, OneTimePair, PREKEY_FORMAT, PrekeyId, SignedPrekey},
    request::{PublishPrekeys, Register, SignIn},
    secret::{AccountCredential, DeviceCredential, Door, Invite},
    signed::{Signable, Signed, Verified},
    time::UnixDay,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// The day on which every card here was made.
const CREATED: UnixDay = UnixDay(20_700);
/// A day that lies far enough ahead of any clock.
const EXPIRES: UnixDay = UnixDay(40_000);

/// What a device gives its relay of prekeys.
pub type Upload = PublishPrekeys;

/// An account with one device.
#[derive(Clone)]
pub struct Identity {
    /// The account's name.
    pub name: AccountName,
    /// What changes devices and ends the account.
    pub account_credential: AccountCredential,
    /// What the device signs in with.
    pub device_credential: DeviceCredential,
    /// The right to deposit.
    pub door: Door,
    root: Ed25519,
    signing: Ed25519,
    agreement: AgreementKey,
    rng: ChaCha20Rng,
}

impl Identity {
    /// The account that belongs to a seed; its name is made from the seed as well.
    pub fn random(seed: u64) -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        Self {
            name: format!("peer-{seed}").parse().unwrap(),
            account_credential: AccountCredential::new(draw(rng)),
            device_credential: DeviceCredential::new(draw(rng)),
            door: Door::new(draw(rng)),
            root: Ed25519::from_bytes(&draw(rng)),
            signing: Ed25519::from_bytes(&draw(rng)),
            agreement: AgreementKey(draw(rng)),
            rng: rng.clone(),
        }
    }

    /// The same keys under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.parse().unwrap(), ..self }
    }

    /// Another device of the same account, not on any card yet.
    #[must_use]
    pub fn with_new_device(&self, seed: u64) -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        Self {
            device_credential: DeviceCredential::new(draw(rng)),
            signing: Ed25519::from_bytes(&draw(rng)),
            agreement: AgreementKey(draw(rng)),
            rng: rng.clone(),
            ..self.clone()
        }
    }

    /// The account's id.
    pub fn account(&self) -> AccountId {
        AccountId::of(&self.identity_key())
    }

    /// The device's id.
    pub fn device_id(&self) -> DeviceId {
        self.device().id()
    }

    /// The device's mailbox.
    pub fn mailbox(&self) -> MailboxId {
        MailboxId::of(self.account(), self.device_id())
    }

    /// The device's entry on a card.
    pub fn device(&self) -> Device {
        let signing = SigningKey(self.signing.verifying_key().to_bytes());
        Device { signing, agreement: self.agreement, added: CREATED }
    }

    fn identity_key(&self) -> IdentityKey {
        IdentityKey(self.root.verifying_key().to_bytes())
    }

    /// The account's first card.
    pub fn first_card(&self) -> Verified<Card> {
        self.card(1, CardHash::NONE, vec![self.device()])
    }

    /// The card that follows `held`, with these devices.
    pub fn next_card(&self, held: &Verified<Card>, devices: Vec<Device>) -> Verified<Card> {
        self.card(held.version + 1, held.hash(), devices)
    }

    fn card(&self, version: u32, previous: CardHash, devices: Vec<Device>) -> Verified<Card> {
        let identity = self.identity_key();
        let name = self.name.clone();
        let format = CARD_FORMAT;
        let card = Card { format, identity, name, version, previous, created: CREATED, devices };
        sign(&self.root, &card).verify_by_own_identity().unwrap()
    }

    /// The request that makes the account.
    pub fn registration(&self, invite: Option<Invite>) -> Register {
        Register {
            name: self.name.clone(),
            card: self.first_card().into_signed(),
            account_credential: self.account_credential.clone(),
            device_credential: self.device_credential.clone(),
            door: self.door.clone(),
            invite,
        }
    }

    /// The request that a link of the device begins with.
    pub fn sign_in(&self, counter: u64) -> SignIn {
        SignIn {
            name: self.name.clone(),
            device: self.device_id(),
            credential: self.device_credential.clone(),
            counter,
        }
    }

    /// A signed and a last-resort prekey, both with that id.
    pub fn prekeys(&mut self, id: u32) -> Upload {
        let (format, id, expires) = (PREKEY_FORMAT, PrekeyId(id), EXPIRES);
        let signed = SignedPrekey { format, id, key: AgreementKey(self.draw()), expires };
        let last_resort = LastResortPrekey { format, id, key: self.kem_key(), expires };
        Upload {
            signed: Some(sign(&self.signing, &signed)),
            last_resort: Some(sign(&self.signing, &last_resort)),
            one_time: List::empty(),
            replace: false,
        }
    }

    /// One-time pairs with these ids, to be added to those at the relay.
    pub fn one_time(&mut self, ids: impl IntoIterator<Item = u32>) -> Upload {
        let pairs = ids.into_iter().map(|id| self.pair(PrekeyId(id))).collect();
        let one_time = List::new(pairs).unwrap();
        Upload { signed: None, last_resort: None, one_time, replace: false }
    }

    fn pair(&mut self, id: PrekeyId) -> Signed<OneTimePair> {
        let (agreement, kem) = (AgreementKey(self.draw()), self.kem_key());
        sign(&self.signing, &OneTimePair { format: PREKEY_FORMAT, id, agreement, kem })
    }

    fn kem_key(&mut self) -> KemKey {
        let mut bytes = [0; KEM_KEY_BYTES];
        self.rng.fill_bytes(&mut bytes);
        KemKey::new(bytes)
    }

    fn draw<const N: usize>(&mut self) -> [u8; N] {
        draw(&mut self.rng)
    }
}

fn draw<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn sign<T: Signable>(key: &Ed25519, value: &T) -> Signed<T> {
    let message = Signed::message_for(value);
    let raw = message.strip_prefix(T::LABEL.bytes().as_slice()).unwrap().to_vec();
    Signed::from_parts(raw, Signature(key.sign(&message).to_bytes()))
}

#[cfg(test)]
mod tests {
    use msg_protocol::card::Succession;

    use super::*;

    #[test]
    fn a_seed_gives_the_same_account_again_and_another_seed_another() {
        assert_eq!(Identity::random(1).registration(None), Identity::random(1).registration(None));
        assert_ne!(Identity::random(1).mailbox(), Identity::random(2).mailbox());
    }

    #[test]
    fn what_it_publishes_is_signed_by_its_keys() {
        let mut identity = Identity::random(1);
        let key = identity.device().signing;
        let upload = identity.prekeys(1);
        upload.signed.unwrap().verify(&key).unwrap();
        upload.last_resort.unwrap().verify(&key).unwrap();
        for pair in identity.one_time(1..4).one_time.into_vec() {
            pair.verify(&key).unwrap();
        }
    }

    #[test]
    fn a_second_device_comes_with_the_next_card() {
        let identity = Identity::random(1);
        let second = identity.with_new_device(2);
        let first = identity.first_card();
        let next = identity.next_card(&first, vec![identity.device(), second.device()]);
        assert_eq!(first.admits(&next), Ok(Succession::Next));
        assert_eq!(identity.account(), second.account());
        assert_ne!(identity.mailbox(), second.mailbox());
    }
}
