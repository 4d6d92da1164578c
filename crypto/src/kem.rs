//! ML-KEM-768 (FIPS 203) behind three functions, so that the crate below can be
//! changed, and held against another. SPEC §1.

use alloc::boxed::Box;

use ml_kem::{
    B32, Decapsulate as _, Seed, TryKeyInit as _,
    kem::KeyExport as _,
    ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey},
};
use msg_protocol::key::{KEM_KEY_BYTES, KemKey};
use rand_core::CryptoRng;

use crate::secret::Secret;

/// Bytes of a ciphertext.
pub const CIPHERTEXT_BYTES: usize = 1_088;
/// Bytes of a private key in its seed form, `d || z`.
pub const SEED_BYTES: usize = 64;

/// The prime of ML-KEM.
const MODULUS: u16 = 3_329;
/// Bytes of the matrix seed at the end of a public key.
const RHO_BYTES: usize = 32;

/// The encapsulation key fails the check of FIPS 203 §7.2. The peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed KEM public key")]
pub struct BadKemKey;

/// A KEM whose public keys, ciphertexts and secrets have ML-KEM-768's lengths.
pub trait Kem {
    /// A private key, ready for use.
    type Private;

    /// The key pair that belongs to a seed.
    fn generate(seed: &Secret<SEED_BYTES>) -> (Self::Private, KemKey);

    /// A ciphertext and the secret in it, from 32 bytes of randomness.
    fn encapsulate(
        key: &KemKey,
        randomness: &Secret<32>,
    ) -> Result<(KemCiphertext, Secret<32>), BadKemKey>;

    /// The secret in a ciphertext; another secret, without an error, if it was forged.
    fn decapsulate(private: &Self::Private, ciphertext: &KemCiphertext) -> Secret<32>;
}

/// An ML-KEM-768 ciphertext.
#[derive(Clone, PartialEq, Eq)]
pub struct KemCiphertext(Box<[u8; CIPHERTEXT_BYTES]>);

impl KemCiphertext {
    /// Wraps a ciphertext's bytes.
    pub fn new(bytes: [u8; CIPHERTEXT_BYTES]) -> Self {
        Self(Box::new(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; CIPHERTEXT_BYTES] {
        &self.0
    }
}

/// The implementation in use.
pub struct MlKem768;

impl Kem for MlKem768 {
    type Private = Box<DecapsulationKey>;

    fn generate(seed: &Secret<SEED_BYTES>) -> (Self::Private, KemKey) {
        let private = Box::new(DecapsulationKey::from_seed(Seed::from(*seed.expose())));
        let public: [u8; KEM_KEY_BYTES] = private.encapsulation_key().to_bytes().into();
        (private, KemKey::new(public))
    }

    fn encapsulate(
        key: &KemKey,
        randomness: &Secret<32>,
    ) -> Result<(KemCiphertext, Secret<32>), BadKemKey> {
        let key = checked(key)?;
        let (ciphertext, shared) = key.encapsulate_deterministic(&B32::from(*randomness.expose()));
        Ok((KemCiphertext::new(ciphertext.into()), Secret::new(shared.into())))
    }

    fn decapsulate(private: &Self::Private, ciphertext: &KemCiphertext) -> Secret<32> {
        let ciphertext = Ciphertext::from(*ciphertext.as_bytes());
        Secret::new(private.decapsulate(&ciphertext).into())
    }
}

/// Checks a public key without using it: the modulus check of FIPS 203 §7.2.
///
/// The crate below makes the same check when it takes a key, but expands the
/// whole matrix with it, which costs as much as using the key.
pub fn check(key: &KemKey) -> Result<(), BadKemKey> {
    let (coefficients, _rho) = key.as_bytes().split_at(KEM_KEY_BYTES - RHO_BYTES);
    let reduced = coefficients.chunks_exact(3).all(|packed| match packed {
        &[a, b, c] => {
            let first = u16::from(a) | (u16::from(b & 0x0f) << 8);
            let second = u16::from(b >> 4) | (u16::from(c) << 4);
            first < MODULUS && second < MODULUS
        }
        _ => false,
    });
    if reduced { Ok(()) } else { Err(BadKemKey) }
}

fn checked(key: &KemKey) -> Result<EncapsulationKey, BadKemKey> {
    EncapsulationKey::new_from_slice(key.as_bytes()).map_err(|_| BadKemKey)
}

/// A private ML-KEM-768 key: kept as its seed, expanded when it serves.
pub struct KemSecret {
    seed: Secret<SEED_BYTES>,
    public: KemKey,
    expanded: Option<Box<DecapsulationKey>>,
}

impl KemSecret {
    /// Draws a new key.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seed(Secret::random(rng))
    }

    /// The key with this seed.
    pub fn from_seed(seed: Secret<SEED_BYTES>) -> Self {
        let (expanded, public) = MlKem768::generate(&seed);
        Self { seed, public, expanded: Some(expanded) }
    }

    /// Takes a stored seed and public half, and expands nothing until it must.
    pub(crate) fn from_parts(seed: Secret<SEED_BYTES>, public: KemKey) -> Self {
        Self { seed, public, expanded: None }
    }

    pub(crate) fn seed(&self) -> &Secret<SEED_BYTES> {
        &self.seed
    }

    /// The public half.
    pub fn public(&self) -> &KemKey {
        &self.public
    }

    /// `Decaps(self, ciphertext)`.
    pub fn decapsulate(&self, ciphertext: &KemCiphertext) -> Secret<32> {
        match &self.expanded {
            Some(private) => MlKem768::decapsulate(private, ciphertext),
            None => MlKem768::decapsulate(&MlKem768::generate(&self.seed).0, ciphertext),
        }
    }
}

/// `Encaps(key)` with fresh randomness.
pub fn encapsulate<R: CryptoRng + ?Sized>(
    key: &KemKey,
    rng: &mut R,
) -> Result<(KemCiphertext, Secret<32>), BadKemKey> {
    MlKem768::encapsulate(key, &Secret::random(rng))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every coefficient of a sound key, set to the modulus less one, to the
    /// modulus, and to the largest that twelve bits hold.
    #[test]
    fn check_agrees_with_the_constructor() {
        let (_, sound) = MlKem768::generate(&Secret::new([3; SEED_BYTES]));
        assert!(check(&sound).is_ok() && checked(&sound).is_ok());
        for place in 0..(KEM_KEY_BYTES - RHO_BYTES) / 3 * 2 {
            for value in [MODULUS - 1, MODULUS, 4_095] {
                let mut bytes = *sound.as_bytes();
                let at = place / 2 * 3;
                if place % 2 == 0 {
                    bytes[at] = value.to_le_bytes()[0];
                    bytes[at + 1] = (bytes[at + 1] & 0xf0) | value.to_le_bytes()[1];
                } else {
                    bytes[at + 1] = (bytes[at + 1] & 0x0f) | (value << 4).to_le_bytes()[0];
                    bytes[at + 2] = (value >> 4).to_le_bytes()[0];
                }
                let key = KemKey::new(bytes);
                assert_eq!(check(&key).is_ok(), value < MODULUS);
                assert_eq!(check(&key), checked(&key).map(|_| ()));
            }
        }
    }
}
