//! HKDF and HMAC over SHA-256, with several-part inputs. SPEC §1.

use hkdf::{GenericHkdf, HkdfExtract};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroize as _;

use crate::secret::Secret;

type HmacSha256 = Hmac<Sha256>;

/// `HKDF(salt, ikm, info, N)`; `ikm` and `info` are concatenations.
pub(crate) fn hkdf<const N: usize>(salt: &[u8], ikm: &[&[u8]], info: &[&[u8]]) -> Secret<N> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in ikm {
        extract.input_ikm(part);
    }
    let (mut prk_bytes, prk) = extract.finalize();
    prk_bytes.as_mut_slice().zeroize();
    expand_from(&prk, info)
}

/// `Expand(prk, info, N)`.
pub(crate) fn expand<const N: usize>(prk: &Secret<32>, info: &[&[u8]]) -> Secret<N> {
    #[expect(clippy::expect_used, reason = "32 bytes is the length that SHA-256 asks for")]
    let prk = GenericHkdf::<HmacSha256>::from_prk(prk.expose()).expect("a PRK of hash length");
    expand_from(&prk, info)
}

fn expand_from<const N: usize>(prk: &GenericHkdf<HmacSha256>, info: &[&[u8]]) -> Secret<N> {
    const { assert!(N <= 255 * 32) };
    let mut out = Secret::zero();
    #[expect(clippy::expect_used, reason = "N is at most 255 hashes, asserted above")]
    prk.expand_multi_info(info, out.expose_mut()).expect("an output of permitted length");
    out
}

/// `HMAC(key, message)`; `message` is a concatenation.
pub(crate) fn hmac(key: &[u8; 32], message: &[&[u8]]) -> Secret<32> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = HmacSha256::new_from_slice(key).expect("a key of any length");
    for part in message {
        mac.update(part);
    }
    Secret::new(mac.finalize().into_bytes().into())
}

/// Cuts the three 32-byte keys out of 96 derived bytes.
pub(crate) fn thirds(okm: &Secret<96>) -> [Secret<32>; 3] {
    let mut keys = [Secret::zero(), Secret::zero(), Secret::zero()];
    for (key, bytes) in keys.iter_mut().zip(okm.expose().chunks_exact(32)) {
        key.expose_mut().copy_from_slice(bytes);
    }
    keys
}
