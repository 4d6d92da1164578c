//! Signatures that a careless verifier would take: Project Wycheproof's, and those
//! that weak keys and malleable encodings give.

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer as _, Verifier as _};
use wycheproof::{TestResult, eddsa};

use super::*;

const LABEL: Label = Label::new("test");

/// The points of small order.
const WEAK: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/// The order of the group, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn hex(text: &str) -> [u8; 32] {
    HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

fn signed(message: &[u8]) -> (IdentityKey, Signature) {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signature = secret.sign(&LABEL.followed_by(message));
    (IdentityKey(secret.verifying_key().to_bytes()), Signature(signature.to_bytes()))
}

#[test]
fn every_case_of_wycheproof_ends_as_it_should() {
    let (mut agreed, mut refused, mut refused_by_type) = (0, 0, 0);
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        for case in group.tests {
            let Ok(signature) = case.sig.as_slice().try_into().map(Signature) else {
                assert_eq!(case.result, TestResult::Invalid);
                refused_by_type += 1;
                continue;
            };
            let result = verify_strict(&key, &case.msg, &signature);
            assert_eq!(result.is_ok(), case.result == TestResult::Valid, "case {}", case.tc_id);
            *(if result.is_ok() { &mut agreed } else { &mut refused }) += 1;
            // What is signed bare is not signed under a label.
            assert_eq!(IdentityKey(key).verify(LABEL, &case.msg, &signature), Err(SignatureError));
        }
    }
    assert_eq!((agreed, refused, refused_by_type), (88, 51, 12));
}

#[test]
fn a_signature_is_for_its_label_its_message_and_its_key() {
    let (key, signature) = signed(b"hello");
    assert_eq!(key.verify(LABEL, b"hello", &signature), Ok(()));
    assert_eq!(SigningKey(key.0).verify(LABEL, b"hello", &signature), Ok(()));
    assert_eq!(key.verify(LABEL, b"hellp", &signature), Err(SignatureError));
    assert_eq!(key.verify(Label::new("tesu"), b"hello", &signature), Err(SignatureError));
    let other =
        IdentityKey(ed25519_dalek::SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes());
    assert_eq!(other.verify(LABEL, b"hello", &signature), Err(SignatureError));
    for at in 0..64 {
        let mut altered = signature;
        altered.0[at] ^= 1;
        assert_eq!(key.verify(LABEL, b"hello", &altered), Err(SignatureError), "byte {at}");
    }
}

#[test]
fn attack_2_a_weak_key_signs_nothing() {
    for text in WEAK {
        let weak = hex(text);
        let careless = ed25519_dalek::VerifyingKey::from_bytes(&weak).unwrap();
        // R the neutral point, S zero: good for each message whose hash fits the order.
        let mut signature = Signature([0; 64]);
        signature.0[0] = 1;
        let forged = ed25519_dalek::Signature::from_bytes(&signature.0);
        let fooled = (0..=255_u8).filter(|byte| {
            let taken = careless.verify(&LABEL.followed_by(&[*byte]), &forged).is_ok();
            assert_eq!(IdentityKey(weak).verify(LABEL, &[*byte], &signature), Err(SignatureError));
            taken
        });
        assert!(fooled.count() > 0, "{text} fools a careless verifier");
    }
}

#[test]
fn attack_2_a_signature_has_one_form() {
    let (key, mut signature) = signed(b"hello");
    let mut carry = 0;
    for (byte, order) in signature.0[32..].iter_mut().zip(hex(ORDER)) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(key.verify(LABEL, b"hello", &signature), Err(SignatureError));
}
