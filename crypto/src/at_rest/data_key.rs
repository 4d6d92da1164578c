//! The one key of a store, and the two keys that come of it. SPEC §11.

use msg_protocol::hash::Label;
use rand_core::CryptoRng;

use crate::{kdf, secret::Secret};

/// The data key of a store: random, and replaced with all its rows.
pub struct DataKey {
    key: Secret<32>,
    index: Secret<32>,
    seal: Secret<32>,
}

impl DataKey {
    /// Draws a new key.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::new(Secret::random(rng))
    }

    /// The key with these bytes.
    pub fn new(key: Secret<32>) -> Self {
        let derive = |label: Label| kdf::hkdf(&[0; 32], &[key.expose()], &[&label.bytes()]);
        let (index, seal) = (derive(Label::new("row-index")), derive(Label::new("row-seal")));
        Self { key, index, seal }
    }

    /// A second copy of the key, for who keeps it while a store is unlocked. Whoever
    /// has it has all rows; it is wiped when dropped, like this one.
    pub fn to_secret(&self) -> Secret<32> {
        self.key.duplicate()
    }

    /// What is wrapped.
    pub(super) fn secret(&self) -> &Secret<32> {
        &self.key
    }

    /// Hashes places into keys of rows.
    pub(super) fn index(&self) -> &Secret<32> {
        &self.index
    }

    /// Seals values.
    pub(super) fn seal(&self) -> &Secret<32> {
        &self.seal
    }
}
