//! Project Wycheproof's cases for every primitive, through this crate's own
//! interface. Each test counts the cases that it ran.
//!
//! Where the interface takes arrays, a case with another length is refused by
//! their type. Ed25519 is tested in `msg-protocol`, where signatures are checked.

use alloc::{vec, vec::Vec};

use ::wycheproof::{TestResult, aead as aeads, hkdf, mac, mlkem, xdh};
use msg_protocol::key::{AgreementKey, KemKey};

use crate::{
    aead,
    agreement::{AgreementSecret, NonContributory},
    kdf,
    kem::{self, BadKemKey, Kem as _, KemCiphertext, KemSecret, MlKem768},
    secret::Secret,
};

/// How many cases a test ran, and how many the types refused.
#[derive(Debug, Default, PartialEq)]
struct Count {
    agreed: usize,
    refused: usize,
    refused_by_type: usize,
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[test]
fn x25519() {
    let mut count = Count::default();
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for case in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let ours = AgreementSecret::from_bytes(&Secret::new(array(&case.private_key).unwrap()));
        let agreed = ours.agree(&AgreementKey(array(&case.public_key).unwrap()));
        if case.flags.contains(&xdh::TestFlag::ZeroSharedSecret) {
            assert_eq!(agreed.err(), Some(NonContributory), "case {}", case.tc_id);
            count.refused += 1;
        } else {
            assert_eq!(agreed.unwrap().expose()[..], case.shared_secret[..], "case {}", case.tc_id);
            count.agreed += 1;
        }
    }
    assert_eq!(count, Count { agreed: 487, refused: 31, refused_by_type: 0 });
}

#[test]
fn chacha20_poly1305() {
    let count = aead_cases(aeads::TestName::ChaCha20Poly1305, aead::seal, aead::open);
    assert_eq!(count, Count { agreed: 256, refused: 60, refused_by_type: 9 });
}

#[test]
fn xchacha20_poly1305() {
    let count = aead_cases(aeads::TestName::XChaCha20Poly1305, aead::xseal, aead::xopen);
    assert_eq!(count, Count { agreed: 246, refused: 60, refused_by_type: 9 });
}

fn aead_cases<const NONCE: usize>(
    name: aeads::TestName,
    seal: impl Fn(&[u8; 32], &[u8; NONCE], &[u8], &mut Vec<u8>, usize),
    open: impl Fn(&[u8; 32], &[u8; NONCE], &[u8], &[u8]) -> Result<Vec<u8>, aead::TagMismatch>,
) -> Count {
    let mut count = Count::default();
    let set = aeads::TestSet::load(name).unwrap();
    for case in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let key = array(&case.key).unwrap();
        let Some(nonce) = array(&case.nonce) else {
            assert_eq!(case.result, TestResult::Invalid);
            count.refused_by_type += 1;
            continue;
        };
        let sealed = [&case.ct[..], &case.tag[..]].concat();
        let opened = open(&key, &nonce, &case.aad, &sealed);
        let mut buffer = [b"before", &case.pt[..]].concat();
        seal(&key, &nonce, &case.aad, &mut buffer, 6);
        if case.result == TestResult::Valid {
            assert_eq!(opened.unwrap(), *case.pt, "case {}", case.tc_id);
            assert_eq!(buffer, [b"before", &sealed[..]].concat(), "case {}", case.tc_id);
            count.agreed += 1;
        } else {
            assert_eq!(opened, Err(aead::TagMismatch), "case {}", case.tc_id);
            assert_ne!(buffer[6..], sealed, "case {}", case.tc_id);
            count.refused += 1;
        }
    }
    count
}

/// The longest output; a shorter one begins like it.
const LONGEST: usize = 255 * 32;

#[test]
fn hkdf_sha_256() {
    let (mut count, mut expanded) = (Count::default(), 0);
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    for case in set.test_groups.into_iter().flat_map(|group| group.tests) {
        if case.size > LONGEST {
            assert_eq!(case.result, TestResult::Invalid);
            count.refused_by_type += 1;
            continue;
        }
        // In two parts each, as concatenations are given.
        let (ikm, ikm_rest) = case.ikm.split_at(case.ikm.len() / 3);
        let (info, info_rest) = case.info.split_at(case.info.len() / 2);
        let okm: Secret<LONGEST> = kdf::hkdf(&case.salt, &[ikm, ikm_rest], &[info, info_rest]);
        assert_eq!(okm.expose()[..case.size], case.okm[..], "case {}", case.tc_id);
        count.agreed += 1;
        // A key of HMAC is filled up with zeros.
        if let Some(key) = filled_up(&case.salt) {
            let prk = kdf::hmac(&key, &[ikm, ikm_rest]);
            let okm: Secret<LONGEST> = kdf::expand(&prk, &[info, info_rest]);
            assert_eq!(okm.expose()[..case.size], case.okm[..], "case {}", case.tc_id);
            expanded += 1;
        }
    }
    assert_eq!(count, Count { agreed: 83, refused: 0, refused_by_type: 3 });
    assert_eq!(expanded, 72);
}

