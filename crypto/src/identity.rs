//! The private keys of an account and of a device. SPEC §3.
//!
//! An identity signs cards and nothing else; a device signs prekeys and group
//! operations. The types of what is signed decide which key can sign it, and no
//! call takes a public key beside a private one.

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    card::Device,
    id::DeviceId,
    key::{IdentityKey, Signature, SigningKey},
    signed::{Signable, Signed},
    time::UnixDay,
};
use rand_core::CryptoRng;

use crate::{
    agreement::AgreementSecret,
    archive::{ArchiveError, Reader, Writer},
    secret::Secret,
};

/// The private identity key of an account.
pub struct IdentitySecret(Ed25519);

impl IdentitySecret {
    /// Draws a new identity.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seed(&Secret::random(rng))
    }

    /// The identity with this RFC 8032 seed.
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(Ed25519::from_bytes(seed.expose()))
    }

    /// The seed, for storing.
    pub fn seed(&self) -> Secret<32> {
        Secret::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> IdentityKey {
        IdentityKey(self.0.verifying_key().to_bytes())
    }

    /// Signs what an identity may sign.
    pub fn sign<T: Signable<Signer = IdentityKey>>(&self, value: &T) -> Signed<T> {
        sign(&self.0, value)
    }
}

/// The private keys of one device.
pub struct DeviceSecret {
    signing: Ed25519,
    agreement: AgreementSecret,
}

impl DeviceSecret {
    /// Draws a new device's keys.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seeds(&Secret::random(rng), &Secret::random(rng))
    }

    /// The device with these two seeds.
    pub fn from_seeds(signing: &Secret<32>, agreement: &Secret<32>) -> Self {
        Self {
            signing: Ed25519::from_bytes(signing.expose()),
            agreement: AgreementSecret::from_bytes(agreement),
        }
    }

    /// The device's entry on a card.
    pub fn public(&self, added: UnixDay) -> Device {
        Device { signing: self.signing_key(), agreement: *self.agreement.public(), added }
    }

    /// The device's id.
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.signing_key(), self.agreement.public())
    }

    /// Signs what a device may sign.
    pub fn sign<T: Signable<Signer = SigningKey>>(&self, value: &T) -> Signed<T> {
        sign(&self.signing, value)
    }

    pub(crate) fn agreement(&self) -> &AgreementSecret {
        &self.agreement
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey(self.signing.verifying_key().to_bytes())
    }

    /// Writes the keys for storing.
    pub fn archive(&self) -> Writer {
        let mut writer = Writer::new(ARCHIVE_VERSION);
        writer.secret(&Secret::new(self.signing.to_bytes()));
        writer.secret(&self.agreement.to_bytes());
        writer
    }

    /// Reads what [`Self::archive`] wrote.
    pub fn restore(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut reader = Reader::new(bytes, ARCHIVE_VERSION)?;
        let device = Self::from_seeds(&reader.secret()?, &reader.secret()?);
        reader.finish()?;
        Ok(device)
    }
}

const ARCHIVE_VERSION: u8 = 1;

fn sign<T: Signable>(key: &Ed25519, value: &T) -> Signed<T> {
    let signature = key.sign(&Signed::message_for(value));
    Signed::from_parts(msg_protocol::codec::encode(value), Signature(signature.to_bytes()))
}
