//! The notation of `crypto/SPEC.md` §1, over the primitives alone.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use hkdf::{GenericHkdf, Hkdf};
use hmac::{Hmac, Mac as _};
use msg_crypto::{
    agreement::AgreementSecret,
    kem::{Kem as _, KemCiphertext, MlKem768},
    secret::Secret,
};
use msg_protocol::key::{AgreementKey, KemKey};
use sha2::{Digest as _, Sha256};

/// 32 bytes: a key, a hash, a public value.
pub type Bytes32 = [u8; 32];

/// `L(name)`.
pub fn label(name: &str) -> Vec<u8> {
    format!("msg/v1/{name}").into_bytes()
}

/// `H(L(name), fields…)`.
pub fn hash(name: &str, fields: &[&[u8]]) -> Bytes32 {
    let mut hasher = Sha256::new();
    let label = label(name);
    for field in [label.as_slice()].iter().chain(fields) {
        hasher.update(u32::try_from(field.len()).unwrap().to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().into()
}

/// `HMAC(key, message)`.
pub fn hmac(key: &Bytes32, message: &[u8]) -> Bytes32 {
    Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

/// `HKDF(salt, ikm, info, N)`.
pub fn hkdf<const N: usize>(salt: &[u8], ikm: &[u8], info: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(salt), ikm).expand(info, &mut out).unwrap();
    out
}

/// `Expand(prk, info, N)`.
pub fn expand<const N: usize>(prk: &Bytes32, info: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let prk = GenericHkdf::<Hmac<Sha256>>::from_prk(prk).unwrap();
    prk.expand(info, &mut out).unwrap();
    out
}

/// Cuts 96 bytes in three.
pub fn thirds(okm: &[u8; 96]) -> [Bytes32; 3] {
    [0, 32, 64].map(|at| okm[at..at + 32].try_into().unwrap())
}

/// `AEAD`, sealing.
pub fn seal(key: &Bytes32, nonce: &[u8; 12], ad: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new(&(*key).into());
    cipher.encrypt(&(*nonce).into(), Payload { msg: plain, aad: ad }).unwrap()
}

/// `AEAD`, opening.
pub fn open(key: &Bytes32, nonce: &[u8; 12], ad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = ChaCha20Poly1305::new(&(*key).into());
    cipher.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: ad }).ok()
}

/// `XAEAD`, sealing.
pub fn xseal(key: &Bytes32, nonce: &[u8; 24], ad: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    cipher.encrypt(&(*nonce).into(), Payload { msg: plain, aad: ad }).unwrap()
}

/// `XAEAD`, opening.
pub fn xopen(key: &Bytes32, nonce: &[u8; 24], ad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    cipher.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: ad }).ok()
}

/// `DH(secret, public)`; zeros where an honest party would stop.
pub fn dh(secret: &Bytes32, public: &Bytes32) -> Bytes32 {
    let secret = AgreementSecret::from_bytes(&Secret::new(*secret));
    secret.agree(&AgreementKey(*public)).map_or([0; 32], |shared| *shared.expose())
}

/// The public half of an X25519 key.
pub fn dh_public(secret: &Bytes32) -> Bytes32 {
    AgreementSecret::from_bytes(&Secret::new(*secret)).public().0
}

/// The public half of the KEM key with this seed.
pub fn kem_public(seed: &[u8; 64]) -> [u8; 1_184] {
    *MlKem768::generate(&Secret::new(*seed)).1.as_bytes()
}

/// `Encaps(key)` with this randomness: ciphertext and secret.
pub fn encapsulate(key: &[u8; 1_184], randomness: &Bytes32) -> ([u8; 1_088], Bytes32) {
    let (ct, shared) =
        MlKem768::encapsulate(&KemKey::new(*key), &Secret::new(*randomness)).unwrap();
    (*ct.as_bytes(), *shared.expose())
}

/// `Decaps(seed, ct)`.
pub fn decapsulate(seed: &[u8; 64], ct: &[u8; 1_088]) -> Bytes32 {
    let (private, _) = MlKem768::generate(&Secret::new(*seed));
    *MlKem768::decapsulate(&private, &KemCiphertext::new(*ct)).expose()
}

/// `pad(content, length)`.
pub fn pad(content: &[u8], length: usize) -> Vec<u8> {
    let mut out = content.to_vec();
    out.push(0x80);
    assert!(out.len() <= length, "the content fits");
    out.resize(length, 0);
    out
}

/// What [`pad`] was given.
pub fn unpad(padded: &[u8]) -> Option<Vec<u8>> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    (padded[end] == 0x80).then(|| padded[..end].to_vec())
}
