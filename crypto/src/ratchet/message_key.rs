//! A message key: seals or opens one body, and is spent by it. SPEC §5 "Message".

use alloc::vec::Vec;

use msg_protocol::hash::Label;

use crate::{
    aead::{self, NONCE_BYTES, TagMismatch, XNONCE_BYTES},
    kdf::expand,
    secret::Secret,
};

/// The key of one message.
pub(crate) struct MessageKey(pub(crate) Secret<32>);

impl MessageKey {
    /// Encrypts `buffer` from `start` on, and appends the tag.
    pub(crate) fn seal(
        self,
        nonce: &[u8; XNONCE_BYTES],
        ad: &[u8],
        buffer: &mut Vec<u8>,
        start: usize,
    ) {
        let (key, iv) = self.expand(nonce);
        aead::seal(key.expose(), &iv, ad, buffer, start);
    }

    /// Decrypts a body. The key stays usable: only a body that opens spends it.
    pub(crate) fn open(
        &self,
        nonce: &[u8; XNONCE_BYTES],
        ad: &[u8],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, TagMismatch> {
        let (key, iv) = self.expand(nonce);
        aead::open(key.expose(), &iv, ad, ciphertext)
    }

    /// The random nonce feeds the key, so that a copied state which uses this
    /// message key again does not use its key stream again.
    fn expand(&self, nonce: &[u8; XNONCE_BYTES]) -> (Secret<32>, [u8; NONCE_BYTES]) {
        let okm: Secret<44> = expand(&self.0, &[&Label::new("msg").bytes(), nonce]);
        let mut key = Secret::zero();
        let mut iv = [0; NONCE_BYTES];
        if let Some((key_bytes, iv_bytes)) = okm.expose().split_at_checked(32) {
            key.expose_mut().copy_from_slice(key_bytes);
            iv.copy_from_slice(iv_bytes);
        }
        (key, iv)
    }
}
