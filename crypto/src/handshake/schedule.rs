//! The handshake's key schedule, the same for both sides. SPEC §4.

use alloc::vec::Vec;

use msg_protocol::{
    card::CardHash,
    hash::{FieldHasher, Label},
    id::DeviceId,
    key::{AgreementKey, IdentityKey, KemKey},
    prekey::PrekeyId,
};

use super::block::SUITE;
use crate::{
    aead::{self, NONCE_BYTES, TagMismatch},
    kdf::{hkdf, thirds},
    kem::KemCiphertext,
    ratchet::{HeaderKey, InitialKeys, RootKey},
    secret::Secret,
};

/// Stands before the secrets, as X3DH has it, so that no input of another
/// protocol over the same keys can be one of ours.
const DOMAIN: [u8; 32] = [0xff; 32];

/// The responder's side of the first transcript, and the initiator's fresh keys.
pub(super) struct FirstTranscript<'a> {
    pub(super) card: CardHash,
    pub(super) device: DeviceId,
    pub(super) agreement: &'a AgreementKey,
    pub(super) signed_id: PrekeyId,
    pub(super) signed: &'a AgreementKey,
    /// The X25519 half of a one-time pair; absent with a last-resort key.
    pub(super) one_time: Option<&'a AgreementKey>,
    pub(super) kem_id: PrekeyId,
    pub(super) kem: &'a KemKey,
    pub(super) ek: &'a AgreementKey,
    pub(super) ct: &'a KemCiphertext,
}

impl FirstTranscript<'_> {
    /// `th1`.
    pub(super) fn hash(&self) -> [u8; 32] {
        let kem_id = self.kem_id.0.to_be_bytes();
        let (one_time_id, one_time): (&[u8], &[u8]) = match self.one_time {
            Some(key) => (&kem_id, key.as_bytes()),
            None => (&[], &[]),
        };
        let mut hasher = FieldHasher::new(Label::new("hs1"));
        hasher.field(&[SUITE]);
        hasher.field(&self.card.0);
        hasher.field(self.device.as_bytes());
        hasher.field(self.agreement.as_bytes());
        hasher.field(&self.signed_id.0.to_be_bytes());
        hasher.field(self.signed.as_bytes());
        hasher.field(one_time_id);
        hasher.field(one_time);
        hasher.field(&kem_id);
        hasher.field(self.kem.as_bytes());
        hasher.field(self.ek.as_bytes());
        hasher.field(self.ct.as_bytes());
        hasher.finish()
    }
}

/// What the second transcript adds.
pub(super) struct SecondTranscript<'a> {
    pub(super) th1: &'a [u8; 32],
    pub(super) sealed: &'a [u8],
    pub(super) initiator: &'a IdentityKey,
    pub(super) responder: &'a IdentityKey,
    pub(super) agreement: &'a AgreementKey,
    pub(super) device: DeviceId,
    pub(super) card: CardHash,
}

impl SecondTranscript<'_> {
    /// `th2`.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hasher = FieldHasher::new(Label::new("hs2"));
        hasher.field(self.th1);
        hasher.field(self.sealed);
        hasher.field(self.initiator.as_bytes());
        hasher.field(self.responder.as_bytes());
        hasher.field(self.agreement.as_bytes());
        hasher.field(self.device.as_bytes());
        hasher.field(&self.card.0);
        hasher.finish()
    }
}

/// The secrets that both sides compute; `dh1` comes last, when the responder
/// has learnt who the initiator is.
pub(super) struct Secrets {
    pub(super) dh2: Secret<32>,
    pub(super) dh3: Secret<32>,
    pub(super) dh4: Option<Secret<32>>,
    pub(super) kem: Secret<32>,
}

impl Secrets {
    /// Seals the initiator's part.
    pub(super) fn seal(&self, th1: &[u8; 32], mut initiator: Vec<u8>) -> Vec<u8> {
        let key = self.seal_key(th1);
        aead::seal(key.expose(), &[0; NONCE_BYTES], th1, &mut initiator, 0);
        initiator
    }

    /// Opens the initiator's part.
    pub(super) fn open(&self, th1: &[u8; 32], sealed: &[u8]) -> Result<Vec<u8>, TagMismatch> {
        let key = self.seal_key(th1);
        aead::open(key.expose(), &[0; NONCE_BYTES], th1, sealed)
    }

    /// The session's first keys.
    pub(super) fn session(&self, dh1: &Secret<32>, th2: &[u8; 32]) -> InitialKeys {
        let okm = self.derive(Some(dh1), Label::new("sk"), th2);
        let [root, header_a, header_b] = thirds(&okm);
        InitialKeys {
            root: RootKey(root),
            header_a: HeaderKey(header_a),
            header_b: HeaderKey(header_b),
        }
    }

    /// A key for one single use, hence the fixed nonce beside it.
    fn seal_key(&self, th1: &[u8; 32]) -> Secret<32> {
        self.derive(None, Label::new("seal"), th1)
    }

    fn derive<const N: usize>(
        &self,
        dh1: Option<&Secret<32>>,
        label: Label,
        transcript: &[u8; 32],
    ) -> Secret<N> {
        let empty: &[u8] = &[];
        let ikm = [
            DOMAIN.as_slice(),
            dh1.map_or(empty, |secret| secret.expose()),
            self.dh2.expose(),
            self.dh3.expose(),
            self.dh4.as_ref().map_or(empty, |secret| secret.expose()),
            self.kem.expose(),
        ];
        hkdf(&[0; 32], &ikm, &[&label.bytes(), transcript])
    }
}
