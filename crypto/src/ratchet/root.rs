//! The root key, and the step that turns it. SPEC §5 "Step".

use msg_protocol::{
    hash::{FieldHasher, Label},
    key::{AgreementKey, KemKey},
};

use super::{chain::ChainKey, header::HeaderKey};
use crate::{
    kdf::{hkdf, thirds},
    kem::KemCiphertext,
    secret::Secret,
};

/// The secret that each step replaces.
pub(crate) struct RootKey(pub(crate) Secret<32>);

/// The public values of a step; both sides must see the same.
pub(crate) struct StepKeys<'a> {
    pub(crate) dh_new: &'a AgreementKey,
    pub(crate) dh_peer: &'a AgreementKey,
    pub(crate) ek_new: &'a KemKey,
    pub(crate) ct: Option<&'a KemCiphertext>,
}

/// What a step yields.
pub(crate) struct Stepped {
    pub(crate) root: RootKey,
    pub(crate) chain: ChainKey,
    pub(crate) next_header: HeaderKey,
}

impl RootKey {
    /// Makes a step from a DH secret and, but in the first chain, a KEM secret.
    pub(crate) fn step(
        &self,
        dh: &Secret<32>,
        kem: Option<&Secret<32>>,
        keys: &StepKeys<'_>,
    ) -> Stepped {
        let kem: &[u8] = kem.map_or(&[], |secret| secret.expose());
        let okm = hkdf(
            self.0.expose(),
            &[dh.expose(), kem],
            &[&Label::new("rk").bytes(), &keys.transcript()],
        );
        let [root, chain, next_header] = thirds(&okm);
        Stepped { root: Self(root), chain: ChainKey(chain), next_header: HeaderKey(next_header) }
    }
}

impl StepKeys<'_> {
    fn transcript(&self) -> [u8; 32] {
        let mut hasher = FieldHasher::new(Label::new("step"));
        hasher.field(self.dh_new.as_bytes());
        hasher.field(self.dh_peer.as_bytes());
        hasher.field(self.ek_new.as_bytes());
        hasher.field(self.ct.map_or(&[], |ct| ct.as_bytes()));
        hasher.finish()
    }
}
