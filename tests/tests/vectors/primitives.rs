//! The primitives that the public interface shows.

use msg_crypto::{
    agreement::AgreementSecret,
    identity::IdentitySecret,
    kem::{Kem as _, KemCiphertext, KemSecret, MlKem768},
};
use msg_protocol::{
    card::Card,
    hash::{LABEL_PREFIX, Label, hash},
    key::{AgreementKey, IdentityKey, KemKey, Signature, SignatureError, VerifyingKey as _},
    signed::Signable as _,
};

use crate::case::{Fields, each_case};

#[test]
fn labels_and_hashes_are_as_the_vectors_say() {
    each_case("kdf", |kind, case| {
        if kind == "H" {
            let fields = case.inputs().value("fields").as_array().unwrap();
            let decode = |hex: &serde_json::Value| {
                data_encoding::HEXLOWER.decode(hex.as_str().unwrap().as_bytes()).unwrap()
            };
            let fields: Vec<Vec<u8>> = fields.iter().map(decode).collect();
            let rest: Vec<&[u8]> = fields.iter().skip(1).map(Vec::as_slice).collect();
            let label = String::from_utf8(fields[0].clone()).unwrap();
            let label = Label::new(label.leak().strip_prefix(LABEL_PREFIX).unwrap());
            case.outputs().expect("hash", &hash(label, &rest));
        }
    });
}

#[test]
fn primitives_are_as_the_vectors_say() {
    each_case("primitives", |kind, case| {
        let inputs = case.inputs();
        match kind {
            "X25519" => agreement(case),
            "key pair" => {
                let key = KemSecret::from_seed(inputs.secret("seed"));
                case.outputs().expect("ek", key.public().as_bytes());
            }
            "Encaps" => {
                let key = KemKey::new(inputs.array("ek"));
                let made = MlKem768::encapsulate(&key, &inputs.secret("m"));
                assert_eq!(made.is_err(), case.is_refused());
                if let Ok((ct, shared)) = made {
                    case.outputs().expect("ct", ct.as_bytes());
                    case.outputs().expect("shared", shared.expose());
                }
            }
            "Decaps" => {
                let key = KemSecret::from_seed(inputs.secret("seed"));
                let shared = key.decapsulate(&KemCiphertext::new(inputs.array("ct")));
                case.outputs().expect("shared", shared.expose());
            }
            "Sign" => {
                let key = IdentitySecret::from_seed(&inputs.secret("seed"));
                case.outputs().expect("public", key.public().as_bytes());
                let signature = Signature(case.outputs().array("signature"));
                verify(&key.public(), &inputs.bytes("message"), &signature).unwrap();
            }
            "Verify" => {
                assert!(case.is_refused());
                let public = IdentityKey(inputs.array("public"));
                let signature = Signature(inputs.array("signature"));
                verify(&public, &inputs.bytes("message"), &signature).unwrap_err();
            }
            "AEAD" | "XAEAD" | "open AEAD" | "open XAEAD" => {} // no part of the public interface
            unknown => panic!("unknown kind {unknown}"),
        }
    });
}

fn agreement(case: Fields<'_>) {
    let ours = AgreementSecret::from_bytes(&case.inputs().secret("private"));
    let shared = ours.agree(&AgreementKey(case.inputs().array("peer")));
    assert_eq!(shared.is_err(), case.is_refused());
    if let Ok(shared) = shared {
        case.outputs().expect("public", ours.public().as_bytes());
        case.outputs().expect("shared", shared.expose());
    }
}

/// Checks a signature over a message that begins with the label of cards.
fn verify(key: &IdentityKey, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    let text = message.strip_prefix(Card::LABEL.bytes().as_slice()).unwrap();
    key.verify(Card::LABEL, text, signature)
}
