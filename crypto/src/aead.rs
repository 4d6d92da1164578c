//! ChaCha20-Poly1305 and XChaCha20-Poly1305 over buffers in place. SPEC §1.

use alloc::vec::Vec;

use chacha20poly1305::{
    AeadInOut, ChaCha20Poly1305, KeyInit, Nonce, Tag, XChaCha20Poly1305, XNonce,
    aead::{AeadCore, array::Array},
};

/// Bytes of an authentication tag.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of a ChaCha20-Poly1305 nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes of an XChaCha20-Poly1305 nonce.
pub(crate) const XNONCE_BYTES: usize = 24;

/// The tag did not check: wrong key, or altered bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TagMismatch;

/// Encrypts `buffer` from `start` on, and appends the tag.
pub(crate) fn seal(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    ad: &[u8],
    buffer: &mut Vec<u8>,
    start: usize,
) {
    let cipher = ChaCha20Poly1305::new(key.into());
    seal_tail(&cipher, &Nonce::from(*nonce), ad, buffer, start);
}

/// Decrypts `ciphertext` (with its tag) into a new buffer.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    ad: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, TagMismatch> {
    let cipher = ChaCha20Poly1305::new(key.into());
    open_with(&cipher, &Nonce::from(*nonce), ad, ciphertext)
}

/// As [`seal`], with a 24-byte nonce.
pub(crate) fn xseal(
    key: &[u8; 32],
    nonce: &[u8; XNONCE_BYTES],
    ad: &[u8],
    buffer: &mut Vec<u8>,
    start: usize,
) {
    let cipher = XChaCha20Poly1305::new(key.into());
    seal_tail(&cipher, &XNonce::from(*nonce), ad, buffer, start);
}

/// As [`open`], with a 24-byte nonce.
pub(crate) fn xopen(
    key: &[u8; 32],
    nonce: &[u8; XNONCE_BYTES],
    ad: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, TagMismatch> {
    let cipher = XChaCha20Poly1305::new(key.into());
    open_with(&cipher, &XNonce::from(*nonce), ad, ciphertext)
}

fn seal_tail<C: AeadInOut>(
    cipher: &C,
    nonce: &Array<u8, C::NonceSize>,
    ad: &[u8],
    buffer: &mut Vec<u8>,
    start: usize,
) {
    let tail = buffer.get_mut(start..).unwrap_or_default();
    #[expect(clippy::expect_used, reason = "lengths are far below the cipher's 256 GiB")]
    let tag = cipher
        .encrypt_inout_detached(nonce, ad, tail.into())
        .expect("a plaintext of permitted length");
    buffer.extend_from_slice(&tag);
}

fn open_with<C: AeadInOut + AeadCore>(
    cipher: &C,
    nonce: &Array<u8, C::NonceSize>,
    ad: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, TagMismatch>
where
    for<'a> &'a Array<u8, C::TagSize>: TryFrom<&'a [u8]>,
{
    let (bytes, tag) = ciphertext
        .len()
        .checked_sub(TAG_BYTES)
        .and_then(|length| ciphertext.split_at_checked(length))
        .ok_or(TagMismatch)?;
    let tag = <&Array<u8, C::TagSize>>::try_from(tag).map_err(|_| TagMismatch)?;
    let mut plain = bytes.to_vec();
    cipher
        .decrypt_inout_detached(nonce, ad, plain.as_mut_slice().into(), tag)
        .map_err(|_| TagMismatch)?;
    Ok(plain)
}

const _: () = assert!(size_of::<Tag>() == TAG_BYTES);
