//! X25519 with the check that nobody may leave out: a result of all zeros is an
//! error. SPEC §1.

use msg_protocol::key::AgreementKey;
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::secret::Secret;

/// The peer's key is one of the few that make every agreement the same. The peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("public key of low order: the agreement would not be secret")]
pub struct NonContributory;

/// A private X25519 key, with its public half beside it.
pub struct AgreementSecret {
    secret: StaticSecret,
    public: AgreementKey,
}

impl AgreementSecret {
    /// Draws a new key.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_bytes(&Secret::random(rng))
    }

    /// The key with these bytes (clamped in use, as RFC 7748 says).
    pub fn from_bytes(bytes: &Secret<32>) -> Self {
        let secret = StaticSecret::from(*bytes.expose());
        let public = AgreementKey(PublicKey::from(&secret).to_bytes());
        Self { secret, public }
    }

    /// The public half.
    pub fn public(&self) -> &AgreementKey {
        &self.public
    }

    /// The private bytes, for storing.
    pub(crate) fn to_bytes(&self) -> Secret<32> {
        Secret::new(self.secret.to_bytes())
    }

    /// Takes back what [`Self::to_bytes`] gave, without computing the public half again.
    pub(crate) fn from_parts(bytes: &Secret<32>, public: AgreementKey) -> Self {
        Self { secret: StaticSecret::from(*bytes.expose()), public }
    }

    /// `DH(self, theirs)`.
    pub fn agree(&self, theirs: &AgreementKey) -> Result<Secret<32>, NonContributory> {
        let shared = self.secret.diffie_hellman(&PublicKey::from(theirs.0));
        if shared.was_contributory() {
            Ok(Secret::new(shared.to_bytes()))
        } else {
            Err(NonContributory)
        }
    }
}
