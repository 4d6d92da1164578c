//! The key of one payload, and the nonce of each of its chunks. SPEC §10.

use alloc::vec::Vec;

use msg_protocol::secret::FileKey;

use crate::{
    aead::{self, NONCE_BYTES, TagMismatch},
    kdf,
    secret::Secret,
};

/// Bytes of the nonce that a payload begins with.
pub const PAYLOAD_NONCE_BYTES: usize = 16;

/// What a payload's key is derived from.
pub enum FileSecret {
    /// The key in a message: 32 bytes.
    Msg(FileKey),
    /// A file key of age: 16 bytes.
    Age(Secret<16>),
}

impl FileSecret {
    fn expose(&self) -> &[u8] {
        match self {
            Self::Msg(key) => key.expose(),
            Self::Age(key) => key.expose(),
        }
    }
}

impl From<FileKey> for FileSecret {
    fn from(key: FileKey) -> Self {
        Self::Msg(key)
    }
}

impl From<Secret<16>> for FileSecret {
    fn from(key: Secret<16>) -> Self {
        Self::Age(key)
    }
}

/// The key of one payload.
pub(super) struct Cipher(Secret<32>);

impl Cipher {
    pub(super) fn new(secret: &FileSecret, nonce: &[u8; PAYLOAD_NONCE_BYTES]) -> Self {
        Self(kdf::hkdf(nonce, &[secret.expose()], &[b"payload"]))
    }

    /// Seals what stands in `buffer`.
    pub(super) fn seal(&self, index: u64, last: bool, buffer: &mut Vec<u8>) {
        aead::seal(self.0.expose(), &chunk_nonce(index, last), &[], buffer, 0);
    }

    pub(super) fn open(
        &self,
        index: u64,
        last: bool,
        sealed: &[u8],
    ) -> Result<Vec<u8>, TagMismatch> {
        aead::open(self.0.expose(), &chunk_nonce(index, last), &[], sealed)
    }
}

/// The chunk's number in 11 bytes, big-endian, and the flag of the last one.
fn chunk_nonce(index: u64, last: bool) -> [u8; NONCE_BYTES] {
    let number = u128::from(index) << 8 | u128::from(last);
    let mut nonce = [0; NONCE_BYTES];
    for (to, from) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
        *to = from;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_the_number_and_the_flag() {
        assert_eq!(chunk_nonce(0, false), [0; 12]);
        assert_eq!(chunk_nonce(0, true), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(chunk_nonce(0x0102, false), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
        assert_eq!(
            chunk_nonce(u64::MAX, true),
            [0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 1]
        );
    }
}