fn filled_up(key: &[u8]) -> Option<[u8; 32]> {
    let mut filled = vec![0; 32_usize.checked_sub(key.len())?];
    filled.splice(..0, key.iter().copied());
    array(&filled)
}

#[test]
fn hmac_sha_256() {
    let mut count = Count::default();
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for case in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let Some(key) = filled_up(&case.key) else {
            count.refused_by_type += 1;
            continue;
        };
        let (message, rest) = case.msg.split_at(case.msg.len() / 2);
        let tag = kdf::hmac(&key, &[message, rest]);
        let agrees = tag.expose()[..case.tag.len()] == case.tag[..];
        assert_eq!(agrees, case.result == TestResult::Valid, "case {}", case.tc_id);
        *(if agrees { &mut count.agreed } else { &mut count.refused }) += 1;
    }
    assert_eq!(count, Count { agreed: 60, refused: 108, refused_by_type: 6 });
}

fn kem_cases(name: mlkem::TestName) -> Vec<mlkem::Test> {
    let set = mlkem::TestSet::load(name).unwrap();
    set.test_groups.into_iter().flat_map(|group| group.tests).collect()
}

#[test]
fn ml_kem_768_key_generation() {
    let mut count = Count::default();
    for case in kem_cases(mlkem::TestName::MlKem768KeyGenSeed) {
        let seed = Secret::new(array(&case.seed.unwrap()).unwrap());
        let public = case.encaps_key.unwrap();
        assert_eq!(MlKem768::generate(&seed).1.as_bytes()[..], public[..], "case {}", case.tc_id);
        assert_eq!(KemSecret::from_seed(seed).public().as_bytes()[..], public[..]);
        count.agreed += 1;
    }
    assert_eq!(count, Count { agreed: 100, ..Count::default() });
}

/// Keys with a coefficient past the modulus are among the cases: an implementation
/// that takes them encapsulates to a key that nobody holds, or that all do.
#[test]
fn attack_24_ml_kem_768_encapsulation_refuses_keys_past_the_modulus() {
    let (mut count, mut named) = (Count::default(), 0);
    for case in kem_cases(mlkem::TestName::MlKem768Encaps) {
        let Some(key) = array(&case.encaps_key.unwrap()).map(KemKey::new) else {
            assert_eq!(case.result, TestResult::Invalid);
            count.refused_by_type += 1;
            continue;
        };
        let randomness = Secret::new(array(&case.msg.unwrap()).unwrap());
        let result = MlKem768::encapsulate(&key, &randomness);
        if case.result == TestResult::Valid {
            let (ciphertext, shared) = result.unwrap();
            assert_eq!(ciphertext.as_bytes()[..], case.ct.unwrap()[..], "case {}", case.tc_id);
            assert_eq!(shared.expose()[..], case.shared_secret.unwrap()[..]);
            assert_eq!(kem::check(&key), Ok(()));
            count.agreed += 1;
        } else {
            assert_eq!(result.err(), Some(BadKemKey), "case {}", case.tc_id);
            assert_eq!(kem::check(&key), Err(BadKemKey));
            count.refused += 1;
            named += usize::from(case.flags.contains(&mlkem::TestFlag::ModulusOverflow));
        }
    }
    assert_eq!(count, Count { agreed: 133, refused: 112, refused_by_type: 20 });
    assert_eq!(named, 12);
}

/// Decapsulation keys are kept as seeds, so that one with a wrong hash or wrong
/// coefficients, of which Wycheproof has six more cases, cannot be given.
#[test]
fn ml_kem_768_decapsulation() {
    let mut count = Count::default();
    for case in kem_cases(mlkem::TestName::MlKem768) {
        let seed = array(&case.seed.unwrap()).map(Secret::new);
        let ciphertext = array(&case.ct.unwrap()).map(KemCiphertext::new);
        let (Some(seed), Some(ciphertext)) = (seed, ciphertext) else {
            assert_eq!(case.result, TestResult::Invalid);
            count.refused_by_type += 1;
            continue;
        };
        assert_eq!(case.result, TestResult::Valid);
        let secret = KemSecret::from_seed(seed);
        assert_eq!(secret.public().as_bytes()[..], case.encaps_key.unwrap()[..]);
        let shared = secret.decapsulate(&ciphertext);
        assert_eq!(shared.expose()[..], case.shared_secret.unwrap()[..], "case {}", case.tc_id);
        count.agreed += 1;
    }
    assert_eq!(count, Count { agreed: 161, refused: 0, refused_by_type: 40 });
}
